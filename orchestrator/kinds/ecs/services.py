"""Services: a number of tasks of one definition that ECS keeps running, behind a load balancer or not."""

from __future__ import annotations

import dataclasses as dc
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of
from orchestrator.core.health import Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Initial, Link, Ref
from orchestrator.kinds.base import Actions, Item, Named, creation_token
from orchestrator.kinds.ec2.security_groups import SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet
from orchestrator.kinds.ecs.base import Capacity, EcsKind, parse_capacity, render_capacity
from orchestrator.kinds.ecs.clusters import Cluster, ClusterKind
from orchestrator.kinds.ecs.task_definitions import TaskDefinition, TaskDefinitionKind
from orchestrator.kinds.elbv2.rules import ListenerRuleKind
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.scope import Scope

_A_CALL = 10


@dc.dataclass(frozen=True)
class Balanced:
    """A container's port that a target group sends requests to."""

    group: Link[TargetGroup]
    container: str
    port: int


@dc.dataclass(frozen=True)
class Registry:
    """A Cloud Map service in which tasks are registered. ``port`` is for SRV records, ``container`` with it."""

    arn: Link[Any]
    container: str = ""
    port: int = 0


def _parse_balanced(balancers: Iterable[Mapping[str, Any]]) -> frozenset[Balanced]:
    return frozenset(Balanced(b["targetGroupArn"], b["containerName"], b["containerPort"]) for b in balancers)


def _parse_registries(registries: Iterable[Mapping[str, Any]]) -> frozenset[Registry]:
    return frozenset(
        Registry(r["registryArn"], r.get("containerName", ""), r.get("containerPort", 0)) for r in registries
    )


_VPC = "networkConfiguration.awsvpcConfiguration"
_DEPLOYMENT = "deploymentConfiguration"
_PRIMARY = "deployments[?status=='PRIMARY'] | [0]"


@dc.dataclass(frozen=True, kw_only=True)
class Service(Named):
    """A service. It has a ``launch_type``, or a ``capacity`` strategy; with neither, the cluster's default strategy.

    ``desired_count`` and ``task_definition`` are ``Initial`` where autoscaling or a rollout decides them.
    ``grace`` seconds without regard to the load balancer's health checks follow a task's start.
    """

    kind: ClassVar[str] = "service"
    naming: ClassVar[str] = "{name}"
    name_limit: ClassVar[int] = 255
    aws_name: str = attr("serviceName", immutable=True)
    cluster: Link[Cluster] = attr("clusterArn", immutable=True)
    task_definition: Link[TaskDefinition] | Initial[Link[TaskDefinition]] = attr("taskDefinition")
    desired_count: int | Initial[int] = attr("desiredCount")
    subnets: frozenset[Link[Subnet]] = attr(f"{_VPC}.subnets || `[]`", parse=frozenset)
    security_groups: frozenset[Link[SecurityGroup]] = attr(f"{_VPC}.securityGroups || `[]`", parse=frozenset)
    public_ip: bool = attr(f"{_VPC}.assignPublicIp == 'ENABLED'", default=False)
    launch_type: str | None = attr("launchType", immutable=True, default=None)
    capacity: frozenset[Capacity] | None = attr("capacityProviderStrategy || `[]`", parse=parse_capacity, default=None)
    platform_version: str = attr("platformVersion || 'LATEST'", default="LATEST")
    load_balancers: frozenset[Balanced] = attr("loadBalancers || `[]`", parse=_parse_balanced, default=frozenset())
    grace: int = attr("healthCheckGracePeriodSeconds || `0`", default=0)
    registries: frozenset[Registry] = attr("serviceRegistries || `[]`", parse=_parse_registries, default=frozenset())
    min_healthy: int = attr(f"{_DEPLOYMENT}.minimumHealthyPercent", default=100)
    max_percent: int = attr(f"{_DEPLOYMENT}.maximumPercent", default=200)
    circuit_breaker: bool = attr(f"{_DEPLOYMENT}.deploymentCircuitBreaker.enable || `false`", default=True)
    breaker_rolls_back: bool = attr(f"{_DEPLOYMENT}.deploymentCircuitBreaker.rollback || `false`", default=False)
    propagate_tags: str = attr("propagateTags || 'NONE'", default="SERVICE")
    managed_tags: bool = attr("enableECSManagedTags || `false`", default=True)
    execute_command: bool = attr("enableExecuteCommand || `false`", default=False)


