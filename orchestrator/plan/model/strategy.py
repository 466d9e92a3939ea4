"""How a new release takes over from the old one."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from orchestrator.plan.model.base import Seconds, Section
from orchestrator.plan.model.gates import Gates

StrategyType = Literal["all-at-once", "canary", "linear", "manual", "rolling"]


class Step(Section):
    """A share of the traffic, and how long the new release is watched with it."""

    shorthand: ClassVar[str | None] = "weight"
    weight: int = Field(ge=1, le=99, description="Percent of the traffic.")
    for_: Seconds = Field(alias="for", default=300, description="Seconds for which it is watched with that.")


class Strategy(Section):
    """A strategy by name, or in full with its settings."""

    shorthand: ClassVar[str | None] = "type"
    type: StrategyType | None = Field(
        default=None,
        description="all-at-once: the new colour takes all traffic once it is healthy. canary: in the given steps. "
        "linear: the same share more at the same interval. manual: all at once, after a person said so. "
        "rolling: tasks are replaced in place. Left out: all-at-once. A service without paths has no traffic to move: "
        "its tasks are replaced in place.",
    )
    steps: tuple[Step, ...] = Field(
        default=(), max_length=50, description="canary: shares of the traffic before all of it."
    )
    step: int | None = Field(default=None, ge=1, le=50, description="linear: percent of the traffic to add at a time.")
    every: Seconds = Field(default=60, ge=1, description="linear: seconds between two steps.")
    approve: bool = Field(
        default=False,
        description="Whether it waits for a person: before the first traffic, or before tasks are replaced in place.",
    )
    bake: Seconds = Field(
        default=30, description="Seconds for which the new release is watched once it has all the traffic."
    )
    hold: Seconds = Field(
        default=60, description="Seconds for which the old release is then kept running for a quick way back."
    )
    deadline: Seconds = Field(
        default=900, ge=60, description="Seconds after which a release that is not healthy is taken back."
    )
    sticky: Seconds = Field(
        default=0,
        le=604800,
        description="Seconds for which a client stays on its side while traffic is divided; at most bake.",
    )
    on_failure: Literal["rollback", "freeze"] = Field(
        default="rollback",
        description="rollback: go back by itself. freeze: stop where it failed, for what cannot go back.",
    )
    concurrent: Literal["refuse", "queue", "supersede"] = Field(
        default="refuse",
        description="What becomes of a release that is wanted while another one is still on its way.",
    )
    gates: Gates = Field(default_factory=Gates, description="What has to be true before it goes on, by stage.")
