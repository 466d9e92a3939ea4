"""The threads that make the calls, and the way back to the one thread that decides."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from orchestrator.core.clock import Clock

T = TypeVar("T")


class Crew:
    """Work goes out to a pool; what to do with its outcome comes back and runs on the thread that calls ``hear``."""

    def __init__(self, workers: int, clock: Clock) -> None:
        self.busy = 0
        self._clock = clock
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="apply")
        self._done: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake = threading.Event()

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def do(self, work: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
        """Have ``work`` done on some thread, and ``then`` called with its outcome on this one."""
        self.busy += 1

        def back(future: Future[Any]) -> None:
            self._done.put(lambda: then(future))
            self._wake.set()

        self._pool.submit(work).add_done_callback(back)

    def hear(self) -> None:
        """Take in everything that has been done since."""
        self._wake.clear()
        while not self._done.empty():
            self.busy -= 1
            self._done.get()()

    def rest(self, until: float | None) -> None:
        """Do nothing until some work is done or, where something else is due, until then."""
        if until is None:
            self._wake.wait()
        else:
            self._clock.sleep(until - self._clock.now(), self._wake)
