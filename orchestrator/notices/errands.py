"""Things to be done one after the other, by a thread that is none while there is nothing to do."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Errands(Generic[T]):
    """A queue with room for so many, of which the oldest give way. Whoever puts something in never waits."""

    def __init__(self, name: str, most: int, work: Callable[[T], None]) -> None:
        """``work`` raises nothing."""
        self._name = name
        self._most = most
        self._work = work
        self._lock = threading.Lock()
        self._waiting: deque[T] = deque()
        self._running = False
        self._doing = 0
        self._closed = False

    def put(self, item: T) -> bool:
        """Have it done; whether there was room without forgetting another."""
        with self._lock:
            if self._closed:
                return True
            room = len(self._waiting) < self._most
            if not room:
                self._waiting.popleft()
            self._waiting.append(item)
            begin = not self._running
            self._running = True
        if begin:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return room

    def left(self) -> int:
        """How many are not done yet."""
        with self._lock:
            return len(self._waiting) + self._doing

    def close(self) -> int:
        """Forget what waits and take no more; how many are left behind, the one that is being done included."""
        with self._lock:
            self._closed = True
            left = len(self._waiting) + self._doing
            self._waiting.clear()
            return left

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running, self._doing = False, 0
                    return
                item, self._doing = self._waiting.popleft(), 1
            self._work(item)
