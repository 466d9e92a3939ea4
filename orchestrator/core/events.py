"""What happens during long work, as values: the engines emit them, the edges show them.

Every event knows the ``subject`` it is about (an address, a service) and reads well as one line.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class State(enum.StrEnum):
    """Where a subject stands."""

    STARTED = "started"
    WAITING = "waiting"
    RETRYING = "retrying"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    NOTE = "note"


STEPS = frozenset({"create", "adopt", "update", "replace", "delete", "keep"})
"""The actions of events about a step of an apply: what is done with one resource."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened. ``action`` is a verb (create, roll out, ...); ``details`` is JSON-ready."""

    at: float
    subject: str
    action: str
    state: State
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class Sink(Protocol):
    """Somebody who wants to know. Called from several threads; must not raise and must not block for long."""

    def __call__(self, event: Event) -> None:
        """Take notice."""
        ...


def silent(event: Event) -> None:
    """A sink for nobody."""


def each_of(*listeners: Callable[[T], None]) -> Callable[[T], None]:
    """One sink for several, told in this order."""

    def tell(told: T) -> None:
        for listener in listeners:
            listener(told)

    return tell
