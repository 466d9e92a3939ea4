"""Releases of a running forum: a good one, bad ones, one after auto scaling has grown it, one by a changed plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.app.ending import Outcome
from tests.scenarios.forum.forum import PLAN, Forum, edited
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, twice


def _described(stage: Forum, service: str) -> dict[str, Any]:
    """The ECS services of a service by colour."""
    cluster = stage.account.cluster["clusterArn"]
    names = [f"{service}-blue", f"{service}-green"]
    found = stage.client("ecs").describe_services(cluster=cluster, services=names)["services"]
    return {s["serviceName"].rpartition("-")[2]: s for s in found}


def _tasks(stage: Forum, service: str) -> dict[str, tuple[int, int]]:
    """Desired and running tasks by colour."""
    return {colour: (s["desiredCount"], s["runningCount"]) for colour, s in _described(stage, service).items()}


def _shares(stage: Forum, service: str) -> dict[str, int]:
    """The weights of a service's rule by colour."""
    (listener,) = stage.account.listeners.values()
    rules = stage.account.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
    (rule,) = [r for r in rules if f"/api/{service}*" in str(r["Conditions"])]
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    return {c: g["Weight"] for g in groups for c in ("blue", "green") if f"{service}-{c}" in g["TargetGroupArn"]}


def _active(stage: Forum, service: str) -> str:
    return max(_shares(stage, service).items(), key=lambda share: share[1])[0]


def _other(colour: str) -> str:
    return "green" if colour == "blue" else "blue"


def _as_planned(stage: Forum) -> None:
    assert stage.wrong == []
    assert twice(stage.account) == []
    outlook = stage.look()
    assert outlook.empty


def test_a_good_release_takes_the_traffic_the_scaling_and_the_alarms_along(running: Forum) -> None:
    before = _active(running, "posts")
    running.aws.push("forum/posts", "v2")
    ending = running.deploy(posts="v2")
    assert not ending.outcome, ending
    after = _other(before)
    assert _shares(running, "posts") == {before: 0, after: 100}
    assert _tasks(running, "posts") == {before: (0, 0), after: (2, 2)}
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
    active, shares, tasks = _active(running, "threads"), _shares(running, "threads"), _tasks(running, "threads")
    running.aws.push("forum/threads", "bad", behaves)
    (service,) = running.deploy(threads="bad").services
    assert service.outcome is Outcome.ROLLED_BACK
    assert reason in " ".join((service.why, *service.evidence)).lower()
    assert _shares(running, "threads") == shares
    assert _tasks(running, "threads") == {**tasks, _other(active): (0, 0)}
    _as_planned(running)


def test_a_release_is_as_large_as_auto_scaling_has_made_the_service(running: Forum) -> None:
    active = _active(running, "users")
    name, cluster = f"users-{active}", running.account.cluster["clusterArn"]
    ecs = running.client("ecs")
    ecs.update_service(cluster=cluster, service=name, desiredCount=5)
    running.aws.sleep(120)
    running.aws.push("forum/users", "v2")
    assert not running.deploy(users="v2").outcome
    assert _tasks(running, "users") == {active: (0, 0), _other(active): (5, 5)}
    assert running.look().empty, "how many tasks there are is auto scaling's"
    ecs.update_service(cluster=cluster, service=f"users-{_other(active)}", desiredCount=2)
    running.aws.sleep(300)
    _as_planned(running)


def test_a_changed_variable_in_the_plan_is_released_and_keeps_the_deployed_image(
    running: Forum, tmp_path: Path
) -> None:
    active = _active(running, "posts")
    running.aws.push("forum/posts", "v3")
    running.deploy(posts="v3")
    running.plan = edited(tmp_path / "forum.yaml", {r"^  posts:$": "  posts:\n    env: {LOG_LEVEL: debug}"})
    try:
        assert running.needs() == {"posts": "rollout"}
        assert not running.apply().outcome
        assert _active(running, "posts") == active
        service = _described(running, "posts")[active]
        definition = running.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
        (container,) = definition["taskDefinition"]["containerDefinitions"]
        assert container["environment"] == [{"name": "LOG_LEVEL", "value": "debug"}]
        pushed = running.client("ecr").describe_images(repositoryName="forum/posts", imageIds=[{"imageTag": "v3"}])
        assert container["image"].endswith(pushed["imageDetails"][0]["imageDigest"])
        _as_planned(running)
    finally:
        running.plan = PLAN
        running.apply()
