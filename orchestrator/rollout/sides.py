"""What AWS says about one colour of a service: its ECS service, its tasks, its targets.

Everything a rollout decides is decided from these values, which are read in batches (``watch``) and never guessed.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from orchestrator.aws.tags import as_map

ABSENT = "ABSENT"
COMPLETED = "COMPLETED"
FAILED = "FAILED"


@dc.dataclass(frozen=True, kw_only=True)
class Deployment:
    """One deployment of an ECS service; the one we started is found again by its id."""

    id: str
    primary: bool
    task_definition: str
    desired: int
    running: int
    pending: int
    failed: int
    state: str
    """``rolloutState``; empty where it is not told."""
    reason: str
    created: float = 0.0


@dc.dataclass(frozen=True, kw_only=True)
class Task:
    """One task, running or stopped."""

    arn: str
    started_by: str
    task_definition: str
    status: str
    address: str = ""
    health: str = ""
    stopped_at: float = 0.0
    stop_code: str = ""
    stopped_reason: str = ""
    exits: tuple[tuple[str, int | None, str], ...] = ()
    """Of each container: name, exit code, reason."""


@dc.dataclass(frozen=True)
class Target:
    """One registered target and how its group finds it."""

    address: str
    state: str
    reason: str = ""
    description: str = ""


@dc.dataclass(frozen=True)
class Happening:
    """One of the ECS service's events."""

    at: float
    text: str


@dc.dataclass(frozen=True, kw_only=True)
class Side:
    """One colour as it stands on AWS."""

    service: str
    status: str = ABSENT
    desired: int = 0
    running: int = 0
    pending: int = 0
    task_definition: str = ""
    target_groups: tuple[str, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    events: tuple[Happening, ...] = ()
    tags: Mapping[str, str] = dc.field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    targets: tuple[Target, ...] | None = None
    """None where the colour has no target group, or nobody asked."""
    described: Mapping[str, Any] = dc.field(default_factory=dict)
    """The ECS service as described, for what has to be put back as it was."""

    @property
    def active(self) -> bool:
        """Whether the ECS service is there and can be updated."""
        return self.status == "ACTIVE"

    @property
    def primary(self) -> Deployment | None:
        """The deployment that ECS works towards."""
        return next((d for d in self.deployments if d.primary), None)

    @property
    def healthy_targets(self) -> int:
        """How many registered targets pass their checks."""
        return sum(t.state == "healthy" for t in self.targets or ())

    @property
    def usable(self) -> int:
        """How many tasks can answer a request: healthy targets where there is a target group, else running tasks."""
        return self.running if self.targets is None else self.healthy_targets

    @property
    def well(self) -> bool:
        """Whether nothing points at trouble, so that its tasks need not be looked at one by one."""
        quiet = len(self.deployments) == 1 and not self.deployments[0].failed
        full = self.running == self.desired and not self.pending
        return (
            quiet and full and all(t.state != "unhealthy" for t in self.targets or ()) and self.usable >= self.desired
        )

    def deployment(self, id: str) -> Deployment | None:
        """A deployment by id."""
        return next((d for d in self.deployments if d.id == id), None)

    def tasks_of(self, deployment: str) -> tuple[Task, ...]:
        """The tasks that one deployment started; where tasks do not tell who started them, those of its revision."""
        known = {d.id for d in self.deployments} | {deployment}
        revision = next((d.task_definition for d in self.deployments if d.id == deployment), self.task_definition)
        return tuple(
            t
            for t in self.tasks
            if t.started_by == deployment
            or (t.started_by not in known and not _ecs(t) and t.task_definition == revision)
        )


def _ecs(task: Task) -> bool:
    return task.started_by.startswith("ecs-svc/")


def read_service(item: Mapping[str, Any]) -> Side:
    """An item of DescribeServices. One that is gone for good counts as absent."""
    status = str(item.get("status", ""))
    if status == "INACTIVE":
        return Side(service=str(item["serviceName"]))
    return Side(
        service=str(item["serviceName"]),
        status=status,
        desired=int(item.get("desiredCount", 0)),
        running=int(item.get("runningCount", 0)),
        pending=int(item.get("pendingCount", 0)),
        task_definition=str(item.get("taskDefinition", "")),
        target_groups=tuple(lb["targetGroupArn"] for lb in item.get("loadBalancers", ()) if lb.get("targetGroupArn")),
        deployments=tuple(_deployment(d) for d in item.get("deployments", ())),
        events=_events(item.get("events", ())),
        tags=as_map(item.get("tags")),
        described={k: v for k, v in item.items() if k not in ("events", "deployments", "tags", "taskSets")},
    )


def _deployment(item: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=str(item.get("id", "")),
        primary=item.get("status") == "PRIMARY",
        task_definition=str(item.get("taskDefinition", "")),
        desired=int(item.get("desiredCount", 0)),
        running=int(item.get("runningCount", 0)),
        pending=int(item.get("pendingCount", 0)),
        failed=int(item.get("failedTasks", 0) or 0),
        state=str(item.get("rolloutState", "") or ""),
        reason=str(item.get("rolloutStateReason", "") or ""),
        created=seconds(item.get("createdAt")),
    )


def _events(items: Iterable[Mapping[str, Any]]) -> tuple[Happening, ...]:
    found = [Happening(seconds(e.get("createdAt")), str(e.get("message", ""))) for e in items]
    return tuple(sorted(found, key=lambda e: e.at, reverse=True))


def read_task(item: Mapping[str, Any]) -> Task:
    """An item of DescribeTasks."""
    containers = item.get("containers", ())
    interfaces = [c for c in containers if c.get("networkInterfaces")]
    address = interfaces[0]["networkInterfaces"][0].get("privateIpv4Address", "") if interfaces else ""
    for attachment in item.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == "privateIPv4Address":
                address = detail.get("value", "")
    return Task(
        arn=str(item["taskArn"]),
        started_by=str(item.get("startedBy", "") or ""),
        task_definition=str(item.get("taskDefinitionArn", "")),
        status=str(item.get("lastStatus", "")),
        address=str(address or ""),
        health=str(item.get("healthStatus", "") or ""),
        stopped_at=seconds(item.get("stoppedAt") or item.get("stoppingAt")),
        stop_code=str(item.get("stopCode", "") or ""),
        stopped_reason=str(item.get("stoppedReason", "") or ""),
        exits=tuple((str(c.get("name", "")), c.get("exitCode"), str(c.get("reason", "") or "")) for c in containers),
    )


def read_target(item: Mapping[str, Any]) -> Target:
    """An item of DescribeTargetHealth."""
    health = item.get("TargetHealth", {})
    return Target(
        address=str(item["Target"]["Id"]),
        state=str(health.get("State", "")),
        reason=str(health.get("Reason", "") or ""),
        description=str(health.get("Description", "") or ""),
    )


def seconds(at: Any) -> float:
    """An instant as boto3 gives it, in seconds since the epoch; 0 for none."""
    return at.timestamp() if isinstance(at, datetime) else float(at or 0)
