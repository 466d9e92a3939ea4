"""Rollouts as one looks at them: stages, weights over time, gates and what they measured, JSON-ready.

Told from the store alone, so it tells of rollouts that any process drives, and looking costs AWS nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from orchestrator.app import steering
from orchestrator.app.system import System
from orchestrator.core.store import Store
from orchestrator.rollout import history, machine, orders
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.gates.base import Gate
from orchestrator.rollout.stages.base import Facts, Stage, Tally
from orchestrator.rollout.state import Cursor, Outcome, Phase

_ID = re.compile(r"\w[\w-]{0,99}", re.ASCII)
NOBODY_AFTER = 150.0
"""Seconds without a sign of life after which nobody is at work on a rollout; a driver leaves one every minute."""


def rollouts(system: System) -> dict[str, dict[str, Any]]:
    """Every unfinished rollout of a stack, by service."""
    left = unfinished(system.store, system.stack)
    return {name: rollout(system.store, cursor, system.clock.now()) for name, cursor in sorted(left.items())}


def rollout(store: Store, cursor: Cursor, now: float) -> dict[str, Any]:
    """One rollout as it stands."""
    order = orders.waiting(store, cursor)
    kept = ("id", "service", "strategy", "by", "started", "deadline", "since", "driven", "joint", "why")
    return {
        **{name: getattr(cursor, name) for name in kept},
        "release": dict(cursor.release),
        "phase": cursor.phase.value,
        "outcome": cursor.outcome.value if cursor.outcome else None,
        "stage": cursor.stage.name if cursor.stage else "",
        "percent": cursor.facts.percent,
        "old": cursor.facts.old,
        "new": cursor.facts.new,
        "frozen": machine.frozen(cursor),
        "asks": machine.frozen(cursor) or cursor.outcome is Outcome.PAUSED,
        "driven_now": cursor.outcome is None and now - cursor.driven < NOBODY_AFTER,
        "order": str(order) if order else "",
        "stages": list(_stages(cursor)),
        "weights": [list(point) for point in history.weights(cursor)],
        "gates": list(_gates(cursor)),
        "evidence": dict(cursor.evidence),
        "journal": [dict(entry) for entry in cursor.journal],
    }


def records(system: System, service: str | None, count: int) -> list[dict[str, Any]]:
    """The newest records of a stack's history, or of one service's."""
    return [dict(record) for record in islice(steering.records(system, service), count)]


def record(system: System, service: str, rollout: str) -> dict[str, Any] | None:
    """One record of the history; None when there is none."""
    if not _ID.fullmatch(rollout):
        return None
    stored = system.store.load(f"{system.stack}/history/{service}/{rollout}")
    return dict(stored.value) if stored else None


# -- stages ----------------------------------------------------------------------------------------------------------


def _stages(cursor: Cursor) -> Iterator[dict[str, Any]]:
    """The way forward and, once it goes back, the way back; each stage done, at work, failed, ahead or left out."""
    forward = cursor.phase is Phase.FORWARD
    reached = cursor.at if forward else _reached(cursor)
    for at, stage in enumerate(cursor.forward):
        later, here = ("ahead", "now") if forward else ("left out", "failed")
        yield _stage(stage, Phase.FORWARD, "done" if at < reached else here if at == reached else later, cursor)
    if not forward:
        for at, stage in enumerate(cursor.walking):
            state = "done" if at < cursor.at else "now" if at == cursor.at else "ahead"
            yield _stage(stage, cursor.phase, state, cursor)


def _stage(stage: Stage, phase: Phase, state: str, cursor: Cursor) -> dict[str, Any]:
    limit = getattr(stage, "deadline", None)
    seconds = getattr(stage, "seconds", None)
    lasts = limit if seconds is None else seconds
    return {
        "name": stage.name,
        "phase": phase.value,
        "state": state,
        "percent": getattr(stage, "percent", None),
        "seconds": seconds,
        "deadline": limit,
        "since": cursor.since if state == "now" else None,
        "until": cursor.since + lasts if state == "now" and lasts is not None else None,
    }


def _reached(cursor: Cursor) -> int:
    """How far the way forward went before it turned: by the stages that the journal names, in their order."""
    at = 0
    for entry in cursor.journal:
        if entry["phase"] == Phase.FORWARD:
            later = (n for n, stage in enumerate(cursor.forward) if n >= at and stage.name == entry["stage"])
            at = next(later, at)
    return at


# -- gates -----------------------------------------------------------------------------------------------------------


def _gates(cursor: Cursor) -> Iterator[dict[str, Any]]:
    """Each gate once: its newest count, and every answer that it has given."""
    asked: dict[str, tuple[Gate, list[str], Tally]] = {}
    for place, stage, gate in _asked(cursor):
        tally = _tally(cursor.facts, place, gate)
        _, stages, known = asked.get(gate.title, (gate, [], Tally()))
        newest = tally if tally.asked and tally.at >= known.at else known
        asked[gate.title] = (gate, [*stages, stage], newest)
    for title, (gate, stages, tally) in asked.items():
        yield _gate(title, gate, stages, tally, cursor)


def _gate(title: str, gate: Gate, stages: list[str], tally: Tally, cursor: Cursor) -> dict[str, Any]:
    answers = [entry for entry in cursor.journal if entry.get("gate") == title]
    return {
        "title": title,
        "stages": list(dict.fromkeys(stages)),
        "verdict": tally.last or "not asked yet",
        "words": tally.words,
        "passes": tally.passes,
        "samples": gate.limits.samples,
        "failures": tally.failures,
        "forgiven": gate.limits.failures,
        "errors": tally.errors,
        "every": gate.limits.every,
        "answers": [{"at": a["at"], "judgement": a["judgement"], "words": a["note"]} for a in answers],
    }


def _asked(cursor: Cursor) -> Iterator[tuple[str, str, Gate]]:
    for phase, stages in ((Phase.FORWARD, cursor.forward), (Phase.BACK, cursor.back)):
        for at, stage in enumerate(stages):
            for gate in getattr(stage, "gates", ()):
                yield f"{phase.value} {at}", stage.name, gate


def _tally(facts: Facts, place: str, gate: Gate) -> Tally:
    return facts.tallies.get(f"{place} {gate.title}", Tally())


def said(told: Mapping[str, Any]) -> str:
    """How far a rollout is, in a few words."""
    image = str(told["release"].get("image", "")).partition("@")[0] or "its traffic"
    if told["outcome"] not in (None, Outcome.TIMED_OUT):  # that one only says that a turn of it is over
        return f"{image} {told['outcome']}: {told['why']}" if told["why"] else f"{image} {told['outcome']}"
    way = "" if told["phase"] == Phase.FORWARD else "going back, "
    return f"{image}: {way}{told['stage']} at {told['percent']:g} %"
