"""What is going to happen in the world, and when: a queue of events in order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

Action = Callable[[], None]


@dataclass(order=True)
class Event:
    """Something that will happen at an instant unless it is cancelled before."""

    at: float
    order: int
    action: Action = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Make sure it does not happen."""
        self.cancelled = True


class Agenda:
    """Events by time, and in the order they were added where the time is the same."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._order = itertools.count()

    def add(self, at: float, action: Action) -> Event:
        """Have ``action`` happen at that instant."""
        event = Event(at, next(self._order), action)
        heapq.heappush(self._events, event)
        return event

    def due(self, until: float) -> Event | None:
        """Take the next event that happens no later than ``until``."""
        while self._events and self._events[0].at <= until:
            event = heapq.heappop(self._events)
            if not event.cancelled:
                return event
        return None

    def clear(self) -> None:
        """Forget everything that was going to happen."""
        self._events.clear()
