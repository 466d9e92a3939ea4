"""The nearest word that exists, for whoever mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, words: Iterable[str]) -> str:
    """``, did you mean X?`` when one of the words is close, and nothing otherwise."""
    close = get_close_matches(word, sorted(words), n=1, cutoff=0.6)
    return f", did you mean {close[0]}?" if close else ""
