"""What others deploy to a running forum: the image of a pipeline is kept, what else differs is for the plan to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.main import app
from tests.scenarios.forum import colours
from tests.scenarios.forum.forum import PLAN, Forum, edited

_DESCRIBED_ONLY = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
)


def _untouched(_: dict[str, Any]) -> None:
    """A pipeline changes nothing but the image."""


def _deliver(stage: Forum, service: str, tag: str, change: Callable[[dict[str, Any]], None] = _untouched) -> None:
    """What the ECS deploy action of CodePipeline does: another revision with that image, on the active ECS service."""
    ecs, name = stage.client("ecs"), f"{service}-{colours.active(stage, service)}"
    runs = stage.account.ecs_services[service]["taskDefinition"]
    definition = ecs.describe_task_definition(taskDefinition=runs)["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    container["image"] = stage.aws.push(f"forum/{service}", tag)
    change(container)
    kept = {key: value for key, value in definition.items() if key not in _DESCRIBED_ONLY}
    revision = ecs.register_task_definition(**kept)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=stage.account.cluster["clusterArn"], service=name, taskDefinition=revision)
    stage.aws.sleep(600)


def _runs(stage: Forum, service: str) -> Any:
    """The container that a service runs."""
    revision = stage.account.ecs_services[service]["taskDefinition"]
    definition = stage.client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
    return definition["containerDefinitions"][0]


def _digest(stage: Forum, service: str, tag: str) -> str:
    repository = stage.client("ecr")
    found = repository.describe_images(repositoryName=f"forum/{service}", imageIds=[{"imageTag": tag}])
    return str(found["imageDetails"][0]["imageDigest"])


def _planned(plan: Path) -> int:
    """The exit code of a plan for a job that wants to know whether there is anything to do."""
    return int(app(["plan", str(plan), "--detailed-exitcode"], standalone_mode=False))


def test_an_image_that_a_pipeline_delivered_is_recorded_and_not_taken_back(
    running: Forum, capsys: pytest.CaptureFixture[str]
) -> None:
    _deliver(running, "posts", "c0ffee")
    tasks, runs = colours.tasks(running), _runs(running, "posts")
    assert _planned(running.plan) == 0
    assert "≈ service posts: c0ffee was delivered past us" in capsys.readouterr().out
    ending = running.apply()
    assert not ending.outcome, ending
    assert colours.tasks(running) == tasks
    assert _runs(running, "posts") == runs
    outlook = running.look()
    assert outlook.empty
    assert outlook.records == ()
    assert outlook.decisions["posts"].live.image == f"c0ffee@{_digest(running, 'posts', 'c0ffee')}"


def test_what_a_delivery_changes_besides_the_image_is_rolled_back_to_the_plan_and_the_image_stays(
    running: Forum,
) -> None:
    def debug(container: dict[str, Any]) -> None:
        container["environment"] = [{"name": "DEBUG", "value": "1"}]

    _deliver(running, "users", "decade", debug)
    (decision,) = running.look().concerns
    assert (decision.service, decision.need.value) == ("users", "rollout")
    assert any("DEBUG" in reason for reason in decision.reasons)
    assert not any("image" in reason for reason in decision.reasons)
    assert not running.apply().outcome
    assert _runs(running, "users")["environment"] == []
    assert _runs(running, "users")["image"].endswith(_digest(running, "users", "decade"))
    assert running.look().empty


CHANGES = {
    "what a task is": r"  threads:\n    env: {LOG_LEVEL: debug}",
    "what its ECS service is": r"  threads:\n    capacity: FARGATE_SPOT",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_plan_is_rolled_out_with_the_image_that_a_pipeline_delivered_since(
    running: Forum, tmp_path: Path, change: str
) -> None:
    _deliver(running, "threads", "facade")
    running.plan = edited(tmp_path / "forum.yaml", {r"^  threads:$": change})
    try:
        assert running.needs() == {"threads": "rollout"}
        assert not running.apply().outcome
        assert _runs(running, "threads")["image"].endswith(_digest(running, "threads", "facade"))
        assert running.look().empty
    finally:
        running.plan = PLAN
        running.apply()
