"""Move traffic, and watch it: the stages that only exist behind a load balancer, and the waits between them."""

from __future__ import annotations

import dataclasses as dc
import math
from typing import ClassVar

from orchestrator.rollout import diagnosis
from orchestrator.rollout.gates.base import Gate
from orchestrator.rollout.readiness import unhealthy
from orchestrator.rollout.stages.base import RELEASE, Look, World
from orchestrator.rollout.stages.judging import judge, soonest
from orchestrator.rollout.stages.verdicts import Done, Fail, Halt, Pause, Superseded, Verdict, Wait

_LOOKS = 20
_SHORTEST_PAUSE = 5.0
_LONGEST_PAUSE = 30.0
_RECOVERS_WITHIN = 300.0
_DECIDED_WITHIN = 300.0
_RESIZE_FROM = 50


@dc.dataclass(frozen=True)
class Shift:
    """Give the new side ``percent`` of the traffic; upwards only when every one of its tasks is healthy."""

    name: ClassVar[str] = "shift"
    look: ClassVar[Look] = Look.NEW
    hurried: ClassVar[bool] = True
    percent: int
    """What it leaves is verified at the next look, before the stage is done."""
    deadline: float = 300.0

    def tick(self, world: World, age: float) -> Verdict:
        if world.router is None:
            return Done("no load balancer")
        if drift := foreign(world, self.percent):
            return drift
        new = world.facts.new
        if world.router.percent(new) == self.percent:
            world.remember(percent=self.percent, aim=self.percent)
            return Done(f"{new} {self.percent}")
        if self.percent > max(0, world.facts.percent) and (problem := self._not_ready(world, age)):
            return problem
        if age >= self.deadline:
            return Fail(f"the rule does not take {self.percent} % for {new} within {self.deadline:g} s")
        asked = (
            world.facts.aim == self.percent
        )  # once is read back at once; AWS may show the former weights for a while
        world.remember(aim=self.percent)
        world.router.weigh(new, self.percent)
        return Wait("weights are read back", None if asked else 0)

    def _not_ready(self, world: World, age: float) -> Verdict | None:
        """The new side must be whole, and, from half of the traffic on, as large as the old one has grown meanwhile."""
        if problem := trouble(world):
            return problem
        facts = world.facts
        side = world.fleet.side(facts.new)
        old = world.fleet.side(facts.old) if facts.old else None
        if old and self.percent >= _RESIZE_FROM and old.desired > facts.count:
            world.remember(count=old.desired)
        if side.desired < world.facts.count:
            world.fleet.scale(facts.new, world.facts.count)
        if missing := unhealthy(side, facts.attempt(RELEASE).id, world.facts.count):
            if age < self.deadline:
                return Wait(missing)
            why = f"{side.service} not fit for {self.percent} % within {self.deadline:g} s: {missing}"
            return Fail(why, diagnosis.evidence(side, facts.attempt(RELEASE).at))
        return None


@dc.dataclass(frozen=True)
class Enlist:
    """Put each colour's group into the rule, without any traffic: ECS refuses a service whose group is in none."""

    name: ClassVar[str] = "enlist"
    look: ClassVar[Look] = Look.LOOSELY
    hurried: ClassVar[bool] = True

    def tick(self, world: World, age: float) -> Verdict:
        router = world.router
        if router is None or router.whole:
            return Done()
        if drift := foreign(world, world.facts.percent):
            return drift
        router.weigh(world.facts.new, round(max(0, world.facts.percent)))
        return Wait("the rule is read back")


