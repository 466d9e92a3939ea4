"""The chat system on a sandbox, told in the same words as the forum."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.forum.forum import Forum as System
from tests.scenarios.forum.forum import forum
from tests.scenarios.forum.oracle.account import Account

__all__ = ["CHAT", "System", "account", "addresses", "leads_to", "running_image", "system", "tasks_of"]

CHAT = Path(__file__).parents[3] / "plans" / "chat.yaml"


@contextmanager
def system(**settings: Any) -> Iterator[System]:
    """The chat's plan and an empty account, whose load balancers answer by their names."""
    with forum(CHAT, **settings) as stage, pytest.MonkeyPatch.context() as patch:
        patch.setenv("http_proxy", stage.aws.sandbox.url)
        yield stage


def account(stage: System) -> Account:
    """What plain boto3 sees, read anew."""
    return Account(stage.client, "chat")


def tasks_of(stage: System, service: str) -> list[Any]:
    """The running tasks of an ECS service."""
    seen = account(stage)
    cluster, name = seen.cluster["clusterArn"], seen.ecs_services[service]["serviceName"]
    arns = seen.all("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=name, desiredStatus="RUNNING")
    return list(stage.client("ecs").describe_tasks(cluster=cluster, tasks=arns)["tasks"])


def running_image(stage: System, service: str) -> set[str]:
    """The digests that run of a service."""
    return {container["imageDigest"] for task in tasks_of(stage, service) for container in task["containers"]}


def leads_to(stage: System, service: str) -> set[str]:
    """The addresses that a service's name leads to."""
    listed = account(stage).all("servicediscovery", "list_services", "Services")
    (found,) = [s for s in listed if s["Name"] == service]
    instances = account(stage).all("servicediscovery", "list_instances", "Instances", ServiceId=found["Id"])
    return {i["Attributes"]["AWS_INSTANCE_IPV4"] for i in instances}


def addresses(tasks: list[Any]) -> set[str]:
    """The private addresses of tasks."""
    details = (d for t in tasks for a in t["attachments"] for d in a["details"])
    return {d["value"] for d in details if d["name"] == "privateIPv4Address"}
