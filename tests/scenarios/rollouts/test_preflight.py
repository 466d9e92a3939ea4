"""What would fail half-way, or leave no way back, is refused before anything has changed."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

import pytest

from orchestrator.rollout.state import Outcome
from tests.sandbox.system import TRUST
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue."""
    stage.service()
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    return stage


def _container(posts: Scene, **changes: Any) -> None:
    definition = posts.specs["posts"].task_definition
    container = dc.replace(definition.containers["posts"], **changes)
    posts.change(task_definition=dc.replace(definition, containers={"posts": container}))


def _refused(posts: Scene) -> str:
    before = posts.described()
    result = posts.release("v2")
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 16), result.why
    assert posts.described() == before
    return result.why


def test_a_secret_that_is_not_there(posts: Scene) -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nothing-AbCdEf"
    _container(posts, secrets={"TOKEN": f"{arn}:key::"})
    assert _refused(posts) == f"secret {arn} is not there"


def test_a_parameter_that_is_not_there(posts: Scene) -> None:
    _container(posts, secrets={"TOKEN": "/forum/nothing"})
    assert _refused(posts) == "parameter /forum/nothing is not there"


def test_an_image_to_go_back_to_that_has_been_cleared_away(posts: Scene) -> None:
    digest = posts.tags("blue")["orchestrator:image"].partition("@")[2]
    posts.aws.client("ecr").batch_delete_image(repositoryName="forum/posts", imageIds=[{"imageDigest": digest}])
    assert "no way back: image v1@sha256:" in _refused(posts)


def test_a_revision_to_go_back_to_that_is_deleted(posts: Scene) -> None:
    ecs = posts.aws.client("ecs")
    ecs.deregister_task_definition(taskDefinition="forum-posts:1")
    ecs.delete_task_definitions(taskDefinitions=["forum-posts:1"])
    assert _refused(posts) == "no way back: forum-posts:1 is not there any more"


def test_a_role_that_ecs_may_not_assume(posts: Scene) -> None:
    posts.aws.client("iam").update_assume_role_policy(
        RoleName="execution", PolicyDocument=TRUST.replace("ecs-tasks", "lambda")
    )
    assert "does not let ECS tasks assume it" in _refused(posts)