@dc.dataclass(frozen=True)
class Bake:
    """Watch the new side under traffic for a while."""

    name: ClassVar[str] = "bake"
    look: ClassVar[Look] = Look.GLANCE
    hurried: ClassVar[bool] = False
    seconds: float
    gates: tuple[Gate, ...] = ()

    def tick(self, world: World, age: float) -> Verdict:
        if problem := foreign(world, world.facts.percent) or trouble(world):
            return problem
        facts = world.facts
        side = world.fleet.side(facts.new)
        since = facts.attempt(RELEASE).at
        if facts.count and not side.usable:
            behind = diagnosis.complaint(diagnosis.findings(side, facts.attempt(RELEASE).id, since))
            return Fail(f"no healthy task left in {side.service}{behind}", diagnosis.evidence(side, since))
        undecided = judge(world, self.gates)
        if isinstance(undecided, Fail):
            return undecided
        left = self.seconds - age
        if left > 0:
            pause = min(max(self.seconds / _LOOKS, _SHORTEST_PAUSE), _LONGEST_PAUSE, soonest(self.gates))
            share = f" with {facts.percent:g} % of the traffic" if world.router else ""
            return Wait(f"{math.ceil(left)} s left{share}", min(pause, left))
        if undecided:  # no traffic is not a pass
            if -left < max(_DECIDED_WITHIN, self.seconds):
                return Wait("; ".join(undecided))
            return Fail(f"no verdict: {'; '.join(undecided)}", {"gates": list(undecided)})
        enough = min(facts.count, side.desired)
        if side.usable < enough and (missing := unhealthy(side, facts.attempt(RELEASE).id, enough)):
            if -left < _RECOVERS_WITHIN:
                return Wait(missing)
            return Fail(f"{side.service} did not recover: {missing}", diagnosis.evidence(side, since))
        return Done()


@dc.dataclass(frozen=True)
class Hold(Bake):
    """Keep the old side up and ready for a while, so that undoing is a change of weights."""

    name: ClassVar[str] = "hold"


@dc.dataclass(frozen=True)
class Approve:
    """Wait until a person says go."""

    name: ClassVar[str] = "approve"
    look: ClassVar[Look] = Look.GLANCE
    hurried: ClassVar[bool] = False

    def tick(self, world: World, age: float) -> Verdict:
        if problem := foreign(world, world.facts.percent) or trouble(world):
            return problem
        return Done("approved") if world.facts.approved else Pause(f"waits for approval at {world.facts.percent:g} %")


@dc.dataclass(frozen=True)
class Ready:
    """Before traffic goes back: make sure that the old side can take it."""

    name: ClassVar[str] = "ready"
    look: ClassVar[Look] = Look.OLD
    hurried: ClassVar[bool] = False
    deadline: float = 900.0
    settle_for: float = 60.0
    """Seconds after which the plan's minimum will do, rather than all the tasks that there were."""

    def tick(self, world: World, age: float) -> Verdict:
        facts = world.facts
        if facts.old is None or world.router is None or world.router.percent(facts.new) == 0:
            return Done()
        side = world.fleet.side(facts.old)
        if side.active and side.desired < facts.count:
            world.fleet.scale(facts.old, facts.count)
        enough = facts.count if age < self.settle_for else max(1, min(facts.least, facts.count))
        if side.usable >= enough:
            return Done(f"{side.usable} tasks of {side.service} healthy")
        why = f"{side.usable} of {enough} tasks of {side.service} healthy"
        return Wait(why) if age < self.deadline else Fail(f"cannot go back: {why}")


def foreign(world: World, wanted: float) -> Halt | None:
    """Whether the weights are neither as we left them nor as we meant to set them."""
    if world.router is None:
        return None
    live, facts = world.router.percent(world.facts.new), world.facts
    if live is not None and live in (facts.percent, facts.aim, wanted):
        return None
    strange = {None: "groups that are not this service's", -1.0: "nothing that gets any traffic"}
    found = strange.get(live) or f"{live:g} % on {facts.new}"
    return Halt(f"the rule was changed by somebody else: found {found}, left at {facts.percent:g} %")


def trouble(world: World) -> Fail | Superseded | None:
    """Whether the new side is no longer ours, or has begun to fail."""
    facts = world.facts
    side, attempt = world.fleet.side(facts.new), facts.attempt(RELEASE)
    if not attempt.id:
        return None
    if side.primary and side.primary.id not in (attempt.id, attempt.before):
        return Superseded(f"deployment {side.primary.id} of {side.service} took the place of ours ({attempt.id})")
    if why := diagnosis.fatal(side, attempt.id, since=attempt.at, now=world.now, new=facts.first):
        return Fail(why, diagnosis.evidence(side, attempt.at))
    return None
