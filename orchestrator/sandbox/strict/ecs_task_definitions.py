"""What ECS refuses in a task definition, mostly because Fargate could not run it."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.registry import rule

_ECR_IMAGE = re.compile(r"\d{12}\.dkr[.-]ecr[.-]")
_UNIT = 1024
_GB = 1024


def _sizes(first: int, last: int, step: int) -> frozenset[int]:
    return frozenset(range(first * _GB, last * _GB + 1, step * _GB))


_FARGATE: dict[int, frozenset[int]] = {
    256: frozenset({512, 1 * _GB, 2 * _GB}),
    512: _sizes(1, 4, 1),
    1024: _sizes(2, 8, 1),
    2048: _sizes(4, 16, 1),
    4096: _sizes(8, 30, 1),
    8192: _sizes(16, 60, 4),
    16384: _sizes(32, 120, 8),
}


@rule("ECS-27", "ecs", "RegisterTaskDefinition", code="ClientException")
def fargate_network(call: Call) -> str | None:
    """Fargate gives every task an interface of its own."""
    if _on_fargate(call) and call.params.get("networkMode") != "awsvpc":
        return "Fargate only supports network mode 'awsvpc'."
    return None


@rule("ECS-25", "ecs", "RegisterTaskDefinition", code="ClientException")
def fargate_size_missing(call: Call) -> str | None:
    """Fargate sizes the task, so the task states cpu and memory."""
    for member in ("cpu", "memory"):
        if _on_fargate(call) and not call.params.get(member):
            return f"Fargate requires that '{member}' be defined at the task level."
    return None


@rule("ECS-22", "ecs", "RegisterTaskDefinition", code="ClientException")
def fargate_size_unknown(call: Call) -> str | None:
    """Fargate comes in certain pairs of cpu and memory."""
    if not _on_fargate(call) or not call.params.get("cpu") or not call.params.get("memory"):
        return None
    cpu, memory = _units(call.params["cpu"]), _units(call.params["memory"])
    if memory in _FARGATE.get(cpu, ()):
        return None
    return (
        f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
        "See the Amazon ECS documentation for the valid values."
    )


@rule("ECS-23", "ecs", "RegisterTaskDefinition", code="ClientException")
def fargate_pull_role(call: Call) -> str | None:
    """Pulling from ECR on Fargate is done by the execution role."""
    private = any(_ECR_IMAGE.match(str(container.get("image", ""))) for container in _containers(call))
    if _on_fargate(call) and private and not call.params.get("executionRoleArn"):
        return "Fargate requires task definition to have execution role ARN to support ECR images."
    return None


@rule("ECS-24", "ecs", "RegisterTaskDefinition", code="ClientException")
def fargate_log_role(call: Call) -> str | None:
    """Writing to CloudWatch Logs on Fargate is done by the execution role."""
    drivers = [(container.get("logConfiguration") or {}).get("logDriver") for container in _containers(call)]
    if _on_fargate(call) and "awslogs" in drivers and not call.params.get("executionRoleArn"):
        return "Fargate requires task definition to have execution role ARN to support log driver awslogs."
    return None


@rule("ECS-26", "ecs", "RegisterTaskDefinition", code="ClientException")
def host_port_differs(call: Call) -> str | None:
    """A task with its own interface has no host to map ports to."""
    if call.params.get("networkMode") != "awsvpc":
        return None
    for container in _containers(call):
        for mapping in container.get("portMappings") or ():
            if mapping.get("hostPort") and mapping["hostPort"] != mapping.get("containerPort"):
                return "When networkMode=awsvpc, the host ports and container ports in port mappings must match."
    return None


@rule("ECS-28", "ecs", "RegisterTaskDefinition", code="ClientException")
def containers_inconsistent(call: Call) -> str | None:
    """One container at least is essential, names are unique, and dependencies exist and have an order."""
    containers = _containers(call)
    names = [container.get("name", "") for container in containers]
    if len(names) != len(set(names)):
        return "Container names must be unique within a task definition."
    if containers and not any(container.get("essential", True) for container in containers):
        return "At least one container in the task definition must be marked as essential."
    needs = {container.get("name", ""): _needs(container) for container in containers}
    for name, needed in needs.items():
        for other in needed:
            if other not in needs:
                return f"Container '{name}' depends on container '{other}', which is not in the task definition."
    try:
        TopologicalSorter(needs).prepare()
    except CycleError:
        return "Cyclic dependency between containers in the task definition."
    return None


def _on_fargate(call: Call) -> bool:
    return "FARGATE" in (call.params.get("requiresCompatibilities") or ())


def _containers(call: Call) -> list[dict[str, Any]]:
    return call.params.get("containerDefinitions") or []


def _needs(container: dict[str, Any]) -> list[str]:
    return [dependency.get("containerName", "") for dependency in container.get("dependsOn") or ()]


def _units(value: Any) -> int:
    """``1 vCPU`` and ``2 GB`` are 1024 units and 2048 MiB; a plain number is either already."""
    text = str(value).strip().lower()
    for suffix in ("vcpu", "gb"):
        if text.endswith(suffix):
            return int(float(text.removesuffix(suffix).strip()) * _UNIT)
    return int(text) if text.isdigit() else 0
