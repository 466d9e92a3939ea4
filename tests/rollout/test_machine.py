"""What each verdict makes of a cursor, and that a cursor survives being stored."""

from __future__ import annotations

import dataclasses as dc
import json

from orchestrator.rollout import machine
from orchestrator.rollout.stages.base import Attempt
from orchestrator.rollout.stages.traffic import Approve
from orchestrator.rollout.stages.verdicts import Done, Fail, Halt, Pause, Superseded, Wait
from orchestrator.rollout.state import Cursor, Outcome, Phase, as_json, from_json
from tests.rollout.makers import cursor


def _names(walking: tuple[object, ...]) -> list[str]:
    return [stage.name for stage in walking]  # type: ignore[attr-defined]


def test_done_goes_to_the_next_stage_and_starts_its_age_anew() -> None:
    after = machine.advance(cursor(), Done("ready"), 12.0)
    assert (after.at, after.since, after.outcome) == (1, 12.0, None)
    assert after.journal[-1]["note"] == "ready"


def test_waiting_changes_nothing_before_the_deadline_and_fails_after_it() -> None:
    at_provision = cursor(at=2)
    assert machine.advance(at_provision, Wait("starting"), 899.0) is at_provision
    after = machine.advance(at_provision, Wait("starting"), 900.0)
    assert (after.phase, after.why) == (Phase.BACK, "the rollout's deadline has passed: starting")


def test_a_stage_that_only_watches_is_not_ended_by_the_deadline_of_the_whole() -> None:
    baking = cursor(at=4)
    assert baking.stage is not None
    assert baking.stage.name == "bake"
    assert machine.advance(baking, Wait("watching"), 5000.0) is baking


def test_a_failure_turns_back_with_its_evidence() -> None:
    after = machine.advance(cursor(at=4), Fail("crashes", {"events": ["x"]}), 5.0)
    assert (after.phase, after.at, after.why, after.evidence) == (Phase.BACK, 0, "crashes", {"events": ["x"]})


def test_a_failure_on_the_way_back_starts_the_same_stage_again() -> None:
    back = cursor(phase=Phase.BACK, at=1, turned=100.0, why="crashes")
    after = machine.advance(back, Fail("throttled"), 200.0)
    assert (after.phase, after.at, after.since, after.outcome, after.why) == (Phase.BACK, 1, 200.0, None, "crashes")


def test_going_back_for_too_long_is_reported_as_failed_and_goes_on_when_taken_up() -> None:
    back = cursor(phase=Phase.BACK, at=1, turned=100.0, why="crashes")
    after = machine.advance(back, Fail("no healthy task"), 100.0 + machine.BACK_WITHIN)
    assert (after.outcome, after.outcome and after.outcome.exit_code) == (Outcome.ROLLBACK_FAILED, 11)
    assert after.why == "crashes; no healthy task"
    resumed = machine.resume(after, 5000.0)
    assert (resumed.phase, resumed.outcome) == (Phase.BACK, None)


def test_a_foreign_change_stops_and_keeps_the_place() -> None:
    after = machine.advance(cursor(at=4), Halt("70/30"), 5.0)
    assert (after.phase, after.at, after.outcome) == (Phase.FORWARD, 4, Outcome.STOPPED)


def test_a_pause_keeps_the_place() -> None:
    after = machine.advance(cursor(at=3), Pause("waits"), 5.0)
    assert (after.phase, after.at, after.outcome) == (Phase.FORWARD, 3, Outcome.PAUSED)


def test_what_kept_a_rollout_waiting_is_forgotten_when_it_goes_on() -> None:
    paused = machine.advance(cursor(at=2), Pause("waits"), 5.0)
    resumed = machine.resume(paused, 6.0)
    assert (resumed.outcome, resumed.why) == (None, "")


def test_the_time_in_which_nobody_drove_a_rollout_is_held_against_no_deadline() -> None:
    waiting = cursor(at=2, since=100.0, driven=130.0, deadline=1000.0)
    resumed = machine.resume(waiting, 5000.0)
    assert (5000.0 - resumed.since, resumed.deadline - 5000.0) == (30.0, 870.0)
    assert machine.advance(resumed, Wait("1 of 2 tasks running"), 5001.0).phase is Phase.FORWARD


