"""How a command ended, as a value that says what the exit code, the last lines and the next command are."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.reconcile.report import Report


class Outcome(enum.IntEnum):
    """The exit codes of everything that changes AWS."""

    SUCCEEDED = 0
    FAILED = 1
    ROLLED_BACK = 10
    ROLLBACK_FAILED = 11
    SUPERSEDED = 12
    PAUSED = 13
    TIMED_OUT = 14
    REFUSED = 16
    STOPPED = 17
    WAITING_FOR_IMAGES = 18

    @property
    def words(self) -> str:
        """The outcome as a person would say it."""
        return _WORDS.get(self, self.name.lower().replace("_", " "))


_WORDS = {
    Outcome.TIMED_OUT: "left in progress",
    Outcome.PAUSED: "paused for approval",
}

_WORST_FIRST = (
    Outcome.ROLLBACK_FAILED,
    Outcome.FAILED,
    Outcome.ROLLED_BACK,
    Outcome.REFUSED,
    Outcome.TIMED_OUT,
    Outcome.STOPPED,
    Outcome.SUPERSEDED,
    Outcome.PAUSED,
    Outcome.WAITING_FOR_IMAGES,
)


@dataclass(frozen=True, kw_only=True)
class GateEnding:
    """What a gate said last in one stage of a rollout: pass, fail, inconclusive or error, and what was measured."""

    stage: str
    gate: str
    judgement: str
    words: str


def gates_of(journal: Iterable[Mapping[str, Any]]) -> tuple[GateEnding, ...]:
    """The gates that a rollout's record tells of, in the order in which they were first asked."""
    found: dict[tuple[str, str], GateEnding] = {}
    for entry in journal:
        if "gate" in entry:
            stage, gate = str(entry["stage"]), str(entry["gate"])
            said = GateEnding(stage=stage, gate=gate, judgement=entry["judgement"], words=entry["note"])
            found[stage, gate] = said
    return tuple(found.values())


@dataclass(frozen=True, kw_only=True)
class ServiceEnding:
    """How one service's rollout ended. ``why`` is AWS's reason where it did not succeed."""

    service: str
    outcome: Outcome
    image: str = ""
    why: str = ""
    push: str = ""
    """The command that puts the missing image there, where that is what it waits for."""
    evidence: tuple[str, ...] = ()
    gates: tuple[GateEnding, ...] = ()
    hint: str = ""
    """What to do about it, where that is not the same for everything that fails."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """The end of an apply, a deploy or a destroy."""

    report: Report = field(default_factory=Report)
    services: tuple[ServiceEnding, ...] = ()
    kept: tuple[str, ...] = ()
    """What was left because it holds data."""
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """The worst of all that happened."""
        found = {s.outcome for s in self.services}
        if self.report.failed or any(r.blocked_by for r in self.report.results):
            found.add(Outcome.FAILED)
        elif self.report.stopped:
            found.add(Outcome.STOPPED)
        return next((o for o in _WORST_FIRST if o in found), Outcome.SUCCEEDED)
