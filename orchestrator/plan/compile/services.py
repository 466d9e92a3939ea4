"""The services: what the reconciler keeps for them, and what a rollout makes of each colour."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, Join, Link
from orchestrator.kinds.alarms import Alarm
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.ecs.base import Capacity
from orchestrator.kinds.ecs.clusters import Cluster
from orchestrator.kinds.ecs.containers import Container, HealthCheck, Logs
from orchestrator.kinds.ecs.services import Balanced, Registry, Service
from orchestrator.kinds.ecs.task_definitions import TaskDefinition
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.iam import Role
from orchestrator.kinds.logs import LogGroup
from orchestrator.plan.compile.context import COLOURS, ColourName, Context
from orchestrator.plan.compile.entry import Entry
from orchestrator.plan.compile.following import Side, alarms, auto_scaling
from orchestrator.plan.compile.network import Network
from orchestrator.plan.compile.routing import ROLLOUT, Routing, compile_routing
from orchestrator.plan.model import services as model
from orchestrator.plan.model.strategy import Strategy

AUTOSCALING = "autoscaling"
_LONGEST_START = 300
TO_BE_PINNED = ""
"""The image of a task definition until a rollout fills in repository and digest."""


@dc.dataclass(frozen=True)
class Colour:
    """One of the two sides of a service."""

    service: Service
    target_group: Address | None


@dc.dataclass(frozen=True, kw_only=True)
class ServicePlan:
    """A service as a rollout needs it.

    ``task_definition`` has everything but the image of the container, which is called as the service is.
    ``following`` are the resources of each colour that belong to whichever has the traffic.
    """

    name: str
    cluster: Link[Cluster]
    repository: str
    image: str
    task_definition: TaskDefinition
    colours: Mapping[ColourName, Colour]
    rule: Address | None
    test_rule: Address | None
    test_headers: Mapping[str, str]
    url: str | Join
    strategy: Strategy
    alarms: Mapping[str, str]
    """Its own alarms: their names on CloudWatch by what they watch."""
    needs: frozenset[str]
    desired: int
    min: int
    max: int
    following: Mapping[ColourName, tuple[Resource, ...]]


@dc.dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What services stand in and lean on."""

    context: Context
    network: Network
    entry: Entry | None
    cluster: Cluster
    execution: Role
    tasks: Mapping[str, Role]
    log_groups: Mapping[str, LogGroup]
    repositories: Mapping[str, Repository]
    priorities: Mapping[str, int]
    test_priorities: Mapping[str, int]
    discovered: frozenset[str]
    """Services that have a name in the network's namespace."""


def task_definition(name: str, wanted: model.Service, around: Surroundings) -> TaskDefinition:
    """The task definition, all but its image."""
    context = around.context
    container = Container(
        image=TO_BE_PINNED,
        ports=frozenset({wanted.port} if wanted.port else ()),
        environment={key: str(value) for key, value in wanted.env.items()},
        secrets=dict(wanted.secrets),
        command=wanted.command or (),
        user="" if wanted.user is None else str(wanted.user),
        read_only_root=wanted.read_only_root,
        stop_timeout=wanted.stop_timeout,
        health=_container_check(wanted.health),
        logs=Logs(
            {
                "awslogs-group": around.log_groups[name].aws_name,
                "awslogs-region": context.region,
                "awslogs-stream-prefix": name,
            }
        ),
    )
    return TaskDefinition(
        name=name,
        aws_name=context.name(TaskDefinition, name),
        containers={name: container},
        cpu=wanted.cpu,
        memory=wanted.memory,
        execution_role=around.execution.out("arn"),
        task_role=around.tasks[name].out("arn"),
        architecture=wanted.architecture,
    )


def _container_check(health: model.Health) -> HealthCheck | None:
    if health.command is None:
        return None
    return HealthCheck(
        command=health.command,
        interval=health.interval,
        timeout=health.timeout,
        retries=health.unhealthy_threshold,
        start_period=min(health.grace_period, _LONGEST_START),
    )


def colours(
    name: str,
    wanted: model.Service,
    definition: TaskDefinition,
    routing: Routing,
    around: Surroundings,
) -> dict[ColourName, Colour]:
    """Both sides of a service; only those of a balanced one have target groups."""

    def side(colour: ColourName) -> Colour:
        group = routing.groups.get(colour)
        balanced = {Balanced(group.out("arn"), name, wanted.port)} if group and wanted.port else set()
        spot = wanted.capacity == "FARGATE_SPOT"
        service = Service(
            name=f"{name}-{colour}",
            aws_name=around.context.name(Service, f"{name}-{colour}"),
            cluster=around.cluster.out("arn"),
            task_definition=Initial(definition.out("arn"), ROLLOUT),
            desired_count=Initial(wanted.desired, AUTOSCALING if wanted.scaling else ROLLOUT),
            subnets=around.network.subnet_links(wanted.subnets),
            security_groups=around.network.group_links(wanted.security_groups),
            public_ip=wanted.public_ip,
            launch_type=None if spot else "FARGATE",
            capacity=frozenset({Capacity("FARGATE_SPOT")}) if spot else None,
            load_balancers=frozenset(balanced),
            registries=frozenset({Registry(routing.name.out("arn"))} if routing.name else ()),
            grace=wanted.health.grace_period if balanced else 0,
            execute_command=wanted.execute_command,
        )
        return Colour(service, group.address if group else None)

    return {colour: side(colour) for colour in COLOURS}


def compile_service(name: str, wanted: model.Service, around: Surroundings) -> tuple[tuple[Resource, ...], ServicePlan]:
    """What is kept for a service, and the service as a rollout needs it."""
    routing = compile_routing(
        name,
        wanted,
        around.context,
        around.network,
        around.entry,
        priority=around.priorities.get(name),
        test_priority=around.test_priorities.get(name),
        discovered=name in around.discovered,
    )
    definition = task_definition(name, wanted, around)
    sides = colours(name, wanted, definition, routing, around)
    following = {c: _following(name, wanted, side, routing.groups.get(c), around) for c, side in sides.items()}
    active = following[around.context.active(name)]
    service = ServicePlan(
        name=name,
        cluster=around.cluster.out("arn"),
        repository=around.repositories[name].aws_name,
        image=wanted.image,
        task_definition=definition,
        colours=sides,
        rule=routing.rule.address if routing.rule else None,
        test_rule=routing.test_rule.address if routing.test_rule else None,
        test_headers=routing.test_headers,
        url=routing.url,
        strategy=wanted.strategy,
        alarms={r.name.removeprefix(f"{name}-"): r.aws_name for r in active if isinstance(r, Alarm)},
        needs=frozenset(wanted.needs),
        desired=wanted.desired,
        min=wanted.scaling.min if wanted.scaling else wanted.desired,
        max=wanted.scaling.max if wanted.scaling else wanted.desired,
        following=following,
    )
    return (*routing.resources, *active), service


def _following(
    name: str, wanted: model.Service, colour: Colour, group: TargetGroup | None, around: Surroundings
) -> tuple[Resource, ...]:
    side = Side(
        name=name,
        ecs_service=colour.service.aws_name,
        cluster=around.cluster,
        balancer=around.entry.balancer if around.entry else None,
        group=group,
    )
    return (*auto_scaling(wanted, side, around.context), *alarms(wanted, side, around.context))
