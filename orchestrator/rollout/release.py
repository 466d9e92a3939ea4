"""A release: everything that a running service is. A different hash means a rollout, an equal one nothing to do.

So a changed environment variable is deployed as carefully as a changed image. What others own is not part of it: how
many tasks there are, which colour has the traffic.
"""

from __future__ import annotations

import dataclasses as dc
import enum
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from orchestrator.kinds.base import owned
from orchestrator.kinds.ecs.services import Service, service_input
from orchestrator.kinds.ecs.task_definitions import TaskDefinition, canonical_input, task_definition_input
from orchestrator.rollout.images import Image, Wanted
from orchestrator.rollout.strategies import Strategy

RELEASE_TAG = "orchestrator:release"
IMAGE_TAG = "orchestrator:image"
PLAN_IMAGE_TAG = "orchestrator:plan-image"
TASK_DEFINITION_TAG = "orchestrator:task-definition"
LABELS = frozenset({RELEASE_TAG, IMAGE_TAG, PLAN_IMAGE_TAG, TASK_DEFINITION_TAG})

STARTS_A_DEPLOYMENT = (
    "networkConfiguration",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "serviceRegistries",
)
SETTINGS = (
    "networkConfiguration",
    "capacityProviderStrategy",
    "platformVersion",
    "serviceRegistries",
    "loadBalancers",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "deploymentConfiguration",
    "availabilityZoneRebalancing",
)
"""What both CreateService and UpdateService take besides count and task definition."""


class OnConflict(enum.StrEnum):
    """What becomes of a rollout that is wanted while another one of the service waits for somebody."""

    REFUSE = "refuse"
    QUEUE = "queue"
    SUPERSEDE = "supersede"


@dc.dataclass(frozen=True, kw_only=True)
class ColourSpec:
    """One colour as planned: its ECS service, and the target group that its tasks register in."""

    service: Service
    target_group: str | None = None


@dc.dataclass(frozen=True, kw_only=True)
class ServiceSpec:
    """A service as planned, with every reference resolved: what the rollout engine is handed.

    ``container`` is the one whose image is released; the image in ``task_definition`` is only a place for it.
    A service that rolls in place has one colour; behind a load balancer it has two and a ``rule``.
    """

    stack: str
    name: str
    cluster: str
    task_definition: TaskDefinition
    container: str
    repository: str
    repository_uri: str
    image: str
    """The tag or digest that the plan says."""
    colours: Mapping[str, ColourSpec]
    former: Mapping[str, tuple[str, ...]] = dc.field(default_factory=dict)
    """By colour, target groups of ours that a replacement is about to leave behind."""
    rule: str | None = None
    test_rule: str | None = None
    """The rule that only tests match; it reaches the side that nobody else does."""
    test_headers: Mapping[str, str] = dc.field(default_factory=dict)
    """What a request carries to match it."""
    url: str = ""
    """Where the load balancer answers, for gates that ask it."""
    sticky: int = 0
    """Seconds for which a client stays on its side while traffic is divided."""
    minimum: int = 1
    desired: int = 1
    strategy: Strategy = dc.field(default_factory=Strategy)
    deadline: float = 900.0
    checks: tuple[int, float] | None = None
    """How many health checks a target has to pass, and the seconds between two: what dominates the wait for it."""
    needs: tuple[str, ...] = ()
    on_conflict: OnConflict = OnConflict.REFUSE

    @property
    def balanced(self) -> bool:
        """Whether a rule divides its traffic between two colours."""
        return self.rule is not None and len(self.colours) > 1

    @property
    def services(self) -> dict[str, str]:
        """The ECS service's name by colour."""
        return {colour: spec.service.aws_name for colour, spec in self.colours.items()}

    def other(self, colour: str) -> str:
        """The colour that takes over from this one."""
        return next((c for c in self.colours if c != colour), colour)

    def wants(self, image: str) -> Wanted:
        """An image of this service by name."""
        return Wanted(self.repository, self.repository_uri, image)


@dc.dataclass(frozen=True, kw_only=True)
class Release:
    """What would run: the inputs of RegisterTaskDefinition, and those of CreateService that start a deployment."""

    image: Image
    plan_image: str
    task_definition: Mapping[str, Any]
    content: Mapping[str, Any]
    registered: str = ""
    """The revision's ARN where it is a former one; else the newest is used, or a new one made."""

    @property
    def hash(self) -> str:
        """The same for the same content, in every process."""
        text = json.dumps([self.task_definition, self.content], sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def labels(self, task_definition: str) -> dict[str, str]:
        """The tags that tell what an ECS service runs. ``task_definition`` is the revision's ARN."""
        return {
            RELEASE_TAG: self.hash,
            IMAGE_TAG: self.image.text,
            PLAN_IMAGE_TAG: self.plan_image,
            TASK_DEFINITION_TAG: revision(task_definition),
        }


def release_of(spec: ServiceSpec, image: Image) -> Release:
    """The release that a plan and an image make."""
    registered = task_definition_input(spec.task_definition)
    containers = [
        {**c, "image": image.uri} if c["name"] == spec.container else c for c in registered["containerDefinitions"]
    ]
    return release_from(spec, {**registered, "containerDefinitions": containers}, image)


def release_from(spec: ServiceSpec, definition: Mapping[str, Any], image: Image) -> Release:
    """The release of a task definition, as planned or as registered before, in the planned network."""
    planned = service_input(next(iter(spec.colours.values())).service)
    content = {k: planned[k] for k in STARTS_A_DEPLOYMENT if planned.get(k) is not None}
    ports = [{k: v for k, v in lb.items() if k != "targetGroupArn"} for lb in planned.get("loadBalancers", ())]
    if ports:  # which target group it is differs between the colours of one release
        content["loadBalancers"] = ports
    registered = {k: v for k, v in canonical_input(definition).items() if k != "tags"}
    return Release(image=image, plan_image=spec.image, task_definition=registered, content=content)


def settings_of(spec: ServiceSpec, colour: str, *, reverts: bool = False) -> dict[str, Any]:
    """What CreateService and UpdateService are told about a colour, its count and task definition aside.

    The circuit breaker may give a deployment up but, unless it ``reverts``, not take it back: that is the rollout's to
    decide.
    """
    planned = service_input(spec.colours[colour].service)
    settings = {k: planned[k] for k in SETTINGS if planned.get(k) is not None}
    configuration = settings.get("deploymentConfiguration", {})
    breaker = {"enable": True, "rollback": reverts}
    return {**settings, "deploymentConfiguration": {**configuration, "deploymentCircuitBreaker": breaker}}


def launch_of(spec: ServiceSpec, colour: str) -> dict[str, Any]:
    """What only CreateService takes."""
    planned = service_input(spec.colours[colour].service)
    return {k: planned[k] for k in ("launchType", "schedulingStrategy") if planned.get(k) is not None}


def ownership_of(spec: ServiceSpec, colour: str) -> dict[str, str]:
    """The tags that mark a colour's ECS service as the stack's."""
    return dict(owned(spec.stack, spec.colours[colour].service).tags)


def revision(arn: str) -> str:
    """``family:revision`` of a task definition's ARN."""
    return arn.rpartition("/")[2]
