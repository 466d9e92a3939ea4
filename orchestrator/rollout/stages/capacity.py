"""What happens around the traffic: auto scaling held still and moved over, the side that is done with sent to zero."""

from __future__ import annotations

import dataclasses as dc
from typing import ClassVar

from orchestrator.rollout.sides import ABSENT
from orchestrator.rollout.stages.base import SPOILT, Look, World
from orchestrator.rollout.stages.verdicts import Done, Halt, Verdict, Wait

OLD = "old"
NEW = "new"


@dc.dataclass(frozen=True)
class Suspend:
    """Keep the old side's tasks: as its share falls, auto scaling would take away what a way back needs."""

    name: ClassVar[str] = "suspend"
    look: ClassVar[Look] = Look.LOOSELY
    hurried: ClassVar[bool] = False

    def tick(self, world: World, age: float) -> Verdict:
        old = world.facts.old
        if old is None:
            return Done()
        if world.facts.scaling is None:  # recorded first: a suspension outlives whoever made it
            world.remember(scaling=world.scaling.state(old))
        world.scaling.suspend(old)
        return Done()


@dc.dataclass(frozen=True)
class Follow:
    """Let auto scaling and alarms follow the traffic, to a side or back to it."""

    name: ClassVar[str] = "follow"
    look: ClassVar[Look] = Look.LOOSELY
    hurried: ClassVar[bool] = False
    side: str = NEW

    def tick(self, world: World, age: float) -> Verdict:
        facts = world.facts
        colour = facts.new if self.side == NEW else facts.old
        if colour is None:
            return Done()
        world.scaling.follow(colour)
        if facts.scaling:  # as it was before this rollout held it still
            world.scaling.restore(colour, facts.scaling)
        return Done()


@dc.dataclass(frozen=True)
class Arm:
    """Leave the new side a circuit breaker that rolls back: what others deploy and fail with reverts by itself."""

    name: ClassVar[str] = "arm"
    look: ClassVar[Look] = Look.LOOSELY
    hurried: ClassVar[bool] = False

    def tick(self, world: World, age: float) -> Verdict:
        world.fleet.arm(world.facts.new)
        return Done()


@dc.dataclass(frozen=True)
class Tidy:
    """Take the service's oldest revisions away; those to go back to stay."""

    name: ClassVar[str] = "tidy"
    look: ClassVar[Look] = Look.LOOSELY
    hurried: ClassVar[bool] = False
    keep: int = 10

    def tick(self, world: World, age: float) -> Verdict:
        world.fleet.tidy(self.keep)
        return Done()


@dc.dataclass(frozen=True)
class Retire:
    """Send a side without traffic to zero tasks, and let them drain. Its ECS service stays, for the next time."""

    name: ClassVar[str] = "retire"
    look: ClassVar[Look] = Look.LOOSELY
    hurried: ClassVar[bool] = False
    side: str = OLD
    deadline: float = 900.0

    def tick(self, world: World, age: float) -> Verdict:
        facts = world.facts
        colour = facts.new if self.side == NEW else facts.old
        if colour is None:
            return Done()
        side = world.fleet.side(colour)
        if side.status == ABSENT:
            return Done()
        if world.router and not facts.first and world.router.percent(colour) != 0:
            return Halt(f"{side.service} was to be retired, but has traffic again")
        if side.desired:
            if self.side == NEW:
                world.fleet.label(colour, SPOILT)
            world.fleet.scale(colour, 0)
            return Wait(f"{side.running} tasks of {side.service} drain and stop")
        if not side.running or age >= self.deadline:
            if world.router and facts.old:  # a target group that was replaced leaves the rule with its last task
                world.router.weigh(facts.new if self.side == OLD else facts.old, 100)
                world.router.send_tests(colour)
            return Done(f"{side.service} at 0" if not side.running else f"{side.running} tasks still draining")
        return Wait(f"{side.running} tasks of {side.service} drain and stop")
