"""No request is lost in an undo; and where the order of things is wrong, it is seen that some are."""

from __future__ import annotations

import pytest

from orchestrator.rollout.driver import Job
from orchestrator.rollout.orders import Word, give
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import all_at_once
from orchestrator.rollout.survey import survey
from orchestrator.rollout.undo import undo
from tests.scenarios.rollouts.scene import Scene


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


def test_tasks_taken_away_before_their_traffic_are_seen_to_lose_requests(posts: Scene) -> None:
    posts.aws.client("ecs").update_service(cluster="main", service="posts-blue", desiredCount=0)
    assert _lost(posts) > 0
