"""Virtual time: it passes in sleeps, in the order of their ends, and for several threads at once."""

from __future__ import annotations

import threading
import time

import pytest

from orchestrator.sandbox.clock import SpeedClock, VirtualClock


def test_a_sleep_ends_at_its_deadline_and_takes_no_real_time() -> None:
    clock = VirtualClock(start=1000.0)
    clock.sleep(3600)
    clock.sleep(-5)
    assert clock.now() == 4600.0


def test_a_thread_that_sleeps_long_does_not_outrun_one_that_sleeps_often() -> None:
    clock = VirtualClock(start=0.0, patience=5.0)
    seen: list[tuple[str, float]] = []
    ready = threading.Barrier(2)

    def sleeper(name: str, naps: int, seconds: float) -> None:
        clock.sleep(0)
        ready.wait()
        for _ in range(naps):
            clock.sleep(seconds)
            seen.append((name, clock.now()))

    threads = [
        threading.Thread(target=sleeper, args=("long", 1, 100.0)),
        threading.Thread(target=sleeper, args=("often", 9, 10.0)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [("often", 10.0 * turn) for turn in range(1, 10)] + [("long", 100.0)]


def test_a_thread_that_waits_for_something_else_does_not_stop_time_for_ever() -> None:
    clock = VirtualClock(start=0.0, patience=0.01)
    napped, leave = threading.Event(), threading.Event()

    def stuck() -> None:
        clock.sleep(1)
        napped.set()
        leave.wait()

    thread = threading.Thread(target=stuck)
    thread.start()
    napped.wait()
    clock.sleep(50)
    assert clock.now() >= 50.0
    leave.set()
    thread.join()


def test_time_does_not_run_away_while_one_thread_waits_for_the_work_of_another() -> None:
    clock, ended = VirtualClock(start=0.0, patience=0.01), threading.Event()
    after: list[float] = []

    def heart() -> None:
        while not ended.is_set():
            clock.sleep(20)

    def work() -> None:
        clock.now()
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            pass
        after.append(clock.now())

    beating, working = threading.Thread(target=heart), threading.Thread(target=work)
    clock.sleep(1)
    working.start()
    beating.start()
    working.join()
    ended.set()
    clock.sleep(20)
    beating.join()
    assert after[0] <= 21.0, "of the beats only one may have been before the work began"


def test_time_stands_still_while_a_request_is_answered() -> None:
    clock = VirtualClock(start=0.0, patience=0.0)
    sleeper = threading.Thread(target=clock.sleep, args=(10,))
    with clock.hold():
        sleeper.start()
        sleeper.join(0.1)
        assert clock.now() == 0.0
        assert sleeper.is_alive()
    sleeper.join()
    assert clock.now() == 10.0


def test_a_sleep_that_is_woken_ends_early() -> None:
    clock = VirtualClock(start=0.0)
    wake = threading.Event()
    wake.set()
    clock.sleep(60, wake)
    assert clock.now() == 0.0


def test_a_clock_that_is_advanced_wakes_whoever_is_due() -> None:
    clock = VirtualClock(start=0.0)
    clock.advance(30)
    clock.sleep(10)
    assert clock.now() == 40.0


@pytest.mark.parametrize("seconds", [90.0, -90.0])
def test_real_time_can_be_pushed_forward_but_not_back(seconds: float) -> None:
    clock = SpeedClock(1.0)
    before = clock.now()
    clock.advance(seconds)
    assert clock.now() - before >= max(0.0, seconds)
