"""What follows a service's traffic from one colour to the other: its auto scaling, and its alarms."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator

from orchestrator.core.values import Join
from orchestrator.kinds.alarms import Alarm
from orchestrator.kinds.ecs.clusters import Cluster
from orchestrator.kinds.elbv2.balancers import LoadBalancer
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.scaling import Metric, ScalableTarget, ScalingPolicy
from orchestrator.plan.compile.context import Context
from orchestrator.plan.model.services import Service


@dc.dataclass(frozen=True, kw_only=True)
class Side:
    """One colour of a service, as scaling and alarms know it."""

    name: str
    ecs_service: str
    cluster: Cluster
    balancer: LoadBalancer | None
    group: TargetGroup | None


def auto_scaling(wanted: Service, side: Side, context: Context) -> Iterator[ScalableTarget | ScalingPolicy]:
    """The bounds, and a policy for each metric that the plan keeps to."""
    scaling = wanted.scaling
    if scaling is None:
        return
    target = ScalableTarget(
        name=side.ecs_service,
        resource_id=f"service/{side.cluster.aws_name}/{side.ecs_service}",
        minimum=scaling.min,
        maximum=scaling.max,
    )
    yield target
    label: str | Join = ""
    if side.balancer and side.group:
        label = Join((side.balancer.out("full_name"), "/", side.group.out("full_name")))
    kept_to = (
        ("cpu", Metric("ECSServiceAverageCPUUtilization"), scaling.cpu),
        ("memory", Metric("ECSServiceAverageMemoryUtilization"), scaling.memory),
        ("requests", Metric("ALBRequestCountPerTarget", label), scaling.requests),
    )
    for what, metric, value in kept_to:
        if value is not None:
            name = f"{side.ecs_service}-{what}"
            yield ScalingPolicy(
                name=name,
                aws_name=context.name(ScalingPolicy, name),
                target=target.out(),
                metric=metric,
                value=float(value),
                scale_out_cooldown=scaling.scale_out_cooldown,
                scale_in_cooldown=scaling.scale_in_cooldown,
            )


def alarms(wanted: Service, side: Side, context: Context) -> Iterator[Alarm]:
    """An alarm for each threshold that the plan states."""
    told = frozenset(wanted.alarms.notify)
    metrics = (("cpu", "CPUUtilization", wanted.alarms.cpu), ("memory", "MemoryUtilization", wanted.alarms.memory))
    for what, metric, threshold in metrics:
        if threshold is not None:
            name = f"{side.name}-{what}"
            yield Alarm(
                name=name,
                aws_name=context.name(Alarm, name),
                namespace="AWS/ECS",
                metric=metric,
                dimensions={"ClusterName": side.cluster.aws_name, "ServiceName": side.ecs_service},
                period=wanted.alarms.period,
                periods=wanted.alarms.periods,
                threshold=float(threshold),
                description=f"{what} of {side.name} above {threshold:g} %",
                alarm_actions=told,
                ok_actions=told,
            )
