"""No request is lost: not in a good release by any strategy, not in an undo, not when a bad one is caught in time."""

from __future__ import annotations

import pytest

from orchestrator.rollout.driver import Job
from orchestrator.rollout.orders import Word, give
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import Strategy, all_at_once, canary, linear, rolling
from orchestrator.rollout.survey import survey
from orchestrator.rollout.undo import undo
from tests.scenarios.rollouts.scene import Scene

STRATEGIES = {
    "all-at-once": all_at_once(bake=60, hold=60),
    "canary": canary([(10, 120), (50, 60)], bake=60, hold=60),
    "linear": linear(25, 60, bake=0, hold=0),
    "rolling": rolling(bake=60),
}


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue, asked a thousand times a minute."""
    stage.aws.sandbox.world.traffic.rate = 1000.0
    stage.service()
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    return stage


def _lost(posts: Scene) -> int:
    ledger = posts.aws.sandbox.world.traffic.ledger
    posts.aws.sleep(60)
    posts.counts()  # the world catches up when it is asked something
    assert ledger.requests > 1000
    return ledger.failed


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_a_good_release_loses_no_request(posts: Scene, strategy: Strategy) -> None:
    posts.change(strategy=strategy)
    assert posts.release("v2").outcome is Outcome.SUCCEEDED
    assert _lost(posts) == 0


@pytest.mark.parametrize("behaves", ["crash", "unhealthy", "pull-error", "slow=600"])
def test_a_bad_release_that_is_caught_before_traffic_loses_no_request(posts: Scene, behaves: str) -> None:
    posts.change(deadline=300.0)
    assert posts.release("v2", behaves).outcome is Outcome.ROLLED_BACK
    assert _lost(posts) == 0


def test_undoing_inside_the_hold_loses_no_request(posts: Scene) -> None:
    posts.change(strategy=all_at_once(bake=0, hold=600))
    posts.push("v2")

    def abort() -> None:
        give(posts.store, "forum", "posts", Word.ABORT, by="a person", at=posts.aws.clock.now())

    assert posts.deploy({"posts": "v2"}, sink=posts.when("hold", abort))["posts"].outcome is Outcome.ROLLED_BACK
    assert _lost(posts) == 0


def test_undoing_after_the_hold_loses_no_request(posts: Scene) -> None:
    posts.release("v2")
    spec = posts.specs["posts"]
    decision = undo(posts.door, spec, survey(posts.door, [spec])["posts"], posts.store)
    assert posts.drive([Job(spec=spec, decision=decision)])["posts"].outcome is Outcome.SUCCEEDED
    assert _lost(posts) == 0


def test_traffic_moved_by_hand_to_a_side_without_tasks_is_seen_to_lose_requests(posts: Scene) -> None:
    posts.weigh(0, 100)
    assert _lost(posts) > 0


def test_a_release_that_crashes_late_is_taken_back_while_it_is_watched(posts: Scene) -> None:
    posts.change(strategy=canary([(10, 900)]))
    result = posts.release("v2", "late-crash=120")
    assert result.outcome is Outcome.ROLLED_BACK, posts.told()
    assert "exited with 1" in result.why
    assert posts.weights() == {"blue": 100, "green": 0}
    assert posts.counts() == {"blue": (2, 2), "green": (0, 0)}
