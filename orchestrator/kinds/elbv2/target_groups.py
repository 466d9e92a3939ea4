"""Target groups: the addresses behind a load balancer, and how it tells whether they are healthy."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.ec2.vpc import Vpc
from orchestrator.kinds.elbv2.snapshot import look, retag, stated, with_full_name
from orchestrator.kinds.scope import Scope

_DELAY = "deregistration_delay.timeout_seconds"
_SLOW_START = "slow_start.duration_seconds"
_STICKY = "stickiness.enabled"
_STICKY_TYPE = "stickiness.type"
_STICKY_SECONDS = "stickiness.lb_cookie.duration_seconds"
_HEALTH_CHECK: Mapping[str, str] = {
    "health_path": "HealthCheckPath",
    "health_port": "HealthCheckPort",
    "health_protocol": "HealthCheckProtocol",
    "health_interval": "HealthCheckIntervalSeconds",
    "health_timeout": "HealthCheckTimeoutSeconds",
    "healthy_threshold": "HealthyThresholdCount",
    "unhealthy_threshold": "UnhealthyThresholdCount",
}
_ATTRIBUTES = frozenset({"deregistration_delay", "slow_start", "sticky_seconds", "attributes"})


@dc.dataclass(frozen=True, kw_only=True)
class TargetGroup(Named):
    """A target group. ``aws_name`` carries a hash of what cannot change, so that a replacement fits beside the old one.

    ``sticky_seconds`` of 0 is no stickiness. Of further ``attributes`` only the stated ones are ours.
    """

    kind: ClassVar[str] = "target-group"
    name_limit: ClassVar[int] = 32
    aws_name: str = attr("TargetGroupName", immutable=True)
    vpc: Link[Vpc] = attr("VpcId", immutable=True)
    port: int = attr("Port", immutable=True)
    protocol: str = attr("Protocol", immutable=True, default="HTTP")
    protocol_version: str = attr("ProtocolVersion", immutable=True, default="HTTP1")
    target_type: str = attr("TargetType", immutable=True, default="ip")
    health_path: str = attr("HealthCheckPath", default="/")
    health_port: str = attr("HealthCheckPort", default="traffic-port")
    health_protocol: str = attr("HealthCheckProtocol", default="HTTP")
    health_interval: int = attr("HealthCheckIntervalSeconds", default=30)
    health_timeout: int = attr("HealthCheckTimeoutSeconds", default=5)
    healthy_threshold: int = attr("HealthyThresholdCount", default=5)
    unhealthy_threshold: int = attr("UnhealthyThresholdCount", default=2)
    matcher: str = attr("Matcher.HttpCode", default="200")
    deregistration_delay: int = attr(f"Attributes.\"{_DELAY}\" || '300'", parse=int, default=300)
    slow_start: int = attr(f"Attributes.\"{_SLOW_START}\" || '0'", parse=int, default=0)
    sticky_seconds: int = attr(default=0)
    attributes: Mapping[str, str] = attr(factory=dict)

    @property
    def stem(self) -> str:
        """The name without that hash: what its replacements are called, too."""
        return self.aws_name.rpartition("-")[0] or self.aws_name


class TargetGroupKind(NamedKind[TargetGroup]):
    """Cannot be deleted while any rule names it, not even with weight 0 (ResourceInUse)."""

    resource = TargetGroup
    service = "elbv2"
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "TargetGroupArn",
        "arn": "TargetGroupArn",
        "name": "TargetGroupName",
        "full_name": "FullName",
    }
    actions = Actions(
        read=(
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTags",
        ),
        create=(
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
        ),
        update=(
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:AddTags",
        ),
        delete=("elasticloadbalancing:DeleteTargetGroup",),
    )
    arns: ClassVar[Mapping[str, str]] = {"elasticloadbalancing:targetgroup": "targetgroup/{stem}-*/*"}
    coexists = True

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """From the shared look."""
        return look(aws, scope).groups

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """From the shared look, which asks for twenty at a time."""
        return [item["Tags"] for item in items]

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """Stickiness as one number; of the other attributes those that the plan states."""
        found = item.get("Attributes", {})
        sticky = found.get(_STICKY) == "true"
        return {
            "sticky_seconds": int(found.get(_STICKY_SECONDS, 86400)) if sticky else 0,
            "attributes": stated(item, "TargetGroupName", scope.of(self.resource.kind)),
        }

    def create(self, aws: Aws, want: TargetGroup) -> Item:
        """Equal settings under the same name give the target group that exists."""
        made: Item = aws.client("elbv2").create_target_group(
            Name=want.aws_name,
            VpcId=want.vpc,
            Port=want.port,
            Protocol=want.protocol,
            ProtocolVersion=want.protocol_version,
            TargetType=want.target_type,
            Tags=tags.as_list(want.tags),
            **_health_check(want),
        )["TargetGroups"][0]
        return with_full_name(made)

    def complete(self, aws: Aws, want: TargetGroup, item: Item) -> None:
        """Set its attributes."""
        self._set_attributes(aws.client("elbv2"), item["TargetGroupArn"], want)

    def update(self, aws: Aws, want: TargetGroup, live: Live[TargetGroup], changed: frozenset[str]) -> None:
        """The health check in one call, the attributes in another."""
        client, arn = aws.client("elbv2"), live.outputs["arn"]
        if changed & (_HEALTH_CHECK.keys() | {"matcher"}):
            client.modify_target_group(TargetGroupArn=arn, **_health_check(want))
        if changed & _ATTRIBUTES:
            self._set_attributes(client, arn, want)
        if "tags" in changed:
            retag(aws, arn, want)

    def delete(self, aws: Aws, live: Live[TargetGroup]) -> None:
        """Its targets are forgotten, not stopped."""
        aws.client("elbv2").delete_target_group(TargetGroupArn=live.outputs["arn"])

    def _set_attributes(self, client: Any, arn: str, want: TargetGroup) -> None:
        """One call writes all; AWS keeps the attributes that it does not name."""
        values = {_DELAY: str(want.deregistration_delay), _SLOW_START: str(want.slow_start)}
        values[_STICKY] = "true" if want.sticky_seconds else "false"
        if want.sticky_seconds:
            values |= {_STICKY_TYPE: "lb_cookie", _STICKY_SECONDS: str(want.sticky_seconds)}
        client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=tags.as_list(values | {**want.attributes}))

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """What a service's tasks register with."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        group = TargetGroup(
            name="posts-blue",
            aws_name="contract-posts-blue",
            vpc=vpc.out(),
            port=3000,
            health_path="/api/posts/health",
            deregistration_delay=30,
            attributes={"load_balancing.algorithm.type": "round_robin"},
        )
        return [vpc, group]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Another health check, another way to drain and to spread."""
        return {
            "health_path": "/health",
            "health_port": "3001",
            "health_protocol": "HTTPS",
            "health_interval": 15,
            "health_timeout": 4,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
            "matcher": "200-299",
            "deregistration_delay": 60,
            "slow_start": 30,
            "sticky_seconds": 3600,
            "attributes": {"load_balancing.algorithm.type": "least_outstanding_requests"},
        }


def _health_check(want: TargetGroup) -> dict[str, Any]:
    check: dict[str, Any] = {parameter: getattr(want, field) for field, parameter in _HEALTH_CHECK.items()}
    return {**check, "HealthCheckEnabled": True, "Matcher": {"HttpCode": want.matcher}}
