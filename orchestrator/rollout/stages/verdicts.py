"""What a stage can say after a look at the world. The machine decides by these and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Done:
    """The stage's aim is reached; ``note`` is for the record."""

    note: str = ""


@dataclass(frozen=True)
class Wait:
    """Not yet. ``seconds`` is the longest sensible pause before the next look; None lets the driver choose."""

    why: str
    seconds: float | None = None


@dataclass(frozen=True)
class Fail:
    """It will not work: the rollout goes back. ``evidence`` holds AWS's own words.

    ``refused``: for want of a permission, so that trying again helps only if somebody gives it.
    """

    why: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False


@dataclass(frozen=True)
class Halt:
    """Somebody else has changed what only the rollout may change: stop here and touch nothing."""

    why: str


@dataclass(frozen=True)
class Superseded:
    """Somebody else has started a newer deployment of the same ECS service: give up ours, leave theirs."""

    why: str


@dataclass(frozen=True)
class Pause:
    """A person has to decide before it goes on."""

    why: str


Verdict: TypeAlias = Done | Wait | Fail | Halt | Superseded | Pause
