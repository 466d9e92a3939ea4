"""A new release behind the load balancer: good, bad in every way that a release can be, and disturbed from outside."""

from __future__ import annotations

import pytest

from orchestrator.rollout import history
from orchestrator.rollout.decide import Need
from orchestrator.rollout.state import Outcome
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue."""
    stage.service()
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    return stage


def test_a_good_release_takes_all_traffic_on_the_other_colour_and_the_old_one_goes_to_zero(posts: Scene) -> None:
    result = posts.release("v2")
    assert result.outcome is Outcome.SUCCEEDED, posts.told()
    assert posts.weights() == {"blue": 0, "green": 100}
    assert posts.counts() == {"blue": (0, 0), "green": (2, 2)}
    assert posts.tags("green")["orchestrator:image"].startswith("v2@")
    assert sorted(posts.scaling()) == ["green"]
    assert posts.suspended() == {}
    assert posts.assess()["posts"].need is Need.NOTHING


def test_a_third_release_comes_back_to_the_first_colour(posts: Scene) -> None:
    posts.release("v2")
    assert posts.release("v3").outcome is Outcome.SUCCEEDED
    assert posts.weights() == {"blue": 100, "green": 0}
    assert posts.counts() == {"blue": (2, 2), "green": (0, 0)}


def test_a_bad_release_is_marked_so_that_nobody_takes_it_for_one_to_go_back_to(posts: Scene) -> None:
    result = posts.release("v2", "crash")
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, 10), posts.told()
    assert posts.tags("green")["orchestrator:release"].startswith("failed:")
    assert posts.assess()["posts"].need is Need.NOTHING


def test_what_aws_said_about_a_failure_is_kept_in_the_history(posts: Scene) -> None:
    posts.release("v2", "crash")
    record = next(history.records(posts.store, "forum", "posts"))
    assert (record["outcome"], record["exit_code"]) == ("rolled back", 10)
    assert record["why"].startswith("crashes (")
    assert all("posts exited with 1" in told for told in record["evidence"]["stopped"])
    assert len(record["evidence"]["stopped"]) == 2
    assert 1 <= len(record["evidence"]["events"]) <= 5


def test_a_missing_image_ends_at_the_first_failed_task_and_not_at_the_deadline(posts: Scene) -> None:
    began = posts.aws.clock.now()
    posts.release("v2", "pull-error")
    assert posts.aws.clock.now() - began < 200


def test_a_change_of_the_environment_alone_is_rolled_out_and_named(posts: Scene) -> None:
    posts.environment(LOG_LEVEL="debug")
    decision = posts.assess()["posts"]
    assert decision.need is Need.ROLLOUT
    assert decision.reasons == ("containerDefinitions posts environment LOG_LEVEL: info → debug",)
    assert posts.deploy()["posts"].outcome is Outcome.SUCCEEDED
    assert posts.weights() == {"blue": 0, "green": 100}


def test_weights_changed_by_somebody_else_stop_the_rollout_and_are_left_alone(posts: Scene) -> None:
    posts.push("v2")
    result = posts.deploy({"posts": "v2"}, sink=posts.when("bake", lambda: posts.weigh(70, 30)))["posts"]
    assert (result.outcome, result.exit_code) == (Outcome.STOPPED, 17), posts.told()
    assert "changed by somebody else" in result.why
    assert posts.weights() == {"blue": 70, "green": 30}


def test_weights_changed_while_nothing_is_rolled_out_are_put_right(posts: Scene) -> None:
    posts.weigh(70, 30)
    decision = posts.assess()["posts"]
    assert decision.need is Need.HEAL
    assert "weights are blue 70 %, green 30 %" in decision.reasons
    assert posts.deploy()["posts"].outcome is Outcome.SUCCEEDED
    assert posts.weights() == {"blue": 100, "green": 0}
    assert posts.assess()["posts"].need is Need.NOTHING


def test_the_new_side_gets_as_many_tasks_as_the_old_one_has_grown_to(posts: Scene) -> None:
    posts.aws.client("ecs").update_service(cluster="main", service="posts-blue", desiredCount=5)
    posts.aws.sleep(120)
    posts.release("v2")
    assert posts.counts()["green"] == (5, 5)


def test_the_record_tells_who_what_the_weights_over_time_and_the_outcome(posts: Scene) -> None:
    posts.release("v2")
    newest = next(history.records(posts.store, "forum", "posts"))
    assert newest["outcome"] == "succeeded"
    assert newest["by"] == "a test"
    assert newest["release"]["image"].startswith("v2@")
    assert [percent for _, percent in newest["weights"]] == [0, 100]
