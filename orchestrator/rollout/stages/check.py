"""Gates on their own: before anything is started, or on the new side while only tests reach it."""

from __future__ import annotations

import dataclasses as dc
from typing import ClassVar

from orchestrator.rollout.gates.base import Gate
from orchestrator.rollout.stages.base import Look, World
from orchestrator.rollout.stages.judging import judge, soonest, untold
from orchestrator.rollout.stages.traffic import trouble
from orchestrator.rollout.stages.verdicts import Done, Fail, Verdict, Wait

_TOLD_WITHIN = 300.0
_TOLD_AT_FIRST_WITHIN = 30.0
"""Seconds after which a first release goes on past gates that nothing can be told about: nobody is served meanwhile."""


@dc.dataclass(frozen=True)
class Check:
    """What has to be right before a task of the release starts: its scan, its migration, no alarm ringing."""

    name: ClassVar[str] = "check"
    look: ClassVar[Look] = Look.LOOSELY
    hurried: ClassVar[bool] = True
    gates: tuple[Gate, ...]
    deadline: float = 900.0

    def tick(self, world: World, age: float) -> Verdict:
        if not world.facts.task_definition:  # what a job runs
            world.remember(task_definition=world.fleet.register())
        return _judged(world, self.gates, age, self.deadline)


@dc.dataclass(frozen=True)
class Test:
    """The new side under test traffic: the test rule sends it what asks for it, and nobody else is sent there."""

    name: ClassVar[str] = "test"
    look: ClassVar[Look] = Look.GLANCE
    hurried: ClassVar[bool] = True
    gates: tuple[Gate, ...]
    deadline: float = 600.0

    def tick(self, world: World, age: float) -> Verdict:
        if problem := trouble(world):
            return problem
        if world.router and not world.router.tests(world.facts.new):
            world.router.send_tests(world.facts.new)
            return Wait("the test rule is read back")
        verdict = _judged(world, self.gates, age, self.deadline)
        if (
            world.router and world.facts.first and isinstance(verdict, Done)
        ):  # no old side is retired, so nobody else does
            world.router.spare(world.facts.new)
        return verdict


def _judged(world: World, gates: tuple[Gate, ...], age: float, deadline: float) -> Verdict:
    missing = judge(world, gates)
    if isinstance(missing, Fail):
        return missing
    if not missing:
        return Done("passed: " + ", ".join(gate.title for gate in gates) if gates else "")
    blind = untold(world, gates)
    if blind and world.facts.first and age >= _TOLD_AT_FIRST_WITHIN:
        return Done(f"nothing can be told, and there is nothing to go back to: {'; '.join(missing)}")
    limit = min(deadline, _TOLD_WITHIN) if blind else deadline
    if age >= limit:
        return Fail(f"no verdict within {limit:g} s: {'; '.join(missing)}", {"gates": list(missing)})
    return Wait("; ".join(missing), min(5.0, soonest(gates)))
