"""The machine: given a cursor and what its stage said, the next cursor. No clock, no call, no memory of its own.

    forward ──Fail──▶ back ──────▶ ended: rolled back
       │ └──Superseded──▶ yielding ──▶ ended: superseded
       └──────────────────────────▶ ended: succeeded

Halt and Pause leave it where it is, with an outcome that says so. Going back is never given up for good: past its
deadline the outcome is ``rollback failed``, and whoever takes the cursor up again goes on going back.
"""

from __future__ import annotations

import dataclasses as dc
import itertools
from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.rollout.stages.base import RELEASE, Stage
from orchestrator.rollout.stages.capacity import Arm, Follow, Retire, Tidy
from orchestrator.rollout.stages.traffic import Approve, Bake, Hold, Shift
from orchestrator.rollout.stages.verdicts import Done, Fail, Halt, Pause, Superseded, Verdict, Wait
from orchestrator.rollout.state import Cursor, Outcome, Phase

BACK_WITHIN = 1800.0
REFUSED_FOR = 180.0
"""Seconds for which a missing permission is tried again on the way back: IAM takes up to two minutes, not more."""
_JOURNAL = 500
_FROZEN = "frozen: "
_REFUSED = "refused"
_CLEARING = frozenset({Retire.name, Arm.name, Tidy.name})
_AFTERWARDS = frozenset({Follow.name, Hold.name}) | _CLEARING

_ENDS = {
    Phase.FORWARD: Outcome.SUCCEEDED,
    Phase.BACK: Outcome.ROLLED_BACK,
    Phase.YIELDING: Outcome.SUPERSEDED,
}


def advance(cursor: Cursor, verdict: Verdict, now: float) -> Cursor:
    """The cursor after its stage's verdict; the very same one when there is nothing to change."""
    match verdict:
        case Done(note):
            return _next(note_down(cursor, now, note), now)
        case Wait(why):
            return _waited(cursor, why, now)
        case Fail():
            return _failed(cursor, verdict, now)
        case Superseded(why):
            return _turn(cursor, Phase.YIELDING, why, {}, now)
        case Halt(why):
            return dc.replace(note_down(cursor, now, why), outcome=Outcome.STOPPED, why=why)
        case Pause(why):
            return dc.replace(cursor, outcome=Outcome.PAUSED, why=why)


def turn_back(cursor: Cursor, why: str, now: float) -> Cursor:
    """Go back because somebody said so."""
    return _turn(cursor, Phase.BACK, why, {}, now) if cursor.phase is Phase.FORWARD else cursor


def give_way(cursor: Cursor, why: str, now: float) -> Cursor:
    """Make room for a newer release: forward when only the clearing up is left, else back."""
    if cursor.phase is not Phase.FORWARD:
        return cursor
    if proved(cursor):
        return hurry(note_down(cursor, now, why), now)
    return dc.replace(_turn(cursor, Phase.BACK, why, {}, now), ending=Outcome.SUPERSEDED)


def proved(cursor: Cursor) -> bool:
    """Whether the new side has all the traffic, has been watched with it, and only the clearing up is left."""
    return cursor.phase is Phase.FORWARD and all(s.name in _AFTERWARDS for s in cursor.forward[cursor.at :])


def watches(stage: Stage) -> bool:
    """Whether a stage does nothing but watch for a time, so that leaving it out changes nothing on AWS."""
    return isinstance(stage, Bake)


def skip(cursor: Cursor, now: float) -> Cursor:
    """Leave out the rest of the present stage."""
    return _next(cursor, now)


def hurry(cursor: Cursor, now: float) -> Cursor:
    """Leave out all that only watches, every approval, and every step on the way to all the traffic."""
    left = cursor.forward[cursor.at :]
    kept = tuple(s for s in left if not watches(s) and s.name != Approve.name and not _partial(s))
    hurried = dc.replace(cursor, forward=(*cursor.forward[: cursor.at], *kept))
    if kept and kept[0] is left[0]:
        return hurried
    further = dc.replace(hurried, since=now, waited=_waited_for_people(cursor, now))
    return further if kept else _end(further, now)


def _partial(stage: Stage) -> bool:
    return isinstance(stage, Shift) and 0 < stage.percent < 100


def resume(cursor: Cursor, now: float) -> Cursor:
    """Taken up again by whoever works on it now. The time in which nobody did is held against no deadline."""
    if cursor.phase is Phase.ENDED:
        return cursor
    if cursor.phase is Phase.FORWARD:  # whatever kept it waiting is asked about anew
        waited = cursor.waited + (now - max(cursor.driven, cursor.since) if frozen(cursor) else 0.0)
        return dc.replace(_excused(cursor, now), outcome=None, why="", evidence={}, waited=waited)
    if cursor.outcome is Outcome.ROLLBACK_FAILED:
        cursor = note_down(cursor, now, "taken up again")
    return dc.replace(cursor, outcome=None)