_PARAMETERS: Mapping[str, str] = {
    "task_definition": "taskDefinition",
    "desired_count": "desiredCount",
    "subnets": "networkConfiguration",
    "security_groups": "networkConfiguration",
    "public_ip": "networkConfiguration",
    "capacity": "capacityProviderStrategy",
    "platform_version": "platformVersion",
    "load_balancers": "loadBalancers",
    "grace": "healthCheckGracePeriodSeconds",
    "registries": "serviceRegistries",
    "min_healthy": "deploymentConfiguration",
    "max_percent": "deploymentConfiguration",
    "circuit_breaker": "deploymentConfiguration",
    "breaker_rolls_back": "deploymentConfiguration",
    "propagate_tags": "propagateTags",
    "managed_tags": "enableECSManagedTags",
    "execute_command": "enableExecuteCommand",
}
"""Which parameter of UpdateService says a field."""


class ServiceKind(EcsKind[Service]):
    """A deleted service drains for as long as its targets do, and its name is taken until it is INACTIVE."""

    resource = Service
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "serviceArn",
        "arn": "serviceArn",
        "name": "serviceName",
        "cluster": "clusterArn",
        "status": "status",
        "state": f"{{rollout: {_PRIMARY}.rolloutState, reason: {_PRIMARY}.rolloutStateReason}}",
    }
    actions = Actions(
        read=("ecs:DescribeServices",),
        create=("ecs:CreateService", "ecs:TagResource", "iam:CreateServiceLinkedRole"),
        update=("ecs:UpdateService", "ecs:TagResource"),
        delete=("ecs:DeleteService",),
    )
    arns: ClassVar[Mapping[str, str]] = {"ecs:service": "service/{cluster}/{aws_name}"}
    linked = "ecs.amazonaws.com"
    settles = True
    deadline = 1200.0

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By name, ten a call; those that the tagging API proposes beside them."""
        names: dict[str, set[str]] = defaultdict(set)
        for want in scope.of(self.resource.kind):
            if isinstance(want, Service) and (cluster := cluster_name(scope, want.cluster)):
                names[cluster].add(want.aws_name)
        for arn in scope.proposed(aws, self.resource.kind):
            match arn.rpartition(":")[2].split("/"):
                case "service", cluster, name:  # its tasks carry the same tags
                    names[cluster].add(name)
        return [item for item in described(aws, names) if item["status"] != "INACTIVE"]

    def health(self, live: Live[Service]) -> Health:
        """Ready once its newest deployment is complete."""
        if live.outputs["status"] != "ACTIVE":
            return Pending("the service to drain")
        state = live.outputs["state"]
        match state["rollout"]:
            case "IN_PROGRESS":
                return Pending("its tasks to run and be healthy")
            case "FAILED":
                return Pending(f"a deployment that can succeed; the last one failed: {state['reason']}")
        return Ready()

    def predict(self, want: Service, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its name is the plan's."""
        return {"name": want.aws_name}

    def create(self, aws: Aws, want: Service) -> Item:
        """The client token makes a repeated attempt return the service of the first."""
        made: Item = aws.client("ecs").create_service(clientToken=creation_token(want), **service_input(want))[
            "service"
        ]
        return made

    def update(self, aws: Aws, want: Service, live: Live[Service], changed: frozenset[str]) -> None:
        """Only what changed: an unrelated write must not take the count away from autoscaling."""
        parameters = service_changes(want, changed)
        if parameters:
            cluster, service = live.outputs["cluster"], live.outputs["arn"]
            aws.client("ecs").update_service(cluster=cluster, service=service, **parameters)
        self.retag(aws, want, live, changed)

    def delete(self, aws: Aws, live: Live[Service]) -> None:
        """With its tasks."""
        cluster, service = live.outputs["cluster"], live.outputs["arn"]
        aws.client("ecs").delete_service(cluster=cluster, service=service, force=True)

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A service behind a load balancer, that runs nothing yet."""
        entry = ListenerRuleKind.example()
        subnet, *_ = (r for r in entry if isinstance(r, Subnet))
        tasks, *_ = (r for r in entry if isinstance(r, SecurityGroup))
        blue, *_ = (r for r in entry if isinstance(r, TargetGroup))
        (cluster,) = (r for r in ClusterKind.example() if isinstance(r, Cluster))
        (first,) = (r for r in TaskDefinitionKind.example() if isinstance(r, TaskDefinition))
        second = dc.replace(first, name="second", aws_name="contract-second")
        service = Service(
            name="posts",
            aws_name="posts",
            cluster=cluster.out(),
            task_definition=first.out(),
            desired_count=Initial(0, "autoscaling"),
            subnets=frozenset({subnet.out()}),
            security_groups=frozenset({tasks.out()}),
            capacity=frozenset({Capacity("FARGATE")}),
            load_balancers=frozenset({Balanced(blue.out(), "posts", 3000)}),
            after=frozenset({entry[-1].address}),
        )
        return [*entry, cluster, first, second, service]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Another definition, more zones, other capacity, the other colour, a more careful deployment."""
        example = cls.example()
        _, second = (r for r in example if isinstance(r, TaskDefinition))
        _, green = (r for r in example if isinstance(r, TargetGroup))
        discovery = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-0123456789abcdef"
        return {
            "task_definition": second.out(),
            "subnets": frozenset(r.out() for r in example if isinstance(r, Subnet)),
            "security_groups": frozenset(r.out() for r in example if isinstance(r, SecurityGroup)),
            "capacity": frozenset({Capacity("FARGATE", 1, 1), Capacity("FARGATE_SPOT", 2)}),
            "platform_version": "1.4.0",
            "load_balancers": frozenset({Balanced(green.out(), "posts", 3000)}),
            "grace": 60,
            "registries": frozenset({Registry(discovery)}),
            "min_healthy": 50,
            "max_percent": 150,
            "propagate_tags": "TASK_DEFINITION",
        }


