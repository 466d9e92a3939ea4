"""Tasks in Cloud Map: each one an instance of its service's registries, while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.world.ecs.model import Json, Task


def register(task: Task) -> None:
    """Make the task known under its address."""
    for registry, service in _services(task):
        cluster = {"ECS_CLUSTER_NAME": task.cluster_name, "ECS_SERVICE_NAME": task.group.partition(":")[2]}
        where = {"AWS_INSTANCE_IPV4": str(task.address), "AVAILABILITY_ZONE": str(task.availability_zone)}
        family = task.definition.family
        attributes = {**cluster, **where, "ECS_TASK_DEFINITION_FAMILY": family, "REGION": task.region}
        if port := registry.get("port") or registry.get("containerPort"):
            attributes["AWS_INSTANCE_PORT"] = str(port)
        _backend(task).register_instance(service.id, task.id, task.id, attributes)


def deregister(task: Task) -> None:
    """Make the task unknown."""
    for _, service in _services(task):
        if any(instance.instance_id == task.id for instance in service.instances):
            _backend(task).deregister_instance(service.id, task.id)


def _services(task: Task) -> Iterator[tuple[Json, Any]]:
    registries = (task.deployment.revision.get("serviceRegistries") or []) if task.deployment else []
    for registry in registries:
        for service in _backend(task).services.values():
            if service.arn == registry["registryArn"]:
                yield registry, service


def _backend(task: Task) -> Any:
    from moto.servicediscovery.models import servicediscovery_backends

    return servicediscovery_backends[task.account][task.region]
