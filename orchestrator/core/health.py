"""Whether something that exists can be used yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Ready:
    """It can be used."""


@dataclass(frozen=True)
class Pending:
    """AWS is still working on it; ``why`` names what is waited for."""

    why: str


@dataclass(frozen=True)
class Broken:
    """It will never be ready by itself; ``why`` is the reason in AWS's words. It has to be made again."""

    why: str


Health: TypeAlias = Ready | Pending | Broken