def service_input(want: Service) -> dict[str, Any]:
    """What CreateService is given, its client token aside. References must be resolved first."""
    optional = {
        "launchType": want.launch_type,
        "capacityProviderStrategy": None if want.capacity is None else render_capacity(want.capacity),
        "healthCheckGracePeriodSeconds": want.grace if want.load_balancers else None,
    }
    return {
        "cluster": want.cluster,
        "serviceName": want.aws_name,
        "taskDefinition": _bare(want.task_definition),
        "desiredCount": _bare(want.desired_count),
        "platformVersion": want.platform_version,
        "networkConfiguration": {"awsvpcConfiguration": _network(want)},
        "loadBalancers": [
            {"targetGroupArn": b.group, "containerName": b.container, "containerPort": b.port}
            for b in sorted(want.load_balancers, key=lambda b: (str(b.group), b.container, b.port))
        ],
        "serviceRegistries": [_registry(r) for r in sorted(want.registries, key=lambda r: str(r.arn))],
        "deploymentConfiguration": {
            "minimumHealthyPercent": want.min_healthy,
            "maximumPercent": want.max_percent,
            "deploymentCircuitBreaker": {"enable": want.circuit_breaker, "rollback": want.breaker_rolls_back},
        },
        "propagateTags": want.propagate_tags,
        "enableECSManagedTags": want.managed_tags,
        "enableExecuteCommand": want.execute_command,
        "tags": tags.as_list(want.tags, "key", "value"),
        **{key: value for key, value in optional.items() if value is not None},
    }


def service_changes(want: Service, changed: frozenset[str]) -> dict[str, Any]:
    """What UpdateService is given to bring some fields to what is wanted, without its cluster and service."""
    everything = service_input(want)
    parameters = {_PARAMETERS[field] for field in changed if field in _PARAMETERS}
    out = {parameter: everything[parameter] for parameter in sorted(parameters) if parameter in everything}
    if "capacityProviderStrategy" in out:
        out["forceNewDeployment"] = True  # without it AWS refuses another strategy
    return out


def described(aws: Aws, names: Mapping[str, Iterable[str]]) -> list[Item]:
    """Services by cluster and name, ten a call, with their tags; those that are gone are told for a while longer."""

    def ask(batch: tuple[str, list[str]]) -> list[Item]:
        cluster, some = batch
        try:
            found = aws.client("ecs").describe_services(cluster=cluster, services=some, include=["TAGS"])["services"]
        except Exception as error:
            if code_of(error) == "ClusterNotFoundException":
                return []
            raise
        return list(found)

    batches = [
        (cluster, sorted(some)[i : i + _A_CALL])
        for cluster, some in sorted(names.items())
        for i in range(0, len(set(some)), _A_CALL)
    ]
    return [item for items in aws.each(ask, batches) for item in items]


def cluster_name(scope: Scope, cluster: Link[Cluster]) -> str:
    """The name of the cluster that a service is in, known without asking AWS."""
    if isinstance(cluster, Ref):
        return str(getattr(scope.wanted.get(cluster.to), "aws_name", ""))
    return cluster.rpartition("/")[2]


def _network(want: Service) -> dict[str, Any]:
    return {
        "subnets": sorted(map(str, want.subnets)),
        "securityGroups": sorted(map(str, want.security_groups)),
        "assignPublicIp": "ENABLED" if want.public_ip else "DISABLED",
    }


def _registry(registry: Registry) -> dict[str, Any]:
    named = {"containerName": registry.container, "containerPort": registry.port} if registry.container else {}
    return {"registryArn": registry.arn, **named}


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Initial) else value
