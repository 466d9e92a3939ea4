"""What a check returns: where in the model, and what is wrong there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeAlias

Finding: TypeAlias = tuple[tuple[str | int, ...], str]


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """That a name refers to nothing, with the nearest name that exists, or all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"there is no {what} {name!r}, did you mean {close[0]}?"
    return f"there is no {what} {name!r}, the plan has {', '.join(names) or 'none'}"
