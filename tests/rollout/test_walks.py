"""Every strategy walked to its end without AWS, dying at every single effect on the way."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable

import pytest

from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Judgement, Limits
from orchestrator.rollout.state import Cursor, Outcome
from orchestrator.rollout.strategies import Strategy, all_at_once, canary, linear, rolling, route
from tests.rollout.theatre import Theatre

STRATEGIES = {
    "all-at-once": all_at_once(bake=30, hold=30),
    "canary": canary([(10, 60), (50, 60)], bake=30, hold=30),
    "linear": linear(25, 30, bake=30, hold=30),
}


def _walk(strategy: Strategy, *, breaks: float | None = None, fuse: int | None = None) -> tuple[Cursor, Theatre]:
    fails: Callable[[float], bool] = (lambda _: False) if breaks is None else (lambda now: now >= breaks)
    theatre = Theatre(breaks=fails)
    return theatre.walk(route(strategy, balanced=True, first=False, deadline=600), fuse=fuse), theatre


def _end(cursor: Cursor, theatre: Theatre) -> tuple[object, ...]:
    counts = {colour: live.desired for colour, live in theatre.colours.items()}
    return cursor.outcome, theatre.share, counts, theatre.held


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_good_release_ends_with_all_the_traffic_and_the_old_side_at_zero(name: str) -> None:
    assert _end(*_walk(STRATEGIES[name])) == (
        Outcome.SUCCEEDED,
        100,
        {"blue": 0, "green": 4},
        {"green": {"suspended": False}},
    )


@pytest.mark.parametrize("breaks", [25, 45, 70, 140], ids=lambda at: f"broken from {at} s on")
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_release_that_breaks_at_any_time_before_the_end_is_taken_back(name: str, breaks: float) -> None:
    cursor, theatre = _walk(STRATEGIES[name], breaks=breaks)
    if breaks == 140 and name == "all-at-once":  # by then it has long succeeded
        assert cursor.outcome is Outcome.SUCCEEDED
        return
    assert _end(cursor, theatre) == (
        Outcome.ROLLED_BACK,
        0,
        {"blue": 4, "green": 0},
        {"blue": {"suspended": False}},
    )


@pytest.mark.parametrize("breaks", [None, 25, 70], ids=["good", "never healthy", "broken under traffic"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_dying_at_any_effect_changes_nothing_about_the_end(name: str, breaks: float | None) -> None:
    straight, theatre = _walk(STRATEGIES[name], breaks=breaks)
    for fuse in range(1, theatre.effects + 1):
        cursor, other = _walk(STRATEGIES[name], breaks=breaks, fuse=fuse)
        assert _end(cursor, other) == _end(straight, theatre), fuse


@pytest.mark.parametrize("breaks", [None, 0], ids=["good", "bad"])
def test_dying_at_any_effect_of_a_rolling_release_changes_nothing_about_the_end(breaks: float | None) -> None:
    def walk(fuse: int | None) -> tuple[object, ...]:
        theatre = Theatre(breaks=lambda now: breaks is not None and now >= breaks)
        way = route(rolling(bake=10), balanced=False, first=False, deadline=120)
        cursor = theatre.walk(way, fuse=fuse, in_place=True)
        effects.append(theatre.effects)
        blue = theatre.colours["blue"]
        return cursor.outcome, blue.runs, blue.desired, blue.label

    effects: list[int] = []
    straight = walk(None)
    assert straight[0] is (Outcome.SUCCEEDED if breaks is None else Outcome.ROLLED_BACK)
    for fuse in range(1, effects[0] + 1):
        assert walk(fuse) == straight, fuse


def test_a_rolling_release_that_is_stopped_before_anything_was_deployed_deploys_nothing_to_go_back() -> None:
    theatre = Theatre()
    theatre.answers = lambda _: Judgement.FAIL
    strategy = dc.replace(rolling(bake=10), check=(Alarms(names=("errors",)),))
    cursor = theatre.walk(route(strategy, balanced=False, first=False, deadline=120), in_place=True)
    assert (cursor.outcome, theatre.deployments) == (Outcome.ROLLED_BACK, 0)


def test_a_first_release_that_never_gets_healthy_is_sent_to_zero() -> None:
    theatre = Theatre(breaks=lambda _: True)
    cursor = theatre.walk(route(all_at_once(), balanced=True, first=True, deadline=120), first=True)
    assert cursor.outcome is Outcome.ROLLED_BACK
    assert theatre.colours["blue"].desired == 0


def test_traffic_goes_up_only_in_the_steps_of_the_strategy() -> None:
    _, theatre = _walk(canary([(10, 60), (50, 60)]))
    assert [step for step in theatre.log if step[0] == "weigh"] == [("weigh", 10), ("weigh", 50), ("weigh", 100)]


def test_weights_that_are_shown_late_are_waited_for_and_not_set_without_a_pause() -> None:
    theatre = Theatre()
    theatre.late = 30.0
    cursor = theatre.walk(route(canary([(10, 60)]), balanced=True, first=False, deadline=600))
    assert cursor.outcome is Outcome.SUCCEEDED
    assert [share for _, share in theatre.weighed] == [10, 100]
    assert theatre.writes < 20


def _watched(answers: Callable[[float], Judgement], limits: Limits) -> tuple[Cursor, Theatre]:
    theatre = Theatre()
    theatre.answers = answers
    gate = Alarms(names=("errors",), limits=limits)
    strategy = dc.replace(canary([(10, 300)]), watch=(gate,))
    return theatre.walk(route(strategy, balanced=True, first=False, deadline=600)), theatre


def test_a_gate_that_fails_once_more_than_it_may_takes_the_release_back() -> None:
    fails_at = 150.0
    cursor, theatre = _watched(
        lambda now: Judgement.FAIL if now >= fails_at else Judgement.PASS, Limits(every=30, failures=1)
    )
    assert cursor.outcome is Outcome.ROLLED_BACK
    assert theatre.share == 0
    assert cursor.turned >= fails_at + 30


def test_answers_that_tell_nothing_are_not_a_pass_however_long_they_go_on() -> None:
    cursor, _ = _watched(lambda _: Judgement.INCONCLUSIVE, Limits(every=30, samples=1))
    assert cursor.outcome is Outcome.ROLLED_BACK
    assert cursor.why == "no verdict: alarms errors: as told (0 of 1 good samples)"


def test_errors_are_forgiven_unless_too_many_come_in_a_row() -> None:
    answers = {n: Judgement.ERROR if n % 3 else Judgement.PASS for n in range(1000)}
    cursor, _ = _watched(lambda now: answers[int(now // 30)], Limits(every=30, errors=2))
    assert cursor.outcome is Outcome.SUCCEEDED
    cursor, _ = _watched(lambda _: Judgement.ERROR, Limits(every=30, errors=2))
    assert "cannot be judged" in cursor.why


def test_a_frozen_failure_leaves_everything_where_it_is_for_a_person() -> None:
    theatre = Theatre(breaks=lambda now: now > 50)
    way = route(canary([(10, 60)]), balanced=True, first=False, deadline=600)
    theatre.freeze = True
    cursor = theatre.walk(way)
    assert (cursor.outcome, theatre.share, theatre.colours["green"].desired) == (Outcome.STOPPED, 10, 4)


def _first(answers: Callable[[float], Judgement]) -> tuple[Cursor, Theatre]:
    theatre = Theatre()
    theatre.answers = answers
    strategy = dc.replace(all_at_once(), test=(Alarms(names=("errors",), limits=Limits(every=10)),))
    return theatre.walk(route(strategy, balanced=True, first=True, deadline=600), first=True), theatre


def test_a_first_release_goes_on_past_gates_of_which_nothing_can_be_told() -> None:
    cursor, theatre = _first(lambda _: Judgement.INCONCLUSIVE)
    assert (cursor.outcome, theatre.colours["blue"].desired) == (Outcome.SUCCEEDED, 4)
    assert any("nothing can be told" in entry["note"] for entry in cursor.journal)


def test_after_a_first_release_test_requests_reach_the_side_that_nobody_else_does() -> None:
    _, theatre = _first(lambda _: Judgement.PASS)
    assert theatre.tested == "green"


@pytest.mark.parametrize("answer", [Judgement.FAIL, Judgement.ERROR])
def test_a_first_release_is_held_to_what_its_gates_do_tell(answer: Judgement) -> None:
    cursor, theatre = _first(lambda _: answer)
    assert (cursor.outcome, theatre.colours["blue"].desired) == (Outcome.ROLLED_BACK, 0)
