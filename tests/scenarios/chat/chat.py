"""The chat system on a sandbox, told in the same words as the forum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.scenarios.forum.forum import Forum as System
from tests.scenarios.forum.forum import forum as system
from tests.scenarios.forum.oracle.account import Account

__all__ = ["CHAT", "System", "account", "addresses", "leads_to", "running_image", "system", "tasks_of"]

CHAT = Path(__file__).parents[3] / "plans" / "chat.yaml"


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
