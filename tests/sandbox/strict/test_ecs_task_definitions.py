"""ECS refuses task definitions that Fargate could not run; ``GOOD`` with one change is each of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.strict.network import refused
from tests.world import Aws

ROLE = "arn:aws:iam::123456789012:role/execution"
APP: dict[str, Any] = {"name": "app", "image": "public.ecr.aws/x/y:1"}
SIDE: dict[str, Any] = {"name": "side", "image": "public.ecr.aws/x/y:1"}
PRIVATE = {**APP, "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1"}
LOGGED = {**APP, "logConfiguration": {"logDriver": "awslogs", "options": {}}}
GOOD: dict[str, Any] = {
    "family": "web",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [APP],
}


def after(name: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": name, "condition": "START"}]}


def ports(container: int, host: int) -> dict[str, Any]:
    return {**APP, "portMappings": [{"containerPort": container, "hostPort": host}]}


REFUSED = [
    ({"memory": "4096"}, "No Fargate configuration exists for given values: 256 CPU, 4096 memory."),
    ({"cpu": "1 vCPU", "memory": "1 GB"}, "No Fargate configuration exists for given values: 1024 CPU, 1024 memory."),
    ({"containerDefinitions": [PRIVATE]}, "execution role ARN to support ECR images"),
    ({"containerDefinitions": [LOGGED]}, "execution role ARN to support log driver awslogs"),
    ({"cpu": None}, "Fargate requires that 'cpu' be defined at the task level."),
    ({"memory": None}, "Fargate requires that 'memory' be defined at the task level."),
    ({"networkMode": "bridge"}, "Fargate only supports network mode 'awsvpc'."),
    ({"networkMode": None}, "Fargate only supports network mode 'awsvpc'."),
    ({"containerDefinitions": [ports(80, 8080)]}, "the host ports and container ports in port mappings must match"),
    ({"containerDefinitions": [{**APP, "essential": False}]}, "essential"),
    ({"containerDefinitions": [APP, APP]}, "unique"),
    ({"containerDefinitions": [{**APP, **after("nobody")}]}, "nobody"),
    ({"containerDefinitions": [{**APP, **after("side")}, {**SIDE, **after("app")}]}, "Cyclic"),
]

ACCEPTED = [
    {},
    {"cpu": "1 vCPU", "memory": "2 GB"},
    {"cpu": ".25 vCPU", "memory": "0.5GB"},
    {"cpu": "16384", "memory": "122880"},
    {"containerDefinitions": [PRIVATE], "executionRoleArn": ROLE},
    {"containerDefinitions": [LOGGED], "executionRoleArn": ROLE},
    {"containerDefinitions": [ports(80, 80)]},
    {"containerDefinitions": [{**APP, **after("side")}, {**SIDE, "essential": False}]},
    {
        "requiresCompatibilities": ["EC2"],
        "networkMode": "bridge",
        "cpu": None,
        "memory": None,
        "containerDefinitions": [{**LOGGED, "memory": 64, "portMappings": [{"containerPort": 80, "hostPort": 8080}]}],
    },
]


def register(aws: Aws, change: dict[str, Any]) -> None:
    wanted = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    aws.client("ecs").register_task_definition(**wanted)


@pytest.mark.parametrize(("change", "words"), REFUSED)
def test_a_task_definition_that_could_not_run_is_refused(aws: Aws, change: dict[str, Any], words: str) -> None:
    with refused("ClientException", words):
        register(aws, change)


@pytest.mark.parametrize("change", ACCEPTED)
def test_a_task_definition_that_can_run_is_accepted(aws: Aws, change: dict[str, Any]) -> None:
    register(aws, change)
