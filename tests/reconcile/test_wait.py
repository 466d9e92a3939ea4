"""When the poller looks, and for whom."""

from __future__ import annotations

from orchestrator.reconcile.wait import Poller
from tests.reconcile.fakes import Clock


def look(poller: Poller[object], kind: str) -> list[object]:
    assert poller.due() == [kind]
    return poller.answered(kind)


def test_all_who_wait_for_a_kind_share_one_look() -> None:
    clock = Clock()
    poller: Poller[object] = Poller(clock)
    for who in "abc":
        poller.join("endpoint", who)
    assert poller.due() == []
    clock.sleep(1)
    assert look(poller, "endpoint") == ["a", "b", "c"]
    assert poller.next_at() is None


def test_a_look_under_way_does_not_count_for_those_who_come_after_it_began() -> None:
    clock = Clock()
    poller: Poller[object] = Poller(clock)
    poller.join("endpoint", "early")
    clock.sleep(1)
    assert poller.due() == ["endpoint"]
    poller.join("endpoint", "late")
    clock.sleep(5)
    assert poller.due() == []
    assert poller.answered("endpoint") == ["early"]
    assert look(poller, "endpoint") == ["late"]


def test_looks_become_rarer_up_to_ten_seconds_while_nobody_new_comes() -> None:
    clock = Clock()
    poller: Poller[object] = Poller(clock)
    gaps = []
    for _ in range(9):
        asked = clock.now()
        poller.join("gateway", "a")
        clock.sleep((poller.next_at() or 0) - clock.now())
        gaps.append(round(clock.now() - asked, 2))
        look(poller, "gateway")
    assert gaps == [1.0, 1.5, 2.25, 3.38, 5.06, 7.59, 10.0, 10.0, 10.0]


def test_somebody_new_is_not_made_to_wait_for_the_slow() -> None:
    clock = Clock()
    poller: Poller[object] = Poller(clock)
    for _ in range(9):
        poller.join("gateway", "slow")
        clock.sleep((poller.next_at() or 0) - clock.now())
        look(poller, "gateway")
    poller.join("gateway", "slow")
    poller.join("gateway", "new")
    assert poller.next_at() == clock.now() + 1


def test_a_look_that_failed_is_done_again_for_the_same_and_those_who_came_since() -> None:
    clock = Clock()
    poller: Poller[object] = Poller(clock)
    poller.join("gateway", "a")
    clock.sleep(1)
    poller.due()
    poller.join("gateway", "b")
    poller.again("gateway")
    clock.sleep(10)
    assert look(poller, "gateway") == ["a", "b"]


def test_kinds_are_looked_at_apart() -> None:
    clock = Clock()
    poller: Poller[object] = Poller(clock)
    poller.join("gateway", "a")
    clock.sleep(0.5)
    poller.join("endpoint", "b")
    clock.sleep(0.5)
    assert poller.due() == ["gateway"]
    clock.sleep(0.5)
    assert poller.due() == ["endpoint"]


def test_leaving_takes_along_everybody_whose_look_has_not_begun() -> None:
    clock = Clock()
    poller: Poller[object] = Poller(clock)
    poller.join("gateway", "looking")
    clock.sleep(1)
    poller.due()
    poller.join("gateway", "waiting")
    assert poller.leave() == ["waiting"]
    assert poller.answered("gateway") == ["looking"]
