"""Bring tasks of a release up and wait for them: our deployment by its id, and each of its tasks by address."""

from __future__ import annotations

import dataclasses as dc
from typing import ClassVar

from orchestrator.rollout import diagnosis
from orchestrator.rollout.readiness import shortfall
from orchestrator.rollout.sides import ABSENT, Side
from orchestrator.rollout.stages.base import PREVIOUS, RELEASE, Attempt, Look, World
from orchestrator.rollout.stages.verdicts import Done, Fail, Superseded, Verdict, Wait

_LISTED_WITHIN = 120.0
"""Seconds that DescribeServices may go on without the deployment that an update has just returned."""


@dc.dataclass(frozen=True)
class Provision:
    """Deploy ``target`` on the new side. In place it takes over task by task from what runs, whose count stays."""

    name: ClassVar[str] = "provision"
    look: ClassVar[Look] = Look.NEW
    hurried: ClassVar[bool] = True
    target: str = RELEASE
    in_place: bool = False
    deadline: float = 900.0

    def tick(self, world: World, age: float) -> Verdict:
        if self.target == PREVIOUS and not world.facts.attempt(RELEASE).asked:
            return Done("nothing was deployed")
        if self.target == RELEASE and not world.facts.task_definition:
            world.remember(task_definition=world.fleet.register())
        side = world.fleet.side(world.facts.new)
        if side.status not in (ABSENT, "ACTIVE"):
            return self._patient(Wait(f"{side.service} is still {side.status.lower()}"), side, world, age)
        attempt = world.facts.attempt(self.target)
        if not attempt.id:
            return self._begin(world, side, attempt)
        return self._judge(world, side, attempt, age)

    def _begin(self, world: World, side: Side, attempt: Attempt) -> Verdict:
        """Ask for the deployment, unless it was asked for by a process that died before it heard the answer."""
        primary = side.primary
        if (
            attempt.asked
            and primary
            and primary.id != attempt.before
            and primary.task_definition == self._revision(world)
        ):
            attempt = dc.replace(attempt, id=primary.id)
        else:
            if self.target == RELEASE and world.facts.previous:  # it can be read for as long as something runs by it
                world.remember(previous=world.fleet.renew())
            attempt = Attempt(asked=True, before=primary.id if primary else "", at=world.now)
            self._remember(world, attempt)
            count = None if self.in_place and side.active and side.desired else world.facts.count
            attempt = dc.replace(attempt, id=world.fleet.deploy(world.facts.new, self.target, count))
        self._remember(world, attempt)
        return Wait("tasks are starting")

    def _judge(self, world: World, side: Side, attempt: Attempt, age: float) -> Verdict:
        primary = side.primary
        if primary is None or primary.id == attempt.before:
            if world.now - attempt.at < _LISTED_WITHIN:
                return Wait("ECS does not list the deployment yet")
            return self._fail(world, f"ECS has lost deployment {attempt.id}", side)
        if primary.id != attempt.id:
            return Superseded(f"deployment {primary.id} of {side.service} took the place of ours ({attempt.id})")
        world.fleet.label(world.facts.new, self.target)
        first = world.facts.first
        if why := diagnosis.fatal(side, attempt.id, since=attempt.at, now=world.now, new=first):
            return self._fail(world, why, side)
        count = side.desired if self.in_place and side.desired else world.facts.count
        if side.desired < count:
            world.fleet.scale(world.facts.new, count)
        missing = shortfall(side, attempt.id, count)
        if missing:
            return self._patient(Wait(missing), side, world, age)
        return Done(f"{side.running} tasks of {side.service} healthy")

    def _patient(self, wait: Wait, side: Side, world: World, age: float) -> Verdict:
        if age < self.deadline:
            return wait
        attempt = world.facts.attempt(self.target)
        behind = diagnosis.complaint(diagnosis.findings(side, attempt.id, attempt.at))
        return self._fail(world, f"{side.service} not ready within {self.deadline:g} s: {wait.why}{behind}", side)

    def _fail(self, world: World, why: str, side: Side) -> Fail:
        attempt = world.facts.attempt(self.target)
        found = diagnosis.evidence(side, attempt.at)
        if self.target == PREVIOUS:  # going back is tried again, with a deployment of its own
            self._remember(world, Attempt())
        return Fail(why, found)

    def _revision(self, world: World) -> str:
        if self.target == RELEASE:
            return world.facts.task_definition
        return str(world.facts.previous.get("task_definition", ""))

    def _remember(self, world: World, attempt: Attempt) -> None:
        world.remember(attempts={**world.facts.attempts, self.target: attempt})
