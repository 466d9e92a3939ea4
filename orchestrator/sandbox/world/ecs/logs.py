"""What containers write to their logs: that they have started, and how they ended."""

from __future__ import annotations

from typing import Any

from orchestrator.sandbox.world.ecs.model import Container, Task, stamp


def write(task: Task, container: Container, message: str, at: float) -> None:
    """Add a line to the stream that ``awslogs`` keeps for a container: ``PREFIX/CONTAINER/TASK``."""
    stream = _stream(task, container)
    if stream is None:
        return
    from moto.logs.models import LogEvent

    instant = int(at * 1000)
    stream.events.append(LogEvent(instant, {"timestamp": instant, "message": message}))
    stream.last_ingestion_time = stamp(at)
    stream.stored_bytes += len(message)


def _stream(task: Task, container: Container) -> Any:
    logging = container.definition.get("logConfiguration") or {}
    options = logging.get("options") or {}
    if logging.get("logDriver") != "awslogs" or "awslogs-stream-prefix" not in options:
        return None
    from moto.logs.models import LogStream, logs_backends

    groups = logs_backends[task.account][options.get("awslogs-region", task.region)].groups
    group = groups.get(options.get("awslogs-group"))
    if group is None:
        return None
    name = "/".join((options["awslogs-stream-prefix"], container.definition["name"], task.id))
    if name not in group.streams:
        group.streams[name] = LogStream(log_group=group, name=name)
    return group.streams[name]
