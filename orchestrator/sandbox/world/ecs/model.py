"""The things of ECS that have a life of their own, and how each is described to a caller.

moto keeps clusters and task definitions well enough. Services and tasks are ours; they stand in moto's dictionaries,
and carry the attributes that moto's tagging and scaling read from its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

REVISION_FIELDS = (
    "taskDefinition",
    "capacityProviderStrategy",
    "launchType",
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)
"""What a deployment rolls out; a change of anything else takes effect without one."""


def stamp(at: float | None) -> datetime | None:
    """An instant as the API writes it."""
    return None if at is None else datetime.fromtimestamp(at, UTC)


def present_only(fields: Mapping[str, Any]) -> Json:
    """What is known; AWS leaves out the rest."""
    return {name: value for name, value in fields.items() if value is not None}


@dataclass(eq=False)
class Container:
    """One container of a task."""

    arn: str
    task_arn: str
    definition: Mapping[str, Any]
    image_digest: str | None = None
    runtime_id: str | None = None
    last_status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    health_status: str = "UNKNOWN"

    @property
    def essential(self) -> bool:
        """Whether the task ends when it does."""
        return bool(self.definition.get("essential", True))

    def describe(self, addresses: list[Json]) -> Json:
        """As in ``DescribeTasks``."""
        return present_only(
            {
                "containerArn": self.arn,
                "taskArn": self.task_arn,
                "name": self.definition["name"],
                "image": self.definition["image"],
                "imageDigest": self.image_digest,
                "runtimeId": self.runtime_id,
                "lastStatus": self.last_status,
                "exitCode": self.exit_code,
                "reason": self.reason,
                "networkBindings": [],
                "networkInterfaces": addresses,
                "healthStatus": self.health_status,
                "cpu": str(self.definition.get("cpu", 0)),
                "memory": _text(self.definition.get("memory")),
                "memoryReservation": _text(self.definition.get("memoryReservation")),
            }
        )


@dataclass(eq=False)
class Task:
    """One task, from provisioning to an hour after its end."""

    id: str
    task_arn: str
    cluster_name: str
    cluster_arn: str
    account: str
    region: str
    definition: Any
    group: str
    started_by: str | None
    created_at: float
    tags: list[Json] = field(default_factory=list)
    asked: Json = field(default_factory=dict)
    """What it was started with: launch type or provider, platform version, overrides, network configuration."""
    service: Service | None = None
    deployment: Deployment | None = None
    containers: list[Container] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    availability_zone: str | None = None
    address: str | None = None
    interface: str | None = None
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    instants: dict[str, float] = field(default_factory=dict)
    stop_code: str | None = None
    stopped_reason: str | None = None
    version: int = 1
    judged: bool = False
    """Whether it has been healthy once, or has been counted as a failure."""

    @property
    def task_definition_arn(self) -> str:
        """The revision it runs."""
        return str(self.definition.arn)

    @property
    def health_status(self) -> str:
        """The worst of its essential containers that are checked."""
        states = [each.health_status for each in self.containers if each.essential and "healthCheck" in each.definition]
        return next((state for state in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if state in states), "UNKNOWN")

    @property
    def checked(self) -> bool:
        """Whether a container of it has a health check of its own."""
        return any("healthCheck" in each.definition for each in self.containers if each.essential)

    def describe(self, *, with_tags: bool) -> Json:
        """As in ``DescribeTasks``."""
        interface = [{"attachmentId": each["id"], "privateIpv4Address": self.address} for each in self.attachments]
        instants = {name: stamp(at) for name, at in self.instants.items()}
        asked = {name: self.asked.get(name) for name in ("launchType", "capacityProviderName", "ephemeralStorage")}
        overrides = self.asked.get("overrides") or {}
        return present_only(
            {
                **asked,
                **instants,
                "taskArn": self.task_arn,
                "clusterArn": self.cluster_arn,
                "taskDefinitionArn": self.task_definition_arn,
                "group": self.group,
                "startedBy": self.started_by,
                "createdAt": stamp(self.created_at),
                "attachments": self.attachments,
                "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
                "availabilityZone": self.availability_zone,
                "containers": [each.describe(interface) for each in self.containers],
                "cpu": overrides.get("cpu") or self.definition.cpu,
                "memory": overrides.get("memory") or self.definition.memory,
                "connectivity": "CONNECTED" if "connectivityAt" in self.instants else None,
                "desiredStatus": self.desired_status,
                "lastStatus": self.last_status,
                "enableExecuteCommand": bool(self.asked.get("enableExecuteCommand")),
                "healthStatus": self.health_status,
                "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **overrides},
                "platformVersion": "1.4.0",
                "platformFamily": "Linux",
                "stopCode": self.stop_code,
                "stoppedReason": self.stopped_reason,
                "version": self.version,
                "tags": self.tags if with_tags else [],
            }
        )


@dataclass(eq=False)
class Deployment:
    """One roll out of one revision of a service."""

    number: str
    revision: Json
    created_at: float
    updated_at: float
    source: Deployment | None = None
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    wanted: int = 0
    failed: int = 0
    finished_at: float | None = None
    back_to: Deployment | None = None
    """The deployment whose revision this one brings back, after a failure."""
    next_start: float = 0.0
    said: set[str] = field(default_factory=set)
    """Event texts that are not repeated within this deployment."""

    @property
    def id(self) -> str:
        """As everybody refers to it."""
        return f"ecs-svc/{self.number}"

    def describe(self, tasks: list[Task]) -> Json:
        """As in ``DescribeServices``."""
        mine = [task for task in tasks if task.deployment is self]
        kept = {name: self.revision.get(name) for name in REVISION_FIELDS}
        for name in ("loadBalancers", "serviceRegistries"):
            kept.pop(name)
        return present_only(
            {
                **kept,
                "id": self.id,
                "status": self.status,
                "desiredCount": self.wanted,
                "pendingCount": count(mine, "PROVISIONING", "PENDING", "ACTIVATING"),
                "runningCount": count(mine, "RUNNING"),
                "failedTasks": self.failed,
                "createdAt": stamp(self.created_at),
                "updatedAt": stamp(self.updated_at),
                "platformFamily": "Linux",
                "rolloutState": self.rollout_state,
                "rolloutStateReason": self.rollout_reason,
            }
        )


@dataclass(eq=False)
class Service:
    """One service; what it was told to be stands in ``settings``, as the API writes it."""

    name: str
    arn: str
    cluster: Any
    account: str
    region: str
    settings: Json
    created_at: float
    token: str | None = None
    asked: Json = field(default_factory=dict)
    status: str = "ACTIVE"
    tags: list[Json] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    history: list[Deployment] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    task_sets: list[Any] = field(default_factory=list)
    steady: bool = False
    wake_at: float | None = None

    @property
    def deployment_controller(self) -> Json:
        """Who rolls it out."""
        return dict(self.settings["deploymentController"])

    @property
    def cluster_name(self) -> str:
        """The cluster's name, as moto looks it up."""
        return str(self.cluster.name)

    @property
    def cluster_arn(self) -> str:
        """The cluster's ARN."""
        return str(self.cluster.arn)

    @property
    def physical_resource_id(self) -> str:
        """The ARN, under the name that moto's tagging reads."""
        return self.arn

    @property
    def desired_count(self) -> int:
        """How many tasks it is to keep; none while it drains."""
        return int(self.settings.get("desiredCount", 0))

    @property
    def scheduling_strategy(self) -> str:
        """``REPLICA`` or ``DAEMON``."""
        return str(self.settings["schedulingStrategy"])

    @property
    def load_balancers(self) -> list[Json]:
        """The target groups it registers with."""
        return list(self.settings.get("loadBalancers") or [])

    @property
    def task_definition(self) -> str:
        """The revision it is to run."""
        return str(self.settings["taskDefinition"])

    def describe(self, *, with_tags: bool) -> Json:
        """As in ``DescribeServices``."""
        shown = {name: value for name, value in self.settings.items() if name not in _NOT_SHOWN}
        return present_only(
            {
                **shown,
                "serviceArn": self.arn,
                "serviceName": self.name,
                "clusterArn": self.cluster_arn,
                "status": self.status,
                "runningCount": count(self.tasks, "RUNNING"),
                "pendingCount": count(self.tasks, "PROVISIONING", "PENDING", "ACTIVATING"),
                "deployments": [each.describe(self.tasks) for each in self.deployments],
                "events": list(self.events),
                "createdAt": stamp(self.created_at),
                "platformFamily": "Linux",
                "roleArn": self._service_role(),
                "tags": self.tags if with_tags else None,
            }
        )

    def _service_role(self) -> str | None:
        if not self.load_balancers:
            return None
        partition = self.arn.split(":")[1]
        role = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        return f"arn:{partition}:iam::{self.account}:role/{role}"


_NOT_SHOWN = ("serviceConnectConfiguration", "volumeConfigurations", "role")


def count(tasks: list[Task], *statuses: str) -> int:
    """How many of them are in one of these states."""
    return sum(task.last_status in statuses for task in tasks)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
