"""What ECS refuses about services: their network, load balancers, capacity and deployment settings."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.ecs_lookup import (
    balancers_wanted,
    cluster_name,
    cluster_of,
    service_of,
    task_definition,
)
from orchestrator.sandbox.strict.forwarding import balancers_of
from orchestrator.sandbox.strict.lingering import Trace
from orchestrator.sandbox.strict.registry import note, rule

_CREATION = "call that created a service"
_BLOCKING = 100
_MAXIMUM_PERCENT = 200


@rule("ECS-03", "ecs", "CreateService", code="InvalidParameterException")
def still_draining(call: Call) -> str | None:
    """A service's name is taken until the last task of the deleted service has gone."""
    live = service_of(call)
    if live is not None and live.status == "DRAINING":
        return "Unable to Start a service that is still Draining."
    return None


@rule("ECS-02", "ecs", "CreateService", code="InvalidParameterException")
def not_idempotent(call: Call) -> str | None:
    """A service that exists is created again only by the very call that created it, token and all."""
    live = service_of(call)
    if live is None or live.status != "ACTIVE" or _identity(call) in call.lingering.of(_CREATION, call.scope, call.now):
        return None
    return "Creation of service was not idempotent."


@note("ecs", "CreateService")
def keep_creation(call: Call) -> None:
    """Remember with what a service was created, for a repeat whose first reply was lost."""
    call.lingering.keep(Trace(_CREATION, call.scope, math.inf, _identity(call)))


@rule("ECS-08", "ecs", "CreateService", "UpdateService", "RunTask", code="ClientException")
def revision_inactive(call: Call) -> str | None:
    """A deregistered revision starts nothing new."""
    found = task_definition(call, call.params.get("taskDefinition"))
    if found is not None and found.status in ("INACTIVE", "DELETE_IN_PROGRESS"):
        return "TaskDefinition is inactive"
    return None


@rule("ECS-04", "ecs", "CreateService", "RunTask", code="InvalidParameterException")
def network_missing(call: Call) -> str | None:
    """Tasks with interfaces of their own need to be told their subnets."""
    found = task_definition(call, call.params.get("taskDefinition"))
    configured = (call.params.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if found is not None and found.network_mode == "awsvpc" and not configured:
        return "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    return None


@rule("ECS-05", "ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def container_missing(call: Call) -> str | None:
    """A load balancer entry names a container of the task definition."""
    for entry, containers in _entries(call):
        if entry.get("containerName") and entry["containerName"] not in containers:
            return f"The container {entry['containerName']} does not exist in the task definition."
    return None


@rule("ECS-06", "ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def port_missing(call: Call) -> str | None:
    """A load balancer entry names a port that its container maps."""
    for entry, containers in _entries(call):
        container, port = containers.get(entry.get("containerName", "")), entry.get("containerPort")
        if container is None or port is None:
            continue
        if port not in [mapping.get("containerPort") for mapping in container.get("portMappings") or ()]:
            return f"The container {entry['containerName']} did not have a container port {port} defined."
    return None


@rule("ECS-01", "ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def group_without_balancer(call: Call) -> str | None:
    """A target group is in a listener or rule, with weight 0 if need be, before a service uses it."""
    for entry in call.params.get("loadBalancers") or ():
        arn = entry.get("targetGroupArn")
        if arn and not balancers_of(call, arn):
            return f"The target group with targetGroupArn {arn} does not have an associated load balancer."
    return None


@rule("ECS-07", "ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def group_of_instances(call: Call) -> str | None:
    """Tasks with interfaces of their own are registered by address, so their target group is of type ip."""
    live = service_of(call)
    found = task_definition(call, call.params.get("taskDefinition") or getattr(live, "task_definition", None))
    if found is None or found.network_mode != "awsvpc":
        return None
    for entry in call.params.get("loadBalancers") or ():
        group = call.backend("elbv2").target_groups.get(entry.get("targetGroupArn"))
        if group is not None and group.target_type == "instance":
            return (
                f"The provided target group {group.arn} has target type instance, which is incompatible "
                "with the awsvpc network mode specified in the task definition."
            )
    return None


@rule("ECS-09", "ecs", "CreateService", "RunTask", code="InvalidParameterException")
def two_ways_of_capacity(call: Call) -> str | None:
    """Capacity is a launch type or a provider strategy."""
    if call.params.get("launchType") and call.params.get("capacityProviderStrategy"):
        return (
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    return None


@rule("ECS-10", "ecs", "CreateService", "UpdateService", "RunTask", code="InvalidParameterException")
def provider_not_associated(call: Call) -> str | None:
    """A strategy uses the providers that the cluster has; FARGATE_SPOT is one of them only when put there."""
    cluster = cluster_of(call)
    strategy = call.params.get("capacityProviderStrategy")
    return None if cluster is None else foreign_provider(strategy, cluster.capacity_providers)


@rule("ECS-11", "ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def grace_without_balancer(call: Call) -> str | None:
    """A grace period is for the health checks of a load balancer."""
    if call.params.get("healthCheckGracePeriodSeconds") and not balancers_wanted(call, service_of(call)):
        return "Health check grace period is only valid for services configured to use load balancers"
    return None


@rule("ECS-12", "ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def no_room_to_deploy(call: Call) -> str | None:
    """A deployment may stop a task first or start one first, but not neither."""
    stated = call.params.get("deploymentConfiguration")
    if not stated or call.params.get("schedulingStrategy") == "DAEMON":
        return None
    live = service_of(call) if call.operation == "UpdateService" else None
    kept = live.settings.get("deploymentConfiguration", {}) if live is not None else {}
    merged = {"maximumPercent": _MAXIMUM_PERCENT, "minimumHealthyPercent": _BLOCKING, **kept, **stated}
    if merged["maximumPercent"] == merged["minimumHealthyPercent"] == _BLOCKING:
        return "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
    return None


@rule("ECS-30", "ecs", "CreateService", "UpdateService", code="InvalidParameterException")
def alternate_group_missing(call: Call) -> str | None:
    """A deployment that ECS shifts itself needs to know the other target group and the rule."""
    strategy = (call.params.get("deploymentConfiguration") or {}).get("strategy", "ROLLING")
    entries = balancers_wanted(call, service_of(call))
    if strategy != "ROLLING" and any(not entry.get("advancedConfiguration") for entry in entries):
        return (
            "advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy"
        )
    return None


def foreign_provider(strategy: Any, providers: Any) -> str | None:
    """The refusal of a strategy with a provider that is not among those of the cluster."""
    if all(item.get("capacityProvider") in (providers or ()) for item in strategy or ()):
        return None
    return (
        "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
        "cluster. Associate the capacity provider with the cluster and try again."
    )


def _entries(call: Call) -> list[tuple[dict[str, Any], dict[str, dict[str, Any]]]]:
    """The load balancer entries after the call, each with the containers that will run."""
    live = service_of(call)
    found = task_definition(call, call.params.get("taskDefinition") or getattr(live, "task_definition", None))
    if found is None:
        return []
    containers = {container["name"]: container for container in found.container_definitions}
    return [(entry, containers) for entry in balancers_wanted(call, live)]


def _identity(call: Call) -> tuple[str, str]:
    """A create's identity; the parameters as a digest, so that none of their secrets is kept."""
    settings = json.dumps(call.params, sort_keys=True, default=str).encode()
    return f"{cluster_name(call)}:{call.params.get('serviceName')}", hashlib.sha256(settings).hexdigest()