def _excused(cursor: Cursor, now: float) -> Cursor:
    stage, left = cursor.stage, now - max(cursor.driven, cursor.since)
    if stage and stage.hurried:
        return dc.replace(cursor, since=cursor.since + left, deadline=cursor.deadline + left)
    if stage and watches(stage):  # what baked by itself has baked
        return dc.replace(cursor, deadline=cursor.deadline + left)
    return cursor


def frozen(cursor: Cursor) -> bool:
    """Whether it has failed and waits for a person, rather than go back by itself."""
    return cursor.outcome is Outcome.STOPPED and cursor.why.startswith(_FROZEN)


def bereft(cursor: Cursor, there: Collection[str]) -> bool:
    """Whether none of the colours that it has to do with is there any more."""
    facts = cursor.facts
    needed = {facts.old} if facts.old else set()
    if facts.attempt(RELEASE).id:
        needed.add(facts.new)
    return bool(needed) and not needed & set(there)


def void(cursor: Cursor, why: str, now: float) -> Cursor:
    """Ended without having arrived anywhere."""
    return dc.replace(cursor, phase=Phase.ENDED, outcome=Outcome.STOPPED, why=why, ended=now)


def note_down(cursor: Cursor, now: float, note: str, **more: str) -> Cursor:
    """Write into the record what happened at this stage, with the new side's share as it is now."""
    stage = cursor.stage.name if cursor.stage else ""
    entry: Mapping[str, Any] = {
        "at": now,
        "phase": cursor.phase.value,
        "stage": stage,
        "percent": cursor.facts.percent,
        "note": note,
        **more,
    }
    return dc.replace(cursor, journal=(*cursor.journal, entry)[-_JOURNAL:])


def _next(cursor: Cursor, now: float) -> Cursor:
    left = dc.replace(cursor, waited=_waited_for_people(cursor, now))
    if cursor.at + 1 < len(cursor.walking):
        return dc.replace(left, at=cursor.at + 1, since=now)
    return _end(left, now)


def _end(cursor: Cursor, now: float) -> Cursor:
    return dc.replace(cursor, phase=Phase.ENDED, outcome=cursor.ending or _ENDS[cursor.phase], ended=now)


def _waited(cursor: Cursor, why: str, now: float) -> Cursor:
    stage = cursor.stage
    if cursor.phase is Phase.FORWARD and stage and stage.hurried and now >= cursor.deadline:
        return _failed(cursor, Fail(f"the rollout's deadline has passed: {why}"), now)
    return cursor


def _failed(cursor: Cursor, failure: Fail, now: float) -> Cursor:
    why = failure.why
    if cursor.phase is Phase.FORWARD and cursor.stage and cursor.stage.name in _CLEARING:
        return _next(note_down(cursor, now, why), now)  # it has succeeded; what is left over is put right by an apply
    if cursor.phase is Phase.FORWARD and cursor.freeze:
        noted = note_down(cursor, now, why)
        return dc.replace(noted, outcome=Outcome.STOPPED, why=f"{_FROZEN}{why}", evidence=failure.evidence)
    if cursor.phase is Phase.FORWARD:
        return _turn(cursor, Phase.BACK, why, failure.evidence, now)
    marks = {_REFUSED: "yes"} if failure.refused else {}
    again = dc.replace(note_down(cursor, now, why, **marks), since=now)
    if now - cursor.turned < BACK_WITHIN and now - _refused_since(again, now) < REFUSED_FOR:
        return again
    return dc.replace(again, outcome=Outcome.ROLLBACK_FAILED, why=f"{cursor.why}; {why}")


def _refused_since(cursor: Cursor, now: float) -> float:
    """When the refusals began that it has met one after another up to now."""
    last = itertools.takewhile(lambda entry: entry.get(_REFUSED), reversed(cursor.journal))
    return min((entry["at"] for entry in last), default=now)


def _turn(cursor: Cursor, phase: Phase, why: str, evidence: Mapping[str, Any], now: float) -> Cursor:
    noted = dc.replace(note_down(cursor, now, why), waited=_waited_for_people(cursor, now))
    turned = dc.replace(noted, phase=phase, at=0, since=now, turned=now, why=why, evidence=evidence)
    return turned if turned.walking else _end(turned, now)


def _waited_for_people(cursor: Cursor, now: float) -> float:
    """Seconds for which it has waited for people, if it leaves its stage now."""
    asks = cursor.phase is Phase.FORWARD and cursor.stage is not None and cursor.stage.name == Approve.name
    return cursor.waited + (now - cursor.since if asks else 0.0)
