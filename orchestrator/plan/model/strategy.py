"""How a new release takes over from the old one."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from orchestrator.plan.model.base import Seconds, Section


class Strategy(Section):
    """A strategy by name, or in full with its settings."""

    shorthand: ClassVar[str | None] = "type"
    type: Literal["all-at-once", "rolling"] | None = Field(
        default=None,
        description="all-at-once: the new colour takes all traffic once it is healthy; for services with paths. "
        "rolling: tasks are replaced in place. Left out: all-at-once with paths, rolling without.",
    )
    bake: Seconds = Field(
        default=30, description="Seconds for which the new release is watched once it has the traffic."
    )
    hold: Seconds = Field(
        default=60, description="Seconds for which the old release is then kept running for a quick way back."
    )
