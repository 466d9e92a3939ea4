"""Gates inside a stage: asked when they are due, counted, and told apart in passed, failed and undecided."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Sequence

from orchestrator.rollout.gates.base import Gate, Judgement, Reading
from orchestrator.rollout.stages.base import Tally, World
from orchestrator.rollout.stages.verdicts import Fail


def judge(world: World, gates: Sequence[Gate]) -> Fail | tuple[str, ...]:
    """Ask every gate that is due. A failure, or what is still missing until all have passed."""
    missing = []
    for gate in gates:
        tally = _asked(world, gate)
        if failure := _failed(gate, tally):
            return failure
        if tally.passes < gate.limits.samples:
            seen = f"{tally.passes} of {gate.limits.samples} good samples"
            missing.append(f"{gate.title}: {tally.words or 'not asked yet'} ({seen})")
    return tuple(missing)


def untold(world: World, gates: Sequence[Gate]) -> bool:
    """Whether nothing can be told about any gate that has not passed: it was asked, and the answer says nothing."""
    tallies = [(gate, world.facts.tallies.get(_place(world, gate), Tally())) for gate in gates]
    return all(tally.last == Judgement.INCONCLUSIVE for gate, tally in tallies if tally.passes < gate.limits.samples)


def soonest(gates: Sequence[Gate]) -> float:
    """The shortest interval at which one of them wants to be asked."""
    return min((gate.limits.every for gate in gates), default=float("inf"))


def _asked(world: World, gate: Gate) -> Tally:
    """The gate's count, after asking it if its time has come. It belongs to this stage of this rollout."""
    place = _place(world, gate)
    tally = world.facts.tallies.get(place, Tally())
    if tally.asked and world.now - tally.at < gate.limits.every:
        return tally
    if tally.passes >= gate.limits.samples and gate.limits.once:
        return tally
    tally = _counted(tally, world.judge(gate, tally.memo), world.now)
    world.remember(tallies={**world.facts.tallies, place: tally})
    return tally


def _place(world: World, gate: Gate) -> str:
    return f"{world.place} {gate.title}"


def _counted(tally: Tally, reading: Reading, now: float) -> Tally:
    errors = tally.errors + 1 if reading.judgement is Judgement.ERROR else 0
    return dc.replace(
        tally,
        asked=tally.asked + 1,
        passes=tally.passes + (reading.judgement is Judgement.PASS),
        failures=tally.failures + (reading.judgement is Judgement.FAIL),
        errors=errors,
        at=now,
        memo=reading.memo,
        words=reading.words,
        last=reading.judgement.value,
    )


def _failed(gate: Gate, tally: Tally) -> Fail | None:
    if tally.failures > gate.limits.failures:
        return Fail(f"{gate.title}: {tally.words}", {"gates": [f"{gate.title}: {tally.words}"]})
    if tally.errors > gate.limits.errors:
        return Fail(f"{gate.title} cannot be judged: {tally.words}", {"gates": [f"{gate.title}: {tally.words}"]})
    return None
