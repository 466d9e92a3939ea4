"""Task definitions: numbers that are never used twice, and a family that means its latest active revision."""

from __future__ import annotations

from typing import Any

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair
from orchestrator.sandbox.world.ecs.addressing import backend_of, definition_of
from orchestrator.sandbox.world.ecs.model import Json, stamp


@repair("ecs", "RegisterTaskDefinition")
def register_next(call: Call, proceed: Proceed) -> Reply:
    """Give the next number after the highest ever used; moto uses the number of a deleted revision again."""
    backend, family = backend_of(call), call.params["family"]
    known = backend.task_definitions.setdefault(family, {})
    highest = max([*known, getattr(backend, "highest_revisions", {}).get(family, 0)])
    reply = proceed()
    made = known.pop(int(reply["taskDefinition"]["revision"]))
    made.revision = highest + 1
    made.arn = f"{made.arn.rpartition(':')[0]}:{made.revision}"
    known[made.revision] = made
    backend.highest_revisions = {**getattr(backend, "highest_revisions", {}), family: made.revision}
    made.registered_at = stamp(call.now)
    made.registered_by = f"arn:{call.partition}:iam::{call.account}:root"
    made.network_mode = call.params.get("networkMode") or made.network_mode
    if call.params.get("enableFaultInjection") is not None:
        made.enable_fault_injection = call.params["enableFaultInjection"]
    _fill_ports(made)
    return {"taskDefinition": _described(reply["taskDefinition"], made), "tags": made.tags}


@operation("ecs", "DescribeTaskDefinition")
def describe_latest_active(call: Call) -> Reply:
    """A family alone means its latest active revision; moto returns the latest of any status."""
    found = definition_of(call, call.params["taskDefinition"])
    reply: Reply = {"taskDefinition": _shown(found)}
    if "TAGS" in call.params.get("include", []):
        reply["tags"] = found.tags or []
    return reply


@operation("ecs", "DeregisterTaskDefinition")
def deregister_at(call: Call) -> Reply:
    """Note when it was deregistered."""
    if ":" not in call.params["taskDefinition"].rpartition("/")[2]:
        raise AwsError("ClientException", "TaskDefinition revision is missing.")
    found = definition_of(call, call.params["taskDefinition"])
    found.status = "INACTIVE"
    found.deregistered_at = stamp(call.now)
    return {"taskDefinition": _shown(found)}


@operation("ecs", "ListTaskDefinitions")
def list_sorted(call: Call) -> Reply:
    """By family and revision; the prefix is a whole family's name. moto ignores the order and the status's default."""
    wanted, family = call.params.get("status", "ACTIVE"), call.params.get("familyPrefix")
    found = [
        each
        for name, revisions in backend_of(call).task_definitions.items()
        if family is None or name == family
        for each in revisions.values()
        if each.status == wanted
    ]
    found.sort(key=lambda each: (each.family, int(each.revision)), reverse=call.params.get("sort") == "DESC")
    return {"taskDefinitionArns": [each.arn for each in found]}


@operation("ecs", "ListTaskDefinitionFamilies")
def list_families_by_status(call: Call) -> Reply:
    """A family is active while one of its revisions is; moto lists all of them."""
    prefix, wanted = call.params.get("familyPrefix", ""), call.params.get("status", "ALL")
    families = []
    for name, revisions in backend_of(call).task_definitions.items():
        active = any(each.status == "ACTIVE" for each in revisions.values())
        status = "ACTIVE" if active else "INACTIVE"
        if revisions and name.startswith(prefix) and wanted in ("ALL", status):
            families.append(name)
    return {"families": sorted(families)}


def _fill_ports(definition: Any) -> None:
    """With awsvpc the host port is the container's; AWS fills it in, and the protocol."""
    for container in definition.container_definitions:
        for mapping in container.get("portMappings", []):
            mapping.setdefault("protocol", "tcp")
            if definition.network_mode == "awsvpc":
                mapping.setdefault("hostPort", mapping["containerPort"])
        container.setdefault("systemControls", [])


def _described(shown: Json, definition: Any) -> Json:
    return {**shown, **_shown(definition)}


def _shown(definition: Any) -> Json:
    fields = {
        "taskDefinitionArn": definition.arn,
        "containerDefinitions": definition.container_definitions,
        "family": definition.family,
        "taskRoleArn": getattr(definition, "task_role_arn", None),
        "executionRoleArn": getattr(definition, "execution_role_arn", None),
        "networkMode": definition.network_mode,
        "revision": definition.revision,
        "volumes": definition.volumes,
        "status": definition.status,
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
        "placementConstraints": definition.placement_constraints,
        "compatibilities": definition.compatibilities,
        "runtimePlatform": definition.runtime_platform,
        "requiresCompatibilities": definition.requires_compatibilities,
        "cpu": definition.cpu,
        "memory": definition.memory,
        "pidMode": definition.pid_mode,
        "ipcMode": definition.ipc_mode,
        "proxyConfiguration": definition.proxy_configuration,
        "ephemeralStorage": definition.ephemeral_storage,
        "registeredAt": definition.registered_at,
        "registeredBy": definition.registered_by,
        "deregisteredAt": getattr(definition, "deregistered_at", None),
        "enableFaultInjection": getattr(definition, "enable_fault_injection", None),
    }
    return {name: value for name, value in fields.items() if value is not None}
