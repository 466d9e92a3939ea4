"""Wait for the other services of a joint release, as far as one can go with its way back still open."""

from __future__ import annotations

import dataclasses as dc
from typing import ClassVar

from orchestrator.rollout.stages.base import Look, World
from orchestrator.rollout.stages.traffic import foreign, trouble
from orchestrator.rollout.stages.verdicts import Done, Verdict, Wait


@dc.dataclass(frozen=True)
class Together:
    """Everything is in place; what follows cannot be undone by weights alone."""

    name: ClassVar[str] = "together"
    look: ClassVar[Look] = Look.GLANCE
    hurried: ClassVar[bool] = False

    def tick(self, world: World, age: float) -> Verdict:
        if problem := foreign(world, world.facts.percent) or trouble(world):
            return problem
        return Done("all are there") if world.facts.together else Wait("the other services of this release")