def test_a_bake_goes_on_while_nobody_watches_and_leaves_the_rest_its_time() -> None:
    resumed = machine.resume(cursor(at=4, since=100.0, driven=130.0, deadline=1000.0), 5000.0)
    assert (resumed.since, resumed.deadline - 5000.0) == (100.0, 870.0)


def test_waiting_for_a_person_is_excused_when_they_have_spoken_and_only_once() -> None:
    paused = cursor(forward=(Approve(),), since=100.0, driven=130.0, deadline=1000.0)
    assert machine.resume(paused, 5000.0).deadline == 1000.0


def test_a_superseded_rollout_takes_its_traffic_back_but_leaves_the_service_to_the_other() -> None:
    after = machine.advance(cursor(at=4), Superseded("theirs"), 5.0)
    assert after.phase is Phase.YIELDING
    assert _names(after.walking) == ["ready", "shift", "follow"]
    ended = machine.advance(dc.replace(after, at=2), Done(), 6.0)
    assert (ended.phase, ended.outcome) == (Phase.ENDED, Outcome.SUPERSEDED)


def test_a_newer_release_sends_back_what_has_not_proved_itself_and_ends_it_as_superseded() -> None:
    after = machine.give_way(cursor(at=4), "newer", 5.0)
    assert (after.phase, after.ending) == (Phase.BACK, Outcome.SUPERSEDED)


def test_a_newer_release_while_holding_ends_the_hold_and_keeps_the_release() -> None:
    holding = cursor(at=6)
    assert holding.stage is not None
    assert holding.stage.name == "hold"
    after = machine.give_way(holding, "newer", 5.0)
    assert (after.phase, _names(after.walking[after.at :])) == (Phase.FORWARD, ["retire", "arm", "tidy"])


def test_a_cursor_is_the_same_after_being_stored() -> None:
    busy = cursor(at=4, outcome=Outcome.STOPPED, ending=Outcome.SUPERSEDED, journal=({"at": 1.0, "percent": 0},))
    facts = dc.replace(
        busy.facts, attempts={"release": Attempt(asked=True, id="ecs-svc/1", at=3.0)}, scaling={"a": True}
    )
    busy = dc.replace(busy, facts=facts)
    assert from_json(json.loads(json.dumps(as_json(busy)))) == busy


def test_what_fails_while_clearing_up_does_not_take_a_good_release_back() -> None:
    retiring = cursor(at=7)
    assert retiring.stage is not None
    assert retiring.stage.name == "retire"
    after = machine.advance(retiring, Fail("AccessDenied"), 5.0)
    assert (after.phase, after.at, after.journal[-1]["note"]) == (Phase.FORWARD, 8, "AccessDenied")


def _approving(**more: object) -> Cursor:
    asking = cursor(**more)
    return dc.replace(asking, forward=(*asking.forward[:4], Approve(), *asking.forward[4:]), at=4, since=100.0)


def test_the_time_in_which_people_were_asked_is_told_apart_however_they_answer() -> None:
    assert machine.advance(_approving(), Done("approved"), 700.0).waited == 600
    assert machine.turn_back(_approving(), "abort by ann", 400.0).waited == 300
    assert machine.hurry(_approving(), 300.0).waited == 200
    assert machine.advance(cursor(at=4), Done(), 700.0).waited == 0, "what is watched waits for nobody"


def test_the_time_for_which_a_failure_was_frozen_is_time_that_waited_for_people() -> None:
    frozen = machine.advance(cursor(at=4, freeze=True), Fail("crashes"), 50.0)
    resumed = machine.resume(dc.replace(frozen, driven=60.0), 1060.0)
    assert (resumed.waited, machine.turn_back(resumed, "abort by ann", 1070.0).waited) == (1000, 1000)


def test_a_cursor_that_an_older_version_has_stored_has_waited_for_nobody() -> None:
    stored = {name: value for name, value in as_json(cursor()).items() if name != "waited"}
    assert from_json(stored).waited == 0
