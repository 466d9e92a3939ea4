"""The operations on services. What a call says is kept as it says it, with AWS's defaults where it says nothing."""

from __future__ import annotations

import copy
from typing import Any

from orchestrator.sandbox.repairs.operations import AwsError, Call, Reply, operation
from orchestrator.sandbox.world.ecs import breaker
from orchestrator.sandbox.world.ecs.addressing import (
    backend_of,
    cluster_of,
    definition_of,
    find_service,
    last_part,
    service_of,
    services_of,
)
from orchestrator.sandbox.world.ecs.model import REVISION_FIELDS, Json, Service
from orchestrator.sandbox.world.world import present

_ROLLING: Json = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}
_DEFAULTS: Json = {
    "desiredCount": 0,
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "availabilityZoneRebalancing": "ENABLED",
    "propagateTags": "NONE",
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "loadBalancers": [],
    "serviceRegistries": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "healthCheckGracePeriodSeconds": 0,
}
_ADDRESSING = ("cluster", "service", "serviceName", "clientToken", "tags", "forceNewDeployment")


@operation("ecs", "CreateService")
def create_service(call: Call) -> Reply:
    """Create the service, or return the one that the same token made."""
    cluster, name = cluster_of(call), call.params["serviceName"]
    existing = find_service(call, cluster, name)
    if existing is not None and existing.status != "INACTIVE":
        return {"service": _replayed(call, existing).describe(with_tags=True)}
    world = present()
    service = Service(
        name=name,
        arn=call.arn(f"service/{cluster.name}/{name}"),
        cluster=cluster,
        account=call.account,
        region=call.region,
        settings=_settings(call),
        created_at=world.now(),
        token=call.params.get("clientToken"),
        asked=copy.deepcopy(call.params),
        tags=list(call.params.get("tags") or []),
    )
    backend_of(call).services[f"{cluster.name}:{name}"] = service
    breaker.begin(world, service, _revision(service))
    world.ecs.scheduler.wake(service)
    return {"service": service.describe(with_tags=True)}


@operation("ecs", "UpdateService")
def update_service(call: Call) -> Reply:
    """Change a service; what makes a revision starts a deployment, the rest takes effect at once."""
    service, world = service_of(call), present()
    if service.status != "ACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    told = {name: value for name, value in call.params.items() if name not in _ADDRESSING}
    if "taskDefinition" in told:
        told["taskDefinition"] = definition_of(call, told["taskDefinition"]).arn
    before = copy.deepcopy(_revision(service))
    _apply(service, told)
    if call.params.get("forceNewDeployment") or _revision(service) != before:
        breaker.begin(world, service, _revision(service))
    world.ecs.scheduler.wake(service)
    return {"service": service.describe(with_tags=True)}


@operation("ecs", "DeleteService")
def delete_service(call: Call) -> Reply:
    """Drain the service; it is gone when its last task is."""
    service, world = service_of(call), present()
    if service.status == "INACTIVE":
        raise AwsError("ServiceNotFoundException", "Service not found.")
    if service.desired_count > 0 and not call.params.get("force"):
        raise AwsError("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
    service.status = "DRAINING"
    service.settings["desiredCount"] = 0
    world.ecs.scheduler.wake(service)
    return {"service": service.describe(with_tags=True)}


@operation("ecs", "DescribeServices")
def describe_services(call: Call) -> Reply:
    """Describe what there is, and name what is missing."""
    cluster, with_tags = cluster_of(call), "TAGS" in call.params.get("include", [])
    found, failures = [], []
    for asked in call.params["services"]:
        service = find_service(call, cluster, asked)
        if service is None:
            failures.append({"arn": call.arn(f"service/{cluster.name}/{last_part(asked)}"), "reason": "MISSING"})
        else:
            found.append(service.describe(with_tags=with_tags))
    return {"services": found, "failures": failures}


@operation("ecs", "ListServices")
def list_services(call: Call) -> Reply:
    """List what is not gone yet; moto lists inactive services for ever."""
    strategy, launch = call.params.get("schedulingStrategy"), call.params.get("launchType")
    return {
        "serviceArns": [
            each.arn
            for each in services_of(call, cluster_of(call))
            if each.status != "INACTIVE"
            and strategy in (None, each.scheduling_strategy)
            and launch in (None, each.settings.get("launchType"))
        ]
    }


def _replayed(call: Call, existing: Service) -> Service:
    """The same token with the same request made this service before; anything else is refused."""
    token = call.params.get("clientToken")
    if existing.status == "DRAINING":
        raise AwsError("InvalidParameterException", "Unable to Start a service that is still Draining.")
    if existing.asked == call.params and (token is None or token == existing.token):
        return existing
    raise AwsError("InvalidParameterException", "Creation of service was not idempotent.")


def _settings(call: Call) -> Json:
    told = {name: value for name, value in call.params.items() if name not in _ADDRESSING}
    settings = {**copy.deepcopy(_DEFAULTS), **copy.deepcopy(told)}
    settings["taskDefinition"] = definition_of(call, call.params["taskDefinition"]).arn
    settings["deploymentConfiguration"] = {**_ROLLING, **settings.get("deploymentConfiguration", {})}
    if not settings.get("capacityProviderStrategy"):
        settings.setdefault("launchType", "EC2")
    if settings.get("capacityProviderStrategy") or settings.get("launchType") == "FARGATE":
        settings.setdefault("platformVersion", "LATEST")
    _complete_network(settings)
    return settings


def _apply(service: Service, told: Json) -> None:
    """Later settings replace earlier ones whole, but a deployment configuration keeps what it is not told."""
    changed = copy.deepcopy(told)
    if "deploymentConfiguration" in changed:
        kept = service.settings["deploymentConfiguration"]
        changed["deploymentConfiguration"] = {**kept, **changed["deploymentConfiguration"]}
    if changed.get("capacityProviderStrategy"):
        service.settings.pop("launchType", None)
    service.settings.update(changed)
    _complete_network(service.settings)


def _complete_network(settings: Json) -> None:
    network: Any = (settings.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network is not None:
        network.setdefault("securityGroups", [])
        network.setdefault("assignPublicIp", "DISABLED")


def _revision(service: Service) -> Json:
    return {name: service.settings[name] for name in REVISION_FIELDS if name in service.settings}
