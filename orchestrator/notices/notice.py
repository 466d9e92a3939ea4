"""One thing that people are to be told, and the mark by which it is told once."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import TypeAlias

from orchestrator.plan.model.notifications import EventName, Severity

SEVERITIES: Mapping[EventName, Severity] = {
    "rollout-started": "info",
    "rollout-waiting": "warning",
    "rollout-succeeded": "info",
    "rollout-rolled-back": "warning",
    "rollout-rollback-failed": "error",
    "rollout-failed": "error",
    "apply-failed": "error",
    "drift-found": "warning",
    "drift-left-alone": "warning",
    "drift-healed": "warning",
    "stack-broken": "error",
    "stack-recovered": "error",
    "lock-stuck": "warning",
}
"""Error: somebody has to put it right. Warning: somebody should look. What was rolled back serves as it did before.

That something is over is as grave as what it ends: whoever was told of the one is told of the other.
"""
GOOD: frozenset[EventName] = frozenset({"rollout-succeeded", "drift-healed", "stack-recovered"})


@dc.dataclass(frozen=True, kw_only=True)
class Once:
    """A word said once about one thing: a rollout, a holder of the lock. Another thing of the topic begins anew."""

    topic: str
    about: str
    word: str


@dc.dataclass(frozen=True, kw_only=True)
class Lasting:
    """What is the case now. What was not before is told, and, once nothing is any more, what was."""

    topic: str
    now: frozenset[str]
    told_when_over: bool = True
    growing: bool = False
    """Whether what was told stays told until nothing is the case any more."""


Mark: TypeAlias = Once | Lasting


@dc.dataclass(frozen=True, kw_only=True)
class Notice:
    """What happened, why, what was done about it, and what to run next. All of it is text from anywhere, unescaped."""

    name: EventName
    stack: str
    headline: str
    service: str = ""
    why: tuple[str, ...] = ()
    done: str = ""
    next: tuple[str, ...] = ()
    thread: str = ""
    """The same for all that belongs together."""
    mark: Mark | None = None
    """None: told each time."""
    listed: bool = False
    """Whether the reasons are those that the mark has as news."""
    shared: str = ""
    """What many stacks run into at once, such as an account; a channel is told of it by the first of them."""

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return SEVERITIES[self.name]

    @property
    def subject(self) -> str:
        """What it is about: ``forum posts``."""
        return f"{self.stack} {self.service}".strip()
