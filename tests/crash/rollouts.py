"""Rollouts whose process dies at a chosen AWS call, and whatever starts next to go on with them."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable
from typing import Any

from orchestrator.aws.door import READS, Access, Aws
from orchestrator.core.clock import Clock
from orchestrator.rollout.driver import Job, Result, drive
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import all_at_once, canary, rolling
from tests.scenarios.rollouts.scene import Scene
from tests.world import REGION


class Killed(BaseException):
    """The process is gone; nothing catches this."""


class MortalDoor(Aws):
    """A door whose process dies at its n-th call: before AWS hears of it, or after AWS has done it."""

    def __init__(self, access: Access, clock: Clock, *, dies_at: int | None, after: bool) -> None:
        super().__init__(access, clock)
        self._dies_at = dies_at
        self._after = after
        self.made = 0
        self.wrote = 0

    def _call(self, service: str, operation: str, send: Callable[[], Any]) -> Any:
        self.made += 1
        dies = self.made == self._dies_at
        if dies and not self._after:
            raise Killed
        answer = super()._call(service, operation, send)
        self.wrote += not operation.startswith(READS)
        if dies:
            raise Killed
        return answer


STRATEGIES = {
    "all-at-once": all_at_once(bake=0, hold=0),
    "canary": canary([(10, 5), (50, 5)], bake=0, hold=5),
    "rolling": rolling(bake=0),
}
"""Without long waits: the calls are what matters."""


@dc.dataclass
class Patient:
    """A service that is rolled out again and again, each time by a process that dies once."""

    stage: Scene
    name: str
    behaves: str = "ok"
    rounds: int = 0

    def roll_out(self, dies_at: int | None, *, after: bool) -> tuple[Result, int, bool]:
        """Push an image, roll it out, die, come back; the result, the calls made, and whether it did die."""
        self.rounds += 1
        tag = f"r{self.rounds}"
        self.stage.push(tag, self.behaves, self.name)
        decision = self.stage.assess({self.name: tag})[self.name]
        job = Job(spec=self.stage.specs[self.name], decision=decision, by="a mortal")
        door = MortalDoor(Access(region=REGION), self.stage.aws.clock, dies_at=dies_at, after=after)
        try:
            return self._drive(door, job), door.made, False
        except Killed:
            self.stage.aws.sleep(3)
        again = self.stage.assess({self.name: tag})[self.name]
        job = dc.replace(job, decision=again if again.acts else None)
        heir = MortalDoor(Access(region=REGION), self.stage.aws.clock, dies_at=None, after=False)
        return self._drive(heir, job), door.made, True

    def _drive(self, door: Aws, job: Job) -> Result:
        done = drive(door, [job], store=self.stage.store, move=self.stage.move, sink=self.stage.events.append)
        if done:
            return done[0]
        return Result(service=self.name, outcome=Outcome.SUCCEEDED)
