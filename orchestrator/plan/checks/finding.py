"""What a check returns: where in the model, and what is wrong there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from orchestrator.plan.words import nearest

Path: TypeAlias = tuple[str | int, ...]
Finding: TypeAlias = tuple[Path, str]
"""Where, and what."""
NameFinding: TypeAlias = tuple[Path, str, bool]
"""Where, what, and whether it is about the name that stands there and not about its value."""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """That a name refers to nothing, with the nearest name that exists, or all of them."""
    names = sorted(known)
    close = nearest(name, names)
    return f"there is no {what} {name!r}" + (close or f", the plan has {', '.join(names) or 'none'}")
