"""What runs in a task, as values that compare by meaning.

ECS fills in defaults, orders lists as it likes and leaves out zeros, so container definitions are read back into the
form in which a plan would have said them.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from orchestrator.core.values import Join, JsonDoc, Ref

Text: TypeAlias = str | Ref[Any] | Join


@dc.dataclass(frozen=True)
class HealthCheck:
    """What ECS runs inside the container to tell whether it is healthy. Times in seconds."""

    command: tuple[str, ...]
    interval: int = 30
    timeout: int = 5
    retries: int = 3
    start_period: int = 0


@dc.dataclass(frozen=True)
class Logs:
    """Where the container's output goes. ``options`` are the driver's own."""

    options: Mapping[str, Text]
    driver: str = "awslogs"
    secrets: Mapping[str, Text] = dc.field(default_factory=dict)


@dc.dataclass(frozen=True)
class Mount:
    """A volume of the task at a path in the container."""

    volume: str
    path: str
    read_only: bool = False


@dc.dataclass(frozen=True)
class Container:
    """A container of a task. Zero, empty and ``None`` mean that nothing is said and ECS's default holds.

    ``secrets`` are names to ARNs of secrets or parameters. ``extra`` is for members of AWS's container definition
    that have no field here, written as AWS writes them.
    """

    image: Text
    ports: frozenset[int] = frozenset()
    environment: Mapping[str, Text] = dc.field(default_factory=dict)
    secrets: Mapping[str, Text] = dc.field(default_factory=dict)
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    working_directory: str = ""
    user: str = ""
    read_only_root: bool = False
    essential: bool = True
    cpu: int = 0
    memory: int = 0
    memory_reservation: int = 0
    stop_timeout: int = 0
    health: HealthCheck | None = None
    logs: Logs | None = None
    depends_on: Mapping[str, str] = dc.field(default_factory=dict)
    mounts: frozenset[Mount] = frozenset()
    extra: JsonDoc = dc.field(default_factory=lambda: JsonDoc({}))


_PLAIN: Mapping[str, str] = {
    "image": "image",
    "working_directory": "workingDirectory",
    "user": "user",
    "read_only_root": "readonlyRootFilesystem",
    "cpu": "cpu",
    "memory": "memory",
    "memory_reservation": "memoryReservation",
    "stop_timeout": "stopTimeout",
}
_BUILT = frozenset(
    {
        "name",
        "essential",
        "command",
        "entryPoint",
        "environment",
        "secrets",
        "portMappings",
        "mountPoints",
        "dependsOn",
        "healthCheck",
        "logConfiguration",
    }
)


def render(containers: Mapping[str, Container]) -> list[dict[str, Any]]:
    """Container definitions as AWS wants them, in order of their names. References must be resolved first."""
    return [_render(name, containers[name]) for name in sorted(containers)]


def parse(definitions: Iterable[Mapping[str, Any]]) -> dict[str, Container]:
    """Container definitions that AWS describes, by name."""
    return {str(d["name"]): _parse(d) for d in definitions}


def _render(name: str, container: Container) -> dict[str, Any]:
    out: dict[str, Any] = {"name": name, "essential": container.essential}
    out |= {theirs: getattr(container, ours) for ours, theirs in _PLAIN.items()}
    out |= {
        "command": list(container.command),
        "entryPoint": list(container.entry_point),
        "portMappings": [{"containerPort": p, "hostPort": p, "protocol": "tcp"} for p in sorted(container.ports)],
        "environment": _pairs(container.environment, "value"),
        "secrets": _pairs(container.secrets, "valueFrom"),
        "dependsOn": [{"containerName": n, "condition": c} for n, c in sorted(container.depends_on.items())],
        "mountPoints": [
            {"sourceVolume": m.volume, "containerPath": m.path, "readOnly": m.read_only}
            for m in sorted(container.mounts, key=lambda m: m.path)
        ],
    }
    if container.health:
        out["healthCheck"] = _render_health(container.health)
    if container.logs:
        out["logConfiguration"] = {
            "logDriver": container.logs.driver,
            "options": dict(container.logs.options),
            "secretOptions": _pairs(container.logs.secrets, "valueFrom"),
        }
    return {k: v for k, v in out.items() if k == "essential" or v} | dict(container.extra.value)


def _render_health(health: HealthCheck) -> dict[str, Any]:
    out: dict[str, Any] = {
        "command": list(health.command),
        "interval": health.interval,
        "timeout": health.timeout,
        "retries": health.retries,
    }
    return out | ({"startPeriod": health.start_period} if health.start_period else {})


def _parse(definition: Mapping[str, Any]) -> Container:
    health, logs = definition.get("healthCheck"), definition.get("logConfiguration")
    mappings = definition.get("portMappings") or ()
    plain_ports = all(_plain_port(m) for m in mappings)
    known = _BUILT.union(_PLAIN.values()) - (frozenset() if plain_ports else {"portMappings"})
    return Container(
        **{ours: definition[theirs] for ours, theirs in _PLAIN.items() if definition.get(theirs)},
        command=tuple(definition.get("command") or ()),
        entry_point=tuple(definition.get("entryPoint") or ()),
        ports=frozenset(m["containerPort"] for m in mappings) if plain_ports else frozenset(),
        environment=_mapping(definition.get("environment"), "value"),
        secrets=_mapping(definition.get("secrets"), "valueFrom"),
        essential=definition.get("essential", True),
        health=_parse_health(health) if health else None,
        logs=_parse_logs(logs) if logs else None,
        depends_on={d["containerName"]: d["condition"] for d in definition.get("dependsOn") or ()},
        mounts=frozenset(
            Mount(m["sourceVolume"], m["containerPath"], m.get("readOnly", False))
            for m in definition.get("mountPoints") or ()
        ),
        extra=JsonDoc({k: v for k, v in definition.items() if k not in known and v not in (None, [], {}, "")}),
    )


def _plain_port(mapping: Mapping[str, Any]) -> bool:
    """Whether a mapping says no more than its port: with awsvpc the host's port is the container's."""
    host = mapping.get("hostPort") or mapping["containerPort"]
    usual = host == mapping["containerPort"] and mapping.get("protocol", "tcp") == "tcp"
    return usual and not (mapping.keys() - {"containerPort", "hostPort", "protocol"})


def _parse_health(health: Mapping[str, Any]) -> HealthCheck:
    default = HealthCheck(())
    return HealthCheck(
        tuple(health["command"]),
        health.get("interval", default.interval),
        health.get("timeout", default.timeout),
        health.get("retries", default.retries),
        health.get("startPeriod") or default.start_period,
    )


def _parse_logs(logs: Mapping[str, Any]) -> Logs:
    return Logs(logs.get("options") or {}, logs["logDriver"], _mapping(logs.get("secretOptions"), "valueFrom"))


def _pairs(values: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    return [{"name": name, key: str(value)} for name, value in sorted(values.items())]


def _mapping(pairs: Iterable[Mapping[str, Any]] | None, key: str) -> dict[str, str]:
    return {p["name"]: p.get(key, "") for p in pairs or ()}
