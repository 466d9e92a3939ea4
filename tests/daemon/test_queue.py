"""Keys worked on in threads: never one twice at once, so many at a time, and nothing new once closed."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from orchestrator.core.clock import SystemClock
from orchestrator.daemon.queue import Threads, idle
from orchestrator.daemon.schedule import Again


class Work:
    """Work that goes on until it is let go, and counts who is at it."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.at_once = 0

    def __call__(self, key: str) -> Again:
        with self.lock:
            self.now[key] += 1
            self.most[key] = max(self.most[key], self.now[key])
            self.at_once = max(self.at_once, self.now.total())
        self.go.wait(20)
        with self.lock:
            self.now[key] -= 1
        if key == "bad":
            raise ValueError(key)
        return Again.LATER


def _ended(queue: Threads) -> None:
    assert idle(queue, SystemClock(), 20.0)


def test_a_key_that_is_worked_on_or_waits_is_not_taken_a_second_time() -> None:
    work = Work()
    queue = Threads(work, workers=1)
    assert [queue.put(key) for key in ("a", "a", "b", "b")] == [True, False, True, False]
    work.go.set()
    _ended(queue)
    assert sorted(queue.answers()) == [("a", Again.LATER), ("b", Again.LATER)]
    assert queue.answers() == []
    assert queue.put("a")
    _ended(queue)
    assert set(work.most.values()) == {1}


def test_no_more_are_at_work_than_there_are_workers() -> None:
    work = Work()
    queue = Threads(work, workers=3)
    assert all(queue.put(str(n)) for n in range(20))
    work.go.set()
    _ended(queue)
    assert len(queue.answers()) == 20
    assert work.at_once <= 3


def test_a_closed_queue_ends_what_is_at_work_and_begins_nothing() -> None:
    work = Work()
    queue = Threads(work, workers=1)
    queue.put("a")
    queue.put("b")
    queue.close()
    assert not queue.put("c")
    assert queue.busy() == {"a"}
    work.go.set()
    _ended(queue)
    assert queue.answers() == [("a", Again.LATER)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_breaks_is_answered_for_as_a_failure_and_blocks_nobody() -> None:
    work = Work()
    work.go.set()
    queue = Threads(work, workers=1)
    queue.put("bad")
    queue.put("good")
    _ended(queue)
    assert queue.answers() == [("bad", Again.AFTER_A_FAILURE), ("good", Again.LATER)]


def test_what_does_not_end_in_time_is_told() -> None:
    work = Work()
    queue = Threads(work, workers=1)
    queue.put("a")
    assert not idle(queue, SystemClock(speed=1000.0), 25.0)
    work.go.set()
    _ended(queue)
