"""What there is to see of every stack: a read model for a page, for metrics and for tests. Nothing decides by it."""

from __future__ import annotations

import dataclasses as dc
import enum
import threading
from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.app.keeping import Difference
from orchestrator.app.leftovers import Standing


class State(enum.StrEnum):
    """A stack in a word, the gravest first."""

    BROKEN = "plan file broken"
    FAILED = "failed"
    PAUSED = "paused"
    ROLLING_OUT = "rolling out"
    WAITING = "waiting for a person"
    DRIFTED = "drifted"
    IN_SYNC = "in sync"
    OFF = "off"
    UNKNOWN = "not looked at yet"


@dc.dataclass(frozen=True, kw_only=True)
class StackView:
    """A stack as it was seen last, JSON-ready but for its tuples."""

    key: str
    stack: str = ""
    region: str = ""
    mode: str = ""
    interval: float = 0.0
    fault: str = ""
    """What is wrong with the plan file; the last good one is reported on."""
    trouble: str = ""
    """Why the last tick could not do what it was to do."""
    paused: str = ""
    held: str = ""
    """Who else was at it when we wanted to be."""
    stuck: str = ""
    """Who has held the lock for too long, or has left it behind."""
    rollouts: Mapping[str, str] = dc.field(default_factory=dict)
    """How far each unfinished rollout is, by service."""
    standings: Mapping[str, Standing] = dc.field(default_factory=dict)
    """The present or last rollout of each service; while this daemon drives one, as its events tell it."""
    sights: Mapping[str, Mapping[str, Any]] = dc.field(default_factory=dict)
    """What this daemon saw of each rollout that it drove: tasks by colour, and AWS's newest words."""
    going: Mapping[str, str] = dc.field(default_factory=dict)
    """The release that each rollout is about which this daemon has told of."""
    failing: Mapping[str, str] = dc.field(default_factory=dict)
    """Why a step failed when it was tried last, by what it is about."""
    moving: tuple[str, ...] = ()
    """The services of which a rollout goes on by itself; others wait for a person."""
    differences: tuple[Difference, ...] = ()
    reported: str = ""
    """The mark of the differences that were kept last as a report."""
    leased: float | None = None
    """Since when this daemon holds the stack; None while it does not."""
    looked: float | None = None
    """When it was last compared with AWS."""
    due: float | None = None
    """When it is looked at next; None while it is worked on."""
    ticks: int = 0
    failures: int = 0
    """How many ticks in a row have failed."""

    @property
    def state(self) -> State:
        """The gravest of all that can be said of it."""
        said = {
            State.BROKEN: bool(self.fault),
            State.FAILED: bool(self.trouble),
            State.OFF: self.mode == "off",
            State.PAUSED: bool(self.paused),
            State.ROLLING_OUT: bool(self.moving),
            State.WAITING: bool(self.rollouts),
            State.UNKNOWN: self.looked is None,
            State.DRIFTED: bool(self.differences),
        }
        return next((state for state, true in said.items() if true), State.IN_SYNC)

    def as_json(self) -> dict[str, Any]:
        """All of it for programs."""
        return {**dc.asdict(self), "state": self.state.value}


class Views:
    """The views of all stacks, written by ticks and read by whoever wants to know."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[str, StackView] = {}

    def all(self) -> tuple[StackView, ...]:
        """Every stack, by its key."""
        with self._lock:
            return tuple(self._views[key] for key in sorted(self._views))

    def view(self, key: str) -> StackView:
        """One stack; one of which nothing is known yet is seen so."""
        with self._lock:
            return self._views.get(key, StackView(key=key))

    def update(self, key: str, **changes: Any) -> StackView:
        """See a stack differently; the view before that."""
        with self._lock:
            before = self._views.get(key, StackView(key=key))
            self._views[key] = dc.replace(before, **changes)
            return before

    def keep(self, keys: Collection[str]) -> None:
        """Forget all others."""
        with self._lock:
            self._views = {key: view for key, view in self._views.items() if key in keys}
