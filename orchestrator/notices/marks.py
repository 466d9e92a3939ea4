"""What was told already, kept in the store by compare-and-swap, so that of several processes one tells it.

It is marked before it is sent: a process that dies in between has told nobody, and two that see the same at once do
not both tell it. While the store is away a thing is told once by every process: better twice than never.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core.errors import Conflict
from orchestrator.core.store import Store
from orchestrator.notices.notice import Mark, Once

_TRIES = 5
_Value = Mapping[str, Any]


class Marks:
    """What a stack's people know. ``store`` is opened when it is first asked, which may take a call to AWS."""

    def __init__(self, stack: str, store: Callable[[], Store]) -> None:
        self._stack = stack
        self._open = store
        self._lock = threading.Lock()
        self._blindly: set[Mark] = set()

    def take(self, mark: Mark) -> frozenset[str]:
        """What of it is news, and ours to tell; empty when all of it was told."""
        try:
            return self._taken(self._open(), mark)
        except (
            Exception
        ):  # the store's errors are AWS's, the disk's and the parser's; none of them may silence a notice
            with self._lock:
                known = mark in self._blindly
                self._blindly.add(mark)
            return frozenset() if known else _news(mark, {})[0]

    def _taken(self, store: Store, mark: Mark) -> frozenset[str]:
        key = f"{self._stack}/told/{mark.topic}"
        for _ in range(_TRIES):
            stored = store.load(key)
            before = stored.value if stored else {}
            news, after = _news(mark, before)
            if after == before:
                return frozenset()
            try:
                store.save(key, after, stored.version if stored else None)
            except Conflict:
                continue
            return news
        return frozenset()  # so many write at once that one of them has told it


def _news(mark: Mark, before: _Value) -> tuple[frozenset[str], _Value]:
    """What is new by a mark, and what is known from then on."""
    if isinstance(mark, Once):
        told = set(before.get("told", ())) if before.get("about") == mark.about else set()
        return frozenset({mark.word} - told), {"about": mark.about, "told": sorted(told | {mark.word})}
    told = set(before.get("told", ()))
    if not mark.now and not told:
        return frozenset(), before
    return mark.now - told if mark.now else frozenset(told), {"told": sorted(mark.now)}
