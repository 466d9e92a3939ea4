"""When stacks are due: spread, repeated, pushed back after failures."""

from __future__ import annotations

from orchestrator.daemon.schedule import FIRST_PAUSE, FIRST_WITHIN, LONGEST_PAUSE, Again, Schedule


def _known(*keys: str, interval: float = 300.0, name: str = "one") -> Schedule:
    schedule = Schedule(name)
    for key in keys:
        schedule.keep(key, interval, 0.0)
    return schedule


def test_the_first_looks_of_many_stacks_are_spread_so_that_they_do_not_all_ask_aws_at_once() -> None:
    schedule = _known(*map(str, range(200)))
    soon = [len(schedule.take(at)) for at in range(0, int(FIRST_WITHIN) + 1, 5)]
    assert sum(soon) == 200
    assert max(soon) < 60


def test_a_stack_is_due_once_until_its_tick_is_settled() -> None:
    schedule = _known("a")
    assert schedule.take(FIRST_WITHIN) == ["a"]
    assert schedule.take(FIRST_WITHIN + 5000) == []
    schedule.settle("a", Again.LATER, 100.0)
    assert schedule.take(100.0 + 300 * 1.1) == ["a"]


def test_the_interval_jitters_by_a_tenth_and_differently_in_each_daemon() -> None:
    pauses = set()
    for name in ("one", "two", "three"):
        schedule = _known("a", name=name)
        schedule.take(FIRST_WITHIN)
        schedule.settle("a", Again.LATER, 1000.0)
        pauses.add((schedule.next() or 0.0) - 1000.0)
    assert len(pauses) == 3
    assert all(270 <= pause <= 330 for pause in pauses)


def test_failures_in_a_row_push_a_stack_back_further_and_further_and_only_that_stack() -> None:
    schedule = _known("bad", "good")
    now, pauses = 100.0, []
    for _ in range(9):
        schedule.take(now)
        schedule.settle("good", Again.LATER, now)
        schedule.settle("bad", Again.AFTER_A_FAILURE, now)
        entry = schedule.of("bad")
        assert entry and entry.at
        pauses.append(entry.at - now)
        now = entry.at
    assert pauses[0] <= FIRST_PAUSE * 1.1
    assert pauses[:6] == sorted(pauses[:6])
    assert LONGEST_PAUSE * 0.9 <= pauses[-1] <= LONGEST_PAUSE * 1.1
    good = schedule.of("good")
    assert good and good.failures == 0


def test_one_good_tick_forgets_all_failures() -> None:
    schedule = _known("a")
    schedule.take(50.0)
    for again in (Again.AFTER_A_FAILURE, Again.AFTER_A_FAILURE, Again.LATER, Again.AFTER_A_FAILURE):
        schedule.settle("a", again, 50.0)
    entry = schedule.of("a")
    assert entry and entry.at
    assert (entry.failures, entry.at <= 50.0 + FIRST_PAUSE * 1.1) == (1, True)


def test_what_has_more_to_do_is_due_at_once_but_after_those_that_wait_already() -> None:
    schedule = _known("rolling", "waiting")
    schedule.take(FIRST_WITHIN)
    schedule.settle("waiting", Again.SOON, 100.0)
    schedule.settle("rolling", Again.SOON, 101.0)
    assert schedule.take(101.0) == ["waiting", "rolling"]


def test_a_shorter_interval_counts_from_now_on_and_a_dropped_stack_is_not_due_again() -> None:
    schedule = _known("a", interval=3600.0)
    schedule.take(FIRST_WITHIN)
    schedule.settle("a", Again.LATER, 100.0)
    schedule.keep("a", 60.0, 100.0)
    assert schedule.take(160.0) == ["a"]
    schedule.drop("a")
    schedule.settle("a", Again.SOON, 160.0)
    assert schedule.next() is None


def test_somebody_who_asks_for_a_look_need_not_wait_but_never_starts_a_second_one() -> None:
    schedule = _known("a", interval=3600.0)
    schedule.hasten("a", 0.0)
    assert schedule.take(0.0) == ["a"]
    schedule.hasten("a", 1.0)
    assert schedule.take(1.0) == []
