"""Releases of a running forum: a good one, bad ones, one after auto scaling has grown it, one by a changed plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.app.ending import Outcome
from tests.scenarios.forum import colours
from tests.scenarios.forum.forum import PLAN, Forum, edited
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, twice


def _as_planned(stage: Forum) -> None:
    assert stage.wrong == []
    assert twice(stage.account) == []
    outlook = stage.look()
    assert outlook.empty


def test_a_good_release_takes_the_traffic_the_scaling_and_the_alarms_along(running: Forum) -> None:
    before = colours.active(running, "posts")
    running.aws.push("forum/posts", "v2")
    ending = running.deploy(posts="v2")
    assert not ending.outcome, ending
    after = colours.other(before)
    assert colours.shares(running, "posts") == {before: 0, after: 100}
    assert colours.counts(running, "posts") == {before: (0, 0), after: (2, 2)}
    _as_planned(running)
    more = counted(running.account) - RUNNING
    assert more == {"ECS service": 1, "task definition": 1}, "the idle colour, and the release's revision"


@pytest.mark.parametrize(
    ("behaves", "reason"),
    [("crash", "exit"), ("unhealthy", "health"), ("pull-error", "pull"), ("no-capacity", "capacity")],
)
def test_a_bad_release_is_taken_back_with_the_reason_and_traffic_never_moves(
    running: Forum, behaves: str, reason: str
) -> None:
    active, shares, tasks = (
        colours.active(running, "threads"),
        colours.shares(running, "threads"),
        colours.counts(running, "threads"),
    )
    running.aws.push("forum/threads", "bad", behaves)
    (service,) = running.deploy(threads="bad").services
    assert service.outcome is Outcome.ROLLED_BACK
    assert reason in " ".join((service.why, *service.evidence)).lower()
    assert colours.shares(running, "threads") == shares
    assert colours.counts(running, "threads") == {**tasks, colours.other(active): (0, 0)}
    _as_planned(running)


def test_a_release_is_as_large_as_auto_scaling_has_made_the_service(running: Forum) -> None:
    active = colours.active(running, "users")
    name, cluster = f"users-{active}", running.account.cluster["clusterArn"]
    ecs = running.client("ecs")
    ecs.update_service(cluster=cluster, service=name, desiredCount=5)
    running.aws.sleep(120)
    running.aws.push("forum/users", "v2")
    assert not running.deploy(users="v2").outcome
    assert colours.counts(running, "users") == {active: (0, 0), colours.other(active): (5, 5)}
    assert running.look().empty, "how many tasks there are is auto scaling's"
    ecs.update_service(cluster=cluster, service=f"users-{colours.other(active)}", desiredCount=2)
    running.aws.sleep(300)
    _as_planned(running)


def test_a_changed_variable_in_the_plan_is_released_and_keeps_the_deployed_image(
    running: Forum, tmp_path: Path
) -> None:
    active = colours.active(running, "posts")
    running.aws.push("forum/posts", "v3")
    running.deploy(posts="v3")
    running.plan = edited(tmp_path / "forum.yaml", {r"^  posts:$": "  posts:\n    env: {LOG_LEVEL: debug}"})
    try:
        assert running.needs() == {"posts": "rollout"}
        assert not running.apply().outcome
        assert colours.active(running, "posts") == active
        service = colours.described(running, "posts")[active]
        definition = running.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
        (container,) = definition["taskDefinition"]["containerDefinitions"]
        assert container["environment"] == [{"name": "LOG_LEVEL", "value": "debug"}]
        pushed = running.client("ecr").describe_images(repositoryName="forum/posts", imageIds=[{"imageTag": "v3"}])
        assert container["image"].endswith(pushed["imageDetails"][0]["imageDigest"])
        _as_planned(running)
    finally:
        running.plan = PLAN
        running.apply()
