"""What those who watch a rollout are told: stages, weights, tasks, the newest reasons, and what a wait is made of."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.core.clock import Clock
from orchestrator.core.events import Event, Sink, State
from orchestrator.rollout.state import Cursor, Outcome, Phase

if TYPE_CHECKING:
    from orchestrator.rollout.run import Run

_HEARTBEAT = 30.0
_SECONDS = re.compile(r"\d+ s left")
_STATES = {
    Outcome.SUCCEEDED: State.DONE,
    Outcome.PAUSED: State.WAITING,
    Outcome.TIMED_OUT: State.WAITING,
    Outcome.STOPPED: State.BLOCKED,
}


class Progress:
    """Turns ticks into events: one on each change, and one every half minute when nothing changes."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._last: dict[str, tuple[Any, float]] = {}

    def started(self, run: Run) -> None:
        """A rollout begins, or goes on."""
        self._tell(run, State.STARTED, f"{run.cursor.strategy}: {release_of(run)}")

    def ticked(self, run: Run) -> None:
        """A round has passed."""
        cursor = run.cursor
        what = (cursor.phase, cursor.at, _SECONDS.sub("", run.said), tasks(run), cursor.facts.percent)
        known, at = self._last.get(cursor.service, (None, 0.0))
        if what == known and self._clock.now() - at < _HEARTBEAT:
            return
        self._last[cursor.service] = (what, self._clock.now())
        if cursor.stage is not None:
            back = "" if cursor.phase is Phase.FORWARD else f"{cursor.phase.value}: "
            self._tell(run, State.WAITING, f"{back}{run.said}{dominating(run)}")

    def ended(self, run: Run) -> None:
        """It has an outcome."""
        outcome = run.cursor.outcome or Outcome.STOPPED
        why = f": {run.cursor.why}" if run.cursor.why else ""
        self._tell(run, _STATES.get(outcome, State.FAILED), f"{outcome.value}{why}")

    def _tell(self, run: Run, state: State, message: str) -> None:
        self._sink(
            Event(
                at=self._clock.now(),
                subject=run.cursor.service,
                action="roll out",
                state=state,
                message=message,
                details=details(run),
            )
        )


def release_of(run: Run) -> str:
    """What goes where: ``v1 → v2``."""
    before, after = run.cursor.release["image_before"], run.cursor.release["image"]
    short = [text.partition("@")[0] or text for text in (before, after) if text]
    return " → ".join(dict.fromkeys(short)) or run.cursor.release["hash"]


def details(run: Run) -> Mapping[str, Any]:
    """Everything a live view shows, JSON-ready."""
    cursor = run.cursor
    return {
        **standing(cursor),
        "stages": [stage.name for stage in cursor.walking],
        "at": cursor.at,
        "tasks": tasks(run),
        "readings": readings(cursor),
        "release": dict(cursor.release),
        **(dict(cursor.evidence) or run.evidence()),
    }


def standing(cursor: Cursor) -> Mapping[str, Any]:
    """How far a rollout is, as its cursor tells it, JSON-ready."""
    return {
        "id": cursor.id,
        "strategy": cursor.strategy,
        "phase": cursor.phase.value,
        "stage": cursor.stage.name if cursor.stage else "",
        "old": cursor.facts.old,
        "new": cursor.facts.new,
        "percent": cursor.facts.percent,
        "outcome": cursor.outcome.value if cursor.outcome else None,
        "started": cursor.started,
        "ended": cursor.ended,
        "waited": cursor.waited,
    }


def readings(cursor: Cursor) -> list[Mapping[str, Any]]:
    """What each gate of each stage said last, in the order in which they were first asked."""
    last = {(entry["phase"], entry["stage"], entry["gate"]): entry for entry in cursor.journal if "gate" in entry}
    return [{key: entry[key] for key in ("gate", "stage", "judgement", "note", "at")} for entry in last.values()]


def tasks(run: Run) -> Mapping[str, Mapping[str, int]]:
    """Tasks by colour: wanted, running, and healthy where that was asked."""
    if run.sight is None:
        return {}
    return {
        colour: {"desired": side.desired, "running": side.running, "healthy": side.usable}
        for colour, side in run.sight.sides.items()
        if side.active
    }


def dominating(run: Run) -> str:
    """What a wait for targets is made of, when that is longer than anybody expects."""
    checks = run.spec.checks
    if checks is None or "targets healthy" not in run.said:
        return ""
    count, interval = checks
    return f"; a target needs {count} checks of {interval:g} s: {math.ceil(count * interval)} s"
