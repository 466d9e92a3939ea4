"""Waiting without a thread for each thing waited for.

A step that waits asks for a ``Pause``, or for a ``Look`` at all of its kind. The poller gathers those who wait for the
same kind, so that seven endpoints cost one describe call a look. It looks soon after somebody new has asked and ever
less often afterwards: a quick endpoint is not made to wait, a slow one is not worn out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from orchestrator.core.clock import Clock

W = TypeVar("W")

SOONEST = 1.0
SLOWEST = 10.0
_GROWTH = 1.5


@dataclass(frozen=True)
class Pause:
    """Let that many seconds pass."""

    seconds: float


@dataclass(frozen=True)
class Look:
    """Tell what there is of a kind, as seen after this was asked for."""

    kind: str


@dataclass
class _Queue(Generic[W]):
    """Those who wait for one kind: ``served`` by the look that is under way, or ``waiting`` for the next."""

    due: float
    interval: float = SOONEST
    waiting: list[W] = field(default_factory=list)
    served: list[W] = field(default_factory=list)
    looking: bool = False


class Poller(Generic[W]):
    """Who waits for which kind, and when it is looked at next. Not thread-safe: one thread asks and answers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[str, _Queue[W]] = {}

    def join(self, kind: str, who: W) -> None:
        """Wait for the next look at a kind; one that is under way began too early to count."""
        now = self._clock.now()
        queue = self._queues.setdefault(kind, _Queue(due=now + SOONEST))
        if any(who is known for known in queue.served):
            if not queue.waiting:
                queue.due = now + queue.interval
        else:
            queue.interval = SOONEST
            queue.due = min(queue.due, now + SOONEST) if queue.waiting else now + SOONEST
        queue.waiting.append(who)

    def due(self) -> list[str]:
        """The kinds to look at now. Each has to be answered before it comes up again."""
        now = self._clock.now()
        kinds = [k for k, q in self._queues.items() if q.waiting and not q.looking and q.due <= now]
        for kind in kinds:
            queue = self._queues[kind]
            queue.served, queue.waiting, queue.looking = queue.waiting, [], True
            queue.interval = min(queue.interval * _GROWTH, SLOWEST)
        return kinds

    def answered(self, kind: str) -> list[W]:
        """Those for whom the look was that has just ended."""
        queue = self._queues[kind]
        queue.looking = False
        return list(queue.served)

    def again(self, kind: str) -> None:
        """The look failed in a way that passes: those it was for wait on."""
        queue = self._queues[kind]
        queue.looking = False
        queue.waiting, queue.served = queue.served + queue.waiting, []
        queue.due = self._clock.now() + queue.interval

    def next_at(self) -> float | None:
        """When the next look is due; None while nobody waits, or only for looks under way."""
        return min((q.due for q in self._queues.values() if q.waiting and not q.looking), default=None)

    def leave(self) -> list[W]:
        """Everybody who waits for a look that has not begun; they wait no longer."""
        left = [who for queue in self._queues.values() for who in queue.waiting]
        for queue in self._queues.values():
            queue.waiting = []
        return left
