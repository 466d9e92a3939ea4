"""Application Auto Scaling: between which bounds a service's task count moves, and by what.

AWS keeps no tags that would tell whose a scaling policy is, and targets of a service are found through the service: so
what hangs on services of ours is ours, policies under names of ours.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Join, Link, Ref, resolve
from orchestrator.kinds.base import Actions, Item, Kind, Named, owned
from orchestrator.kinds.ecs.clusters import Cluster
from orchestrator.kinds.ecs.scaled import services_behind
from orchestrator.kinds.ecs.services import Service, ServiceKind
from orchestrator.kinds.scope import Scope

_SERVICE = "application-autoscaling"
_NAMESPACE = "ecs"
_BEHIND = "service behind it"
_TRACKING = "TargetTrackingScalingPolicyConfiguration"


def _parse_suspended(state: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(process.removesuffix("Suspended") for process, stopped in state.items() if stopped)


@dc.dataclass(frozen=True, kw_only=True)
class ScalableTarget(Resource):
    """The bounds of a service's task count. ``resource_id`` is ``service/{cluster}/{service}``.

    ``suspended`` names scaling processes (``DynamicScalingIn``, ``DynamicScalingOut``, ``ScheduledScaling``) that are
    held; ``None`` leaves that to rollouts.
    """

    kind: ClassVar[str] = "scalable-target"
    resource_id: str | Join = attr("ResourceId", immutable=True)
    dimension: str = attr("ScalableDimension", immutable=True, default="ecs:service:DesiredCount")
    minimum: int = attr("MinCapacity")
    maximum: int = attr("MaxCapacity")
    suspended: frozenset[str] | None = attr("SuspendedState || `{}`", parse=_parse_suspended, default=None)


class ScalableTargetKind(Kind[ScalableTarget]):
    """Registering again changes what it names and keeps the rest. The service has to exist first."""

    resource = ScalableTarget
    service = _SERVICE
    outputs: ClassVar[Mapping[str, str]] = {"id": "ResourceId", "arn": "ScalableTargetARN"}
    actions = Actions(
        read=("application-autoscaling:DescribeScalableTargets", "ecs:DescribeServices"),
        create=(
            "application-autoscaling:RegisterScalableTarget",
            "ecs:DescribeServices",
            "ecs:UpdateService",
            "iam:CreateServiceLinkedRole",
        ),
        update=("application-autoscaling:RegisterScalableTarget", "ecs:DescribeServices", "ecs:UpdateService"),
        delete=("application-autoscaling:DeregisterScalableTarget",),
    )
    arns: ClassVar[Mapping[str, str]] = {"application-autoscaling:scalable-target": "scalable-target/*"}
    linked = "ecs.application-autoscaling.amazonaws.com"
    tagged = False
    indexed = False

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Of all targets those that we want, and others that are on a service of ours in our cluster."""
        clusters, wanted = _clusters(aws, scope), _targets(scope)
        if not clusters and not wanted:
            return []
        listed = aws.pages(_SERVICE, "describe_scalable_targets", "ScalableTargets", ServiceNamespace=_NAMESPACE)
        near = [t for t in listed if t["ResourceId"] in wanted or _cluster_of(t["ResourceId"]) in clusters]
        behind = services_behind(aws, scope, {t["ResourceId"] for t in near} - wanted.keys())
        ours = [t for t in near if t["ResourceId"] in wanted or t["ResourceId"] in behind]
        return [{**t, _BEHIND: behind.get(t["ResourceId"])} for t in ours]

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """Those that it would carry if it could."""
        wanted = _targets(scope)

        def marks(item: Item) -> Mapping[str, str]:
            want = wanted.get(item["ResourceId"])
            name = item["ResourceId"].rpartition("/")[2]
            return _marks(scope, want, Address(self.resource.kind, name))

        return [marks(item) for item in items]

    def parse(self, name: str, found: Mapping[str, str], item: Item, extra: Mapping[str, Any]) -> ScalableTarget:
        """It stands on its service, which its fields only name: it has to go before that."""
        target, service = super().parse(name, found, item, extra), item[_BEHIND]
        return dc.replace(target, after=frozenset({service})) if service else target

    def predict(self, want: ScalableTarget, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """It is known by its service."""
        return {"id": want.resource_id} if isinstance(want.resource_id, str) else {}

    def create(self, aws: Aws, want: ScalableTarget) -> Item:
        """Until the service is known everywhere AWS says ValidationException."""
        suspended = (
            {}
            if want.suspended is None
            else {
                "SuspendedState": {
                    f"{process}Suspended": process in want.suspended
                    for process in ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
                }
            }
        )
        answer = aws.client(_SERVICE).register_scalable_target(
            **_key(want.resource_id, want.dimension), MinCapacity=want.minimum, MaxCapacity=want.maximum, **suspended
        )
        return {"ResourceId": want.resource_id, **answer}

    def update(self, aws: Aws, want: ScalableTarget, live: Live[ScalableTarget], changed: frozenset[str]) -> None:
        """By registering it again."""
        self.create(aws, want)

    def delete(self, aws: Aws, live: Live[ScalableTarget]) -> None:
        """Its policies and their alarms go with it."""
        aws.client(_SERVICE).deregister_scalable_target(**_key(live.outputs["id"], live.resource.dimension))

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Two to ten tasks."""
        network = {"vpc", "subnet", "security-group", "cluster", "task-definition"}
        needed = [r for r in ServiceKind.example() if r.kind in network]
        (behind,) = (r for r in ServiceKind.example() if isinstance(r, Service))
        service = dc.replace(behind, load_balancers=frozenset(), after=frozenset())
        (cluster,) = (r for r in needed if isinstance(r, Cluster))
        target = ScalableTarget(
            name="posts",
            resource_id=Join(("service/", cluster.out("name"), "/posts")),
            minimum=2,
            maximum=10,
            after=frozenset({service.address}),
        )
        return [*needed, service, target]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Other bounds; held from scaling in."""
        return {"minimum": 1, "maximum": 12, "suspended": frozenset({"DynamicScalingIn", "ScheduledScaling"})}


@dc.dataclass(frozen=True)
class Metric:
    """A metric that AWS defines, such as ``ECSServiceAverageCPUUtilization``.

    ``ALBRequestCountPerTarget`` needs a ``label``: the full names of load balancer and target group, joined by a slash.
    """

    name: str
    label: str | Ref[Any] | Join = ""


def _parse_metric(metric: Mapping[str, str]) -> Metric:
    return Metric(metric["PredefinedMetricType"], metric.get("ResourceLabel") or "")


@dc.dataclass(frozen=True, kw_only=True)
class ScalingPolicy(Named):
    """Target tracking: AWS moves the task count so that a metric stays near a value."""

    kind: ClassVar[str] = "scaling-policy"
    name_limit: ClassVar[int] = 256
    aws_name: str = attr("PolicyName", immutable=True)
    target: Link[ScalableTarget] = attr("ResourceId", immutable=True)
    dimension: str = attr("ScalableDimension", immutable=True, default="ecs:service:DesiredCount")
    metric: Metric = attr(f"{_TRACKING}.PredefinedMetricSpecification", parse=_parse_metric)
    value: float = attr(f"{_TRACKING}.TargetValue")
    scale_in_cooldown: int = attr(f"{_TRACKING}.ScaleInCooldown", default=300)
    scale_out_cooldown: int = attr(f"{_TRACKING}.ScaleOutCooldown", default=300)
    scales_in: bool = attr(f"!({_TRACKING}.DisableScaleIn || `false`)", default=True)


_ALARMS = ("cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms")


class ScalingPolicyKind(Kind[ScalingPolicy]):
    """The alarms that AWS makes for a policy (``TargetTracking-...``) are AWS's."""

    resource = ScalingPolicy
    service = _SERVICE
    outputs: ClassVar[Mapping[str, str]] = {"id": "PolicyARN", "arn": "PolicyARN", "name": "PolicyName"}
    actions = Actions(
        read=("application-autoscaling:DescribeScalingPolicies", "ecs:DescribeServices"),
        create=("application-autoscaling:PutScalingPolicy", *_ALARMS),
        update=("application-autoscaling:PutScalingPolicy", *_ALARMS),
        delete=("application-autoscaling:DeleteScalingPolicy",),
    )
    arns: ClassVar[Mapping[str, str]] = {"application-autoscaling:scalable-target": "scalable-target/*"}
    tagged = False
    indexed = False

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Of all policies those that we want, and others on services of ours that bear a name of ours."""
        clusters, wanted, targets = _clusters(aws, scope), _policies(scope), _targets(scope)
        if not clusters and not wanted:
            return []
        listed = aws.pages(_SERVICE, "describe_scaling_policies", "ScalingPolicies", ServiceNamespace=_NAMESPACE)

        def left_over(item: Item) -> bool:
            return item["PolicyName"].startswith(f"{scope.stack}-") and _cluster_of(item["ResourceId"]) in clusters

        near = [p for p in listed if _policy_key(p) in wanted or left_over(p)]
        unknown = {p["ResourceId"] for p in near if _policy_key(p) not in wanted} - targets.keys()
        ours = {*targets, *services_behind(aws, scope, unknown)}
        return [p for p in near if _policy_key(p) in wanted or p["ResourceId"] in ours]

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """Those that it would carry if it could. What is left over keeps its address unless something wanted has it."""
        wanted = _policies(scope)
        found = {str(wanted[key].address) for key in map(_policy_key, items) if key in wanted}

        def marks(item: Item) -> Mapping[str, str]:
            address = Address(self.resource.kind, item["PolicyName"].removeprefix(f"{scope.stack}-"))
            if str(address) in found:
                address = Address(self.resource.kind, f"{address.name}@{item['ResourceId'].rpartition('/')[2]}")
            return _marks(scope, wanted.get(_policy_key(item)), address)

        return [marks(item) for item in items]

    def create(self, aws: Aws, want: ScalingPolicy) -> Item:
        """A policy of the same name on the same target is overwritten."""
        specification = {"PredefinedMetricType": want.metric.name}
        if want.metric.label:
            specification["ResourceLabel"] = str(want.metric.label)
        answer: Item = aws.client(_SERVICE).put_scaling_policy(
            PolicyName=want.aws_name,
            PolicyType="TargetTrackingScaling",
            **_key(want.target, want.dimension),
            TargetTrackingScalingPolicyConfiguration={
                "PredefinedMetricSpecification": specification,
                "TargetValue": want.value,
                "ScaleInCooldown": want.scale_in_cooldown,
                "ScaleOutCooldown": want.scale_out_cooldown,
                "DisableScaleIn": not want.scales_in,
            },
        )
        return {"PolicyName": want.aws_name, **answer}

    def update(self, aws: Aws, want: ScalingPolicy, live: Live[ScalingPolicy], changed: frozenset[str]) -> None:
        """By putting it again."""
        self.create(aws, want)

    def delete(self, aws: Aws, live: Live[ScalingPolicy]) -> None:
        """With its alarms."""
        key = _key(live.resource.target, live.resource.dimension)
        aws.client(_SERVICE).delete_scaling_policy(PolicyName=live.outputs["name"], **key)

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """CPU near 70 percent."""
        *needed, target = ScalableTargetKind.example()
        policy = ScalingPolicy(
            name="posts-cpu",
            aws_name="contract-posts-cpu",
            target=Ref(target.address),
            metric=Metric("ECSServiceAverageCPUUtilization"),
            value=70.0,
            scale_out_cooldown=60,
        )
        return [*needed, target, policy]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Another metric and pace."""
        label = "app/contract/0123456789abcdef/targetgroup/contract-blue/0123456789abcdef"
        return {
            "metric": Metric("ALBRequestCountPerTarget", label),
            "value": 80.5,
            "scale_in_cooldown": 600,
            "scale_out_cooldown": 30,
        }


def _key(resource_id: Any, dimension: str) -> dict[str, Any]:
    return {"ServiceNamespace": _NAMESPACE, "ResourceId": resource_id, "ScalableDimension": dimension}


def _targets(scope: Scope) -> dict[str, ScalableTarget]:
    """Wanted targets by the resource that they are on."""
    wanted = (want for want in scope.of(ScalableTarget.kind) if isinstance(want, ScalableTarget))
    return {_resource_id(scope, want): want for want in wanted}


def _policies(scope: Scope) -> dict[tuple[str, str], ScalingPolicy]:
    """Wanted policies by the resource that they are on and their name."""
    found = {}
    for want in scope.of(ScalingPolicy.kind):
        if isinstance(want, ScalingPolicy):
            on = scope.wanted.get(want.target.to) if isinstance(want.target, Ref) else want.target
            resource_id = _resource_id(scope, on) if isinstance(on, ScalableTarget) else str(on)
            found[resource_id, want.aws_name] = want
    return found


def _resource_id(scope: Scope, target: ScalableTarget) -> str:
    """Known without asking AWS: it is made of names that the plan decides."""
    return str(resolve(target.resource_id, lambda ref: getattr(scope.wanted.get(ref.to), "aws_name", "")))


def _policy_key(item: Item) -> tuple[str, str]:
    return item["ResourceId"], item["PolicyName"]


def _clusters(aws: Aws, scope: Scope) -> set[str]:
    """Names of the stack's own clusters; one that it shares with others is not in its hands."""
    wanted = {str(getattr(want, "aws_name", "")) for want in scope.of("cluster")}
    return wanted | {arn.rpartition("/")[2] for arn in scope.proposed(aws, "cluster")}


def _cluster_of(resource_id: str) -> str:
    _, cluster, _ = resource_id.split("/")
    return cluster


def _marks(scope: Scope, want: Resource | None, left_over: Address) -> Mapping[str, str]:
    return owned(scope.stack, want).tags if want else tags.ownership(scope.stack, left_over, "")
