"""The first release of a service: nothing runs yet, so there is nothing to shift from and nothing to go back to."""

from __future__ import annotations

from orchestrator.rollout.decide import Need
from orchestrator.rollout.state import Outcome
from tests.scenarios.rollouts.scene import Scene


def test_a_good_first_release_runs_the_planned_tasks_and_says_on_the_service_what_runs(stage: Scene) -> None:
    stage.service()
    assert stage.assess()["posts"].need is Need.FIRST
    result = stage.deploy()["posts"]
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, 0)
    assert stage.counts() == {"blue": (2, 2)}
    assert stage.weights() == {"blue": 100, "green": 0}
    tags = stage.tags("blue")
    assert tags["orchestrator:stack"] == "forum"
    assert tags["orchestrator:address"] == "service/posts-blue"
    assert tags["orchestrator:image"].startswith("v1@sha256:")
    assert tags["orchestrator:plan-image"] == "v1"
    assert tags["orchestrator:task-definition"] == "forum-posts:1"


def test_after_a_first_release_there_is_nothing_to_do(stage: Scene) -> None:
    stage.service()
    stage.deploy()
    before = len(stage.aws.sandbox.calls)
    assert stage.assess()["posts"].need is Need.NOTHING
    assert len(stage.aws.sandbox.calls) - before == 2


def test_a_first_release_that_failed_leaves_its_colour_the_one_to_try_again(stage: Scene) -> None:
    stage.service(image="bad")
    stage.push("bad", behaves="crash")
    assert stage.deploy()["posts"].outcome is Outcome.ROLLED_BACK
    decision = stage.assess()["posts"]
    assert (decision.live.active, decision.need) == ("blue", Need.FIRST)
