"""What was told already, kept in the store by compare-and-swap, so that of several processes one tells it.

It is marked before it is sent: a process that dies in between has told nobody, and two that see the same at once do
not both tell it. While the store is away a thing is told once by every process: better twice than never.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.core.errors import Conflict
from orchestrator.core.store import Store
from orchestrator.notices.notice import Lasting, Mark, Once

_TRIES = 5
_Value = Mapping[str, Any]


class Memory:
    """What this process knows of all stacks, for as long as it lives: it spares the store, and stands in for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: dict[str, frozenset[str]] = {}
        self._blindly: dict[str, frozenset[str]] = {}

    def changed(self, stack: str, mark: Lasting) -> bool:
        """Whether what is the case is not what was when this was asked last."""
        with self._lock:
            place = f"{stack} {mark.topic}"
            same = self._now.get(place) == mark.now
            self._now[place] = mark.now
            return not same

    def told_blindly(self, place: str) -> frozenset[str]:
        """What was told while the store was away."""
        with self._lock:
            return self._blindly.get(place, frozenset())

    def tell_blindly(self, place: str, told: frozenset[str]) -> None:
        """Keep what was told, for when the store is back."""
        with self._lock:
            self._blindly[place] = told


class Marks:
    """What a stack's people know. ``store`` is opened when it is first asked, which may take a call to AWS."""

    def __init__(self, stack: str, store: Callable[[], Store], memory: Memory, place: str) -> None:
        """``place``: where the stack is, apart from which one it is."""
        self._stack = stack
        self._open = store
        self._memory = memory
        self._place = place

    def take(self, mark: Mark) -> frozenset[str]:
        """What of it is news, and ours to tell; empty when all of it was told."""
        place = f"{self._place} {mark.topic}"
        blindly = self._memory.told_blindly(place)
        try:
            news = self._taken(self._open(), mark, blindly)
        except Exception:  # whatever is wrong with the store, AWS or the disk, none of it may silence a notice
            news, after = _news(mark, {}, blindly)
            self._memory.tell_blindly(place, frozenset(_words(mark, after)))
            return news
        self._memory.tell_blindly(place, frozenset())
        return news

    def _taken(self, store: Store, mark: Mark, blindly: frozenset[str]) -> frozenset[str]:
        key = f"{self._stack}/told/{mark.topic}"
        for _ in range(_TRIES):
            stored = store.load(key)
            before = stored.value if stored else {}
            news, after = _news(mark, before, blindly)
            if after == before:
                return news
            try:
                store.save(key, after, stored.version if stored else None)
            except Conflict:
                continue
            return news
        return frozenset()  # so many write at once that one of them has told it


def _news(mark: Mark, before: _Value, blindly: frozenset[str]) -> tuple[frozenset[str], _Value]:
    """What is new by a mark, and what is known from then on."""
    told = frozenset(before.get("told", ()))
    if isinstance(mark, Once):
        said = told if before.get("about") == mark.about else frozenset()
        known = said | {word.removeprefix(f"{mark.about} ") for word in blindly if word.startswith(f"{mark.about} ")}
        return frozenset({mark.word}) - known, {"about": mark.about, "told": sorted(known | {mark.word})}
    known = told | blindly
    if not mark.now:
        return known if mark.told_when_over else frozenset(), {"told": []} if told else before
    return mark.now - known, {"told": sorted(mark.now | known if mark.growing else mark.now)}


def _words(mark: Mark, known: _Value) -> Iterator[str]:
    """What is known after a mark, so that it can be told from what is known of another thing of its topic."""
    about = f"{mark.about} " if isinstance(mark, Once) else ""
    return (f"{about}{word}" for word in known.get("told", ()))
