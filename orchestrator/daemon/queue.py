"""Where due stacks are put, and where they are worked on: in threads of this process unless told otherwise.

A message is a stack's key and nothing else: whoever works on it reads plan and AWS anew, so one that comes twice or
late does no harm.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from orchestrator.core.clock import Clock
from orchestrator.daemon.schedule import Again

Work = Callable[[str], Again]
"""One tick of one stack. Raises nothing that a daemon should not die of."""


class Queue(Protocol):
    """One message a stack and tick. A key that is queued or worked on is not taken again until it is answered for."""

    def put(self, key: str) -> bool:
        """Have a stack worked on; whether it was taken."""
        ...

    def answers(self) -> list[tuple[str, Again]]:
        """What became of the keys that were finished since this was asked last."""
        ...

    def busy(self) -> frozenset[str]:
        """The keys that are worked on now."""
        ...

    def close(self) -> None:
        """Begin nothing more; what has not begun is forgotten, what is worked on goes on."""
        ...


class Threads:
    """A thread a message, so many at once, first come first served."""

    def __init__(self, work: Work, workers: int) -> None:
        self._work = work
        self._workers = workers
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._busy: set[str] = set()
        self._answers: list[tuple[str, Again]] = []
        self._closed = False

    def put(self, key: str) -> bool:
        with self._lock:
            if self._closed or key in self._busy or key in self._waiting:
                return False
            self._waiting.append(key)
            self._begin()
            return True

    def answers(self) -> list[tuple[str, Again]]:
        with self._lock:
            found, self._answers = self._answers, []
            return found

    def busy(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._busy)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.clear()

    def _begin(self) -> None:
        """Start as many as may run at once. The lock is held."""
        while self._waiting and len(self._busy) < self._workers:
            key = self._waiting.popleft()
            self._busy.add(key)
            threading.Thread(target=self._run, args=(key,), name=f"tick-{key}", daemon=True).start()

    def _run(self, key: str) -> None:
        again = Again.AFTER_A_FAILURE
        try:
            again = self._work(key)
        finally:
            with self._lock:
                self._busy.discard(key)
                self._answers.append((key, again))
                self._begin()


def idle(queue: Queue, clock: Clock, within: float) -> bool:
    """Wait until nothing is worked on any more, for so many seconds; whether that came about."""
    until = clock.now() + within
    while queue.busy():
        if clock.now() >= until:
            return False
        clock.sleep(_LOOK_EVERY)
    return True


_LOOK_EVERY = 0.1
