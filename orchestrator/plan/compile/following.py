"""What follows a service's traffic from one colour to the other: its auto scaling, and its alarms."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from typing import Any

from orchestrator.core.values import Join, Ref
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

    @property
    def dimensions(self) -> dict[str, str | Ref[Any] | Join]:
        """By what ECS's own metrics know it."""
        return {"ClusterName": self.cluster.aws_name, "ServiceName": self.ecs_service}

    @property
    def balanced(self) -> dict[str, str | Ref[Any] | Join]:
        """By what the load balancer's metrics know it."""
        groups = {"LoadBalancer": self.balancer, "TargetGroup": self.group}
        return {name: thing.out("full_name") for name, thing in groups.items() if thing}


@dc.dataclass(frozen=True)
class _Watched:
    """What an alarm looks at. ``missing``: without requests the load balancer tells nothing, and nothing is wrong."""

    namespace: str
    metric: str
    unit: str
    statistic: str = "Average"
    missing: str = "missing"


_BALANCER = "AWS/ApplicationELB"
_WATCHED = {
    "cpu": _Watched("AWS/ECS", "CPUUtilization", "%"),
    "memory": _Watched("AWS/ECS", "MemoryUtilization", "%"),
    "requests": _Watched(_BALANCER, "RequestCount", "in a period", "Sum", "notBreaching"),
    "errors": _Watched(_BALANCER, "HTTPCode_Target_5XX_Count", "in a period", "Sum", "notBreaching"),
    "latency": _Watched(_BALANCER, "TargetResponseTime", "s", "p99", "notBreaching"),
}


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
    for what, watched in _WATCHED.items():
        threshold = getattr(wanted.alarms, what)
        if threshold is None:
            continue
        name = f"{side.name}-{what}"
        yield Alarm(
            name=name,
            aws_name=context.name(Alarm, name),
            namespace=watched.namespace,
            metric=watched.metric,
            dimensions=side.balanced if watched.namespace == _BALANCER else side.dimensions,
            statistic=watched.statistic,
            period=wanted.alarms.period,
            periods=wanted.alarms.periods,
            threshold=float(threshold),
            missing=watched.missing,
            description=f"{what} of {side.name} above {threshold:g} {watched.unit}",
            alarm_actions=told,
            ok_actions=told,
        )
