"""The cursor: all that a rollout remembers, and the form in which it survives the process that drives it."""

from __future__ import annotations

import dataclasses as dc
import enum
from collections.abc import Mapping
from typing import Any

from orchestrator.rollout import stages
from orchestrator.rollout.stages.base import Attempt, Facts, Stage, Tally


class Outcome(enum.StrEnum):
    """How a rollout stands when nobody is working on it, each with the exit code that says so."""

    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"
    SUPERSEDED = "superseded"
    PAUSED = "paused for approval"
    TIMED_OUT = "timed out, still in progress"
    STOPPED = "stopped"
    REFUSED = "refused"

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends with it."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Outcome.SUCCEEDED: 0,
    Outcome.ROLLED_BACK: 10,
    Outcome.ROLLBACK_FAILED: 11,
    Outcome.SUPERSEDED: 12,
    Outcome.PAUSED: 13,
    Outcome.TIMED_OUT: 14,
    Outcome.REFUSED: 16,
    Outcome.STOPPED: 17,
}


class Phase(enum.StrEnum):
    """Which list of stages is being walked."""

    FORWARD = "forward"
    BACK = "back"
    YIELDING = "yielding"
    ENDED = "ended"


@dc.dataclass(frozen=True, kw_only=True)
class Cursor:
    """One rollout of one service. Saved after each transition; nothing else is needed to go on."""

    id: str
    stack: str
    service: str
    strategy: str
    release: Mapping[str, str]
    """Hash, image and plan image of what is rolled out."""
    by: str
    started: float
    deadline: float
    """The instant by which the stages that hurry have to be through."""
    facts: Facts
    forward: tuple[Stage, ...]
    back: tuple[Stage, ...]
    yielding: tuple[Stage, ...]
    phase: Phase = Phase.FORWARD
    at: int = 0
    since: float = 0.0
    driven: float = 0.0
    """When somebody last worked on it, to within a minute; 0 for never yet."""
    turned: float = 0.0
    """When it began to go back."""
    outcome: Outcome | None = None
    """How it ended, or why nobody is working on it; None while somebody is."""
    ending: Outcome | None = None
    """The outcome it is to end with, where that is not told by the phase."""
    joint: str = ""
    """The joint release that it belongs to; empty for none."""
    freeze: bool = False
    """Whether a failure stops it where it is, for a person to decide."""
    ordered: float = 0.0
    """When the last order was given that has been carried out."""
    why: str = ""
    evidence: Mapping[str, Any] = dc.field(default_factory=dict)
    journal: tuple[Mapping[str, Any], ...] = ()
    ended: float = 0.0
    waited: float = 0.0
    """Seconds for which it has waited for people: for approvals, and while it was frozen."""

    @property
    def walking(self) -> tuple[Stage, ...]:
        """The stages of the present phase."""
        lists = {Phase.FORWARD: self.forward, Phase.BACK: self.back, Phase.YIELDING: self.yielding}
        return lists.get(self.phase, ())

    @property
    def stage(self) -> Stage | None:
        """The stage it stands at; None once ended."""
        return self.walking[self.at] if self.at < len(self.walking) else None

    @property
    def key(self) -> str:
        """Where it is kept."""
        return key(self.stack, self.service)


def key(stack: str, service: str) -> str:
    """Where a service's present or last rollout is kept."""
    return f"{stack}/rollouts/{service}"


def as_json(cursor: Cursor) -> dict[str, Any]:
    """The cursor as a store keeps it."""
    plain = {f.name: getattr(cursor, f.name) for f in dc.fields(cursor)}
    for phase in ("forward", "back", "yielding"):
        plain[phase] = [stages.as_json(s) for s in plain[phase]]
    return {**plain, "facts": dc.asdict(cursor.facts), "journal": [dict(j) for j in cursor.journal]}


def from_json(value: Mapping[str, Any]) -> Cursor:
    """A cursor from what a store kept of it."""
    facts = dict(value["facts"])
    facts["attempts"] = {target: Attempt(**attempt) for target, attempt in facts["attempts"].items()}
    facts["tallies"] = {place: Tally(**tally) for place, tally in facts["tallies"].items()}
    lists = {p: tuple(stages.from_json(s) for s in value[p]) for p in ("forward", "back", "yielding")}
    outcome, ending = value["outcome"], value["ending"]
    return Cursor(
        **{
            **value,
            **lists,
            "facts": Facts(**facts),
            "phase": Phase(value["phase"]),
            "outcome": Outcome(outcome) if outcome else None,
            "ending": Outcome(ending) if ending else None,
            "journal": tuple(value["journal"]),
        }
    )
