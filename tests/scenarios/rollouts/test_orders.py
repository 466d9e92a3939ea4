"""A person steers a rollout: approves it, hurries it, takes it back, or undoes it when it is over."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import Refused
from orchestrator.rollout import orders
from orchestrator.rollout.driver import Job
from orchestrator.rollout.orders import Word
from orchestrator.rollout.release import OnConflict
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import all_at_once, canary, manual
from orchestrator.rollout.survey import survey
from orchestrator.rollout.undo import undo
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue."""
    stage.service(strategy=canary([(10, 600), (50, 600)], bake=30, hold=600))
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    return stage


def _order(posts: Scene, word: Word, reason: str = "") -> None:
    orders.give(posts.store, "forum", "posts", word, by="a person", at=posts.aws.clock.now(), reason=reason)


def _go_on(posts: Scene) -> Outcome:
    return posts.drive([Job(spec=posts.specs["posts"])])["posts"].outcome


def test_a_manual_release_waits_before_any_traffic_and_goes_on_when_approved(posts: Scene) -> None:
    posts.change(strategy=manual(bake=30, hold=0))
    paused = posts.release("v2")
    assert (paused.outcome, paused.exit_code) == (Outcome.PAUSED, 13)
    assert posts.weights() == {"blue": 100, "green": 0}
    assert posts.counts()["green"] == (2, 2)
    assert _go_on(posts) is Outcome.PAUSED
    _order(posts, Word.PROMOTE)
    assert _go_on(posts) is Outcome.SUCCEEDED
    assert posts.weights() == {"blue": 0, "green": 100}


def test_a_release_that_is_not_approved_is_taken_back(posts: Scene) -> None:
    posts.change(strategy=manual())
    posts.release("v2")
    _order(posts, Word.ABORT, "not today")
    assert _go_on(posts) is Outcome.ROLLED_BACK
    assert posts.counts() == {"blue": (2, 2), "green": (0, 0)}
    assert posts.suspended() == {}


@pytest.mark.parametrize("stage_name", ["suspend", "provision", "shift", "bake", "follow", "hold", "retire"])
def test_an_abort_takes_it_back_from_wherever_it_is(posts: Scene, stage_name: str) -> None:
    before = posts.standing()
    posts.push("v2")
    result = posts.deploy({"posts": "v2"}, sink=posts.when(stage_name, lambda: _order(posts, Word.ABORT)))["posts"]
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, 10), posts.told()
    assert result.why == "abort by a person"
    assert posts.standing() == before


@pytest.mark.parametrize("stage_name", ["suspend", "provision", "shift", "follow", "hold", "retire"])
def test_a_promotion_leaves_nothing_out_but_what_only_watches(posts: Scene, stage_name: str) -> None:
    posts.change(strategy=canary([(10, 60)], bake=30, hold=60))
    posts.push("v2")
    result = posts.deploy({"posts": "v2"}, sink=posts.when(stage_name, lambda: _order(posts, Word.PROMOTE)))["posts"]
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, 0), posts.told()
    assert posts.standing()["counts"] == {"green": (2, 2)}
    assert (posts.weights(), posts.suspended()) == ({"blue": 0, "green": 100}, {})


def test_a_promotion_ends_the_present_watch_only(posts: Scene) -> None:
    posts.push("v2")
    began = posts.aws.clock.now()
    result = posts.deploy({"posts": "v2"}, sink=posts.when("bake", lambda: _order(posts, Word.PROMOTE)))["posts"]
    assert result.outcome is Outcome.SUCCEEDED
    assert 1200 < posts.aws.clock.now() - began < 1800


def test_a_full_promotion_goes_to_all_the_traffic_and_needs_a_reason(posts: Scene) -> None:
    posts.push("v2")
    began = posts.aws.clock.now()
    hurry = posts.when("bake", lambda: _order(posts, Word.PROMOTE_FULLY, "outage"))
    result = posts.deploy({"posts": "v2"}, sink=hurry)["posts"]
    assert result.outcome is Outcome.SUCCEEDED
    assert posts.aws.clock.now() - began < 400
    assert result.cursor is not None
    assert "promote fully by a person: outage" in [entry["note"] for entry in result.cursor.journal]
    posts.push("v3")
    posts.deploy({"posts": "v3"}, patience=0)
    with pytest.raises(Refused, match="needs a reason"):
        _order(posts, Word.PROMOTE_FULLY)


def test_an_order_for_a_rollout_that_is_over_is_refused(posts: Scene) -> None:
    with pytest.raises(Refused, match="is not being rolled out"):
        _order(posts, Word.ABORT)


def test_undoing_after_the_end_rolls_out_the_very_revision_that_ran_before(posts: Scene) -> None:
    posts.change(strategy=all_at_once(bake=0, hold=0))
    posts.release("v2")
    spec = posts.specs["posts"]
    decision = undo(posts.door, spec, survey(posts.door, [spec])["posts"], posts.store)
    result = posts.drive([Job(spec=spec, decision=decision)])["posts"]
    assert result.outcome is Outcome.SUCCEEDED
    assert posts.tags("blue")["orchestrator:image"].startswith("v1@")
    assert posts.tags("blue")["orchestrator:task-definition"] == "forum-posts:1"
    assert posts.weights() == {"blue": 100, "green": 0}
    assert not posts.assess()["posts"].acts


@pytest.mark.parametrize(
    ("policy", "second", "runs"),
    [
        (OnConflict.REFUSE, Outcome.REFUSED, "v1"),
        (OnConflict.SUPERSEDE, Outcome.SUCCEEDED, "v3"),
        (OnConflict.QUEUE, Outcome.SUCCEEDED, "v3"),
    ],
)
def test_a_second_release_meets_one_that_was_handed_over_by_the_services_policy(
    posts: Scene, policy: OnConflict, second: Outcome, runs: str
) -> None:
    quick = all_at_once(bake=30, hold=0)
    posts.change(strategy=quick, on_conflict=policy)
    posts.push("v2")
    posts.push("v3")
    handed_over = posts.deploy({"posts": "v2"}, patience=0)["posts"]
    assert handed_over.outcome is Outcome.TIMED_OUT
    result = posts.deploy({"posts": "v3"})["posts"]
    assert result.outcome is second, result.why
    live = survey(posts.door, [posts.specs["posts"]])["posts"]
    assert live.image.startswith(f"{runs}@")
    assert result.exit_code == (16 if policy is OnConflict.REFUSE else 0)


def test_a_newer_release_while_the_last_one_is_held_ends_the_hold_and_not_the_release(posts: Scene) -> None:
    posts.change(strategy=all_at_once(bake=0, hold=600))
    posts.push("v2")
    posts.push("v3")
    assert posts.deploy({"posts": "v2"}, patience=200)["posts"].outcome is Outcome.TIMED_OUT
    assert posts.deploy({"posts": "v3"})["posts"].outcome is Outcome.SUCCEEDED
    assert posts.weights() == {"blue": 100, "green": 0}
    assert [r["outcome"] for r in _records(posts)][:2] == ["succeeded", "succeeded"]


def _records(posts: Scene) -> list[dict[str, object]]:
    from orchestrator.rollout import history

    return [dict(r) for r in history.records(posts.store, "forum", "posts")]
