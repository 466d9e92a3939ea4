"""Rollouts in a world that does not stand still: tasks are killed, auto scaling acts, releases go bad late."""

from __future__ import annotations

import pytest

from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import all_at_once, canary, linear
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue, released by canary."""
    stage.service(strategy=canary([(10, 120), (50, 120)], bake=60, hold=0))
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    return stage


def _kill_one(posts: Scene, service: str) -> None:
    ecs = posts.aws.client("ecs")
    task = ecs.list_tasks(cluster="main", serviceName=service)["taskArns"][0]
    ecs.stop_task(cluster="main", task=task, reason="chaos")


def test_a_canary_shows_each_of_its_steps_to_those_who_watch(posts: Scene) -> None:
    assert posts.release("v2").outcome is Outcome.SUCCEEDED
    shares = [event.details["percent"] for event in posts.events if event.details["phase"] == "forward"]
    assert list(dict.fromkeys(shares)) == [0, 10, 50, 100]


def test_a_linear_release_takes_equal_steps(posts: Scene) -> None:
    posts.change(strategy=linear(25, 30, bake=0, hold=0))
    assert posts.release("v2").outcome is Outcome.SUCCEEDED
    assert list(dict.fromkeys(event.details["percent"] for event in posts.events)) == [0, 25, 50, 75, 100]


def test_a_task_that_is_killed_during_the_shift_is_replaced_and_the_release_arrives(posts: Scene) -> None:
    posts.push("v2")
    result = posts.deploy({"posts": "v2"}, sink=posts.when("bake", lambda: _kill_one(posts, "posts-green")))["posts"]
    assert result.outcome is Outcome.SUCCEEDED, posts.told()
    assert posts.counts() == {"blue": (0, 0), "green": (2, 2)}


def test_the_new_side_grows_with_the_old_one_before_it_gets_half_of_the_traffic(posts: Scene) -> None:
    def scale_out() -> None:
        posts.aws.client("ecs").update_service(cluster="main", service="posts-blue", desiredCount=5)

    posts.push("v2")
    result = posts.deploy({"posts": "v2"}, sink=posts.when("bake", scale_out))["posts"]
    assert result.outcome is Outcome.SUCCEEDED, posts.told()
    assert posts.counts() == {"blue": (0, 0), "green": (5, 5)}


def test_scaling_in_of_the_old_side_is_held_during_the_shift_and_scaling_out_is_not(posts: Scene) -> None:
    held: list[dict[str, list[str]]] = []
    posts.push("v2")
    posts.deploy({"posts": "v2"}, sink=posts.when("bake", lambda: held.append(posts.suspended())))
    assert held == [{"blue": ["DynamicScalingInSuspended", "ScheduledScalingSuspended"]}]


def test_scaling_that_somebody_had_suspended_is_as_suspended_afterwards(posts: Scene) -> None:
    posts.aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/main/posts-blue",
        ScalableDimension="ecs:service:DesiredCount",
        SuspendedState={"DynamicScalingOutSuspended": True},
    )
    posts.release("v2")
    assert posts.suspended() == {"green": ["DynamicScalingOutSuspended"]}
    posts.release("v3", "pull-error")
    assert posts.suspended() == {"green": ["DynamicScalingOutSuspended"]}


def test_a_strategy_changes_without_anything_else_changing(posts: Scene) -> None:
    posts.change(strategy=all_at_once(bake=0, hold=0))
    assert not posts.assess()["posts"].acts


def test_an_idle_side_that_somebody_deleted_is_made_again(posts: Scene) -> None:
    posts.release("v2")
    ecs = posts.aws.client("ecs")
    ecs.delete_service(cluster="main", service="posts-blue", force=True)
    posts.aws.sleep(300)
    assert posts.release("v3").outcome is Outcome.SUCCEEDED, posts.told()
    assert posts.counts()["blue"] == (2, 2)


def test_only_the_newest_revisions_and_those_in_use_are_kept(posts: Scene) -> None:
    posts.change(strategy=all_at_once(bake=0, hold=0))
    ecs = posts.aws.client("ecs")
    definition = ecs.describe_task_definition(taskDefinition="forum-posts:1")["taskDefinition"]
    kept = ("family", "containerDefinitions", "networkMode", "cpu", "memory", "executionRoleArn")
    for number in range(2, 15):
        again = {k: definition[k] for k in kept} | {"requiresCompatibilities": ["FARGATE"]}
        again["containerDefinitions"] = [
            {**again["containerDefinitions"][0], "environment": [{"name": "N", "value": str(number)}]}
        ]
        ecs.register_task_definition(**again)
    assert posts.release("v2").outcome is Outcome.SUCCEEDED
    listed = ecs.list_task_definitions(familyPrefix="forum-posts", status="ACTIVE")["taskDefinitionArns"]
    assert sorted(int(arn.rpartition(":")[2]) for arn in listed) == [1, *range(6, 16)]
