"""Who is due, and when next: intervals with jitter, and longer and longer pauses for what fails. Pure."""

from __future__ import annotations

import dataclasses as dc
import enum
import hashlib

FIRST_WITHIN = 30.0
JITTER = 0.1
FIRST_PAUSE = 15.0
LONGEST_PAUSE = 900.0


class Again(enum.Enum):
    """What a tick says of the next one."""

    SOON = "soon"
    """There is more to do: a rollout is under way, or something was changed and has to be seen."""
    LATER = "later"
    AFTER_A_FAILURE = "after a failure"


@dc.dataclass(frozen=True)
class Entry:
    """A stack's turn. ``at`` is None while it is worked on."""

    interval: float
    at: float | None
    ticks: int = 0
    failures: int = 0


class Schedule:
    """When every stack is due. ``name`` makes two daemons over the same stacks look at different moments."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._entries: dict[str, Entry] = {}

    def keep(self, key: str, interval: float, now: float) -> None:
        """Know a stack, from now on or with another interval."""
        known = self._entries.get(key)
        if known is None:
            first = now + self._chance(key, 0) * min(interval, FIRST_WITHIN)
            self._entries[key] = Entry(interval, first)
        elif known.interval != interval:
            at = known.at if known.at is None else min(known.at, now + interval)
            self._entries[key] = dc.replace(known, interval=interval, at=at)

    def drop(self, key: str) -> None:
        """Know it no more."""
        self._entries.pop(key, None)

    def hasten(self, key: str, now: float) -> None:
        """Make it due at once, unless it is worked on."""
        known = self._entries.get(key)
        if known and known.at is not None:
            self._entries[key] = dc.replace(known, at=now)

    def take(self, now: float) -> list[str]:
        """Those that are due, the longest waiting first; they are at work until ``settle``."""
        due = sorted((e.at, key) for key, e in self._entries.items() if e.at is not None and e.at <= now)
        for _, key in due:
            self._entries[key] = dc.replace(self._entries[key], at=None)
        return [key for _, key in due]

    def settle(self, key: str, again: Again, now: float) -> None:
        """A tick is over. One whose stack was dropped meanwhile is nobody's."""
        known = self._entries.get(key)
        if known is None:
            return
        ticks = known.ticks + 1
        failures = known.failures + 1 if again is Again.AFTER_A_FAILURE else 0
        chance = self._chance(key, ticks)
        if again is Again.SOON:
            pause = 0.0
        elif failures:
            pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE) * (1 + JITTER * (2 * chance - 1))
        else:
            pause = known.interval * (1 + JITTER * (2 * chance - 1))
        self._entries[key] = Entry(known.interval, now + pause, ticks, failures)

    def taken(self) -> int:
        """How many are at work, or on their way there."""
        return sum(entry.at is None for entry in self._entries.values())

    def next(self) -> float | None:
        """When somebody is due; None while nobody waits."""
        return min((e.at for e in self._entries.values() if e.at is not None), default=None)

    def of(self, key: str) -> Entry | None:
        """How a stack stands."""
        return self._entries.get(key)

    def _chance(self, key: str, tick: int) -> float:
        """From 0 to 1, different for every daemon, stack and tick, and the same when told again."""
        digest = hashlib.sha256(f"{self._name}\x00{key}\x00{tick}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32
