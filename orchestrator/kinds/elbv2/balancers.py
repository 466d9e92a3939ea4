"""The application load balancer."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.health import Broken, Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.ec2.security_groups import SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.kinds.elbv2.snapshot import look, retag, stated, with_full_name
from orchestrator.kinds.scope import Scope


@dc.dataclass(frozen=True, kw_only=True)
class LoadBalancer(Named):
    """An application load balancer. Of its ``attributes`` only the stated ones are ours, by AWS's own keys."""

    kind: ClassVar[str] = "load-balancer"
    name_limit: ClassVar[int] = 32
    aws_name: str = attr("LoadBalancerName", immutable=True)
    scheme: str = attr("Scheme", immutable=True, default="internet-facing")
    subnets: frozenset[Link[Subnet]] = attr("AvailabilityZones[].SubnetId", parse=frozenset)
    security_groups: frozenset[Link[SecurityGroup]] = attr("SecurityGroups || `[]`", parse=frozenset)
    ip_type: str = attr("IpAddressType", default="ipv4")
    attributes: Mapping[str, str] = attr(factory=dict)


class LoadBalancerKind(NamedKind[LoadBalancer]):
    """Takes minutes to become active; its listeners and rules go with it."""

    resource = LoadBalancer
    service = "elbv2"
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "LoadBalancerArn",
        "arn": "LoadBalancerArn",
        "name": "LoadBalancerName",
        "full_name": "FullName",
        "dns": "DNSName",
        "zone": "CanonicalHostedZoneId",
        "state": "State.Code",
        "reason": "State.Reason",
    }
    actions = Actions(
        read=(
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
        ),
        create=(
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "iam:CreateServiceLinkedRole",
        ),
        update=(
            "elasticloadbalancing:SetSubnets",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:AddTags",
        ),
        delete=("elasticloadbalancing:DeleteLoadBalancer",),
    )
    arns: ClassVar[Mapping[str, str]] = {
        "elasticloadbalancing:loadbalancer": "loadbalancer/app/{aws_name}/*",
        "elasticloadbalancing:listener": "listener/app/{aws_name}/*",
        "elasticloadbalancing:listener-rule": "listener-rule/app/{aws_name}/*",
    }
    linked = "elasticloadbalancing.amazonaws.com"
    settles = True
    deadline = 900.0

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """From the shared look."""
        return look(aws, scope).balancers

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """From the shared look, which asks for twenty at a time."""
        return [item["Tags"] for item in items]

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """Of the attributes, those that the plan states."""
        return {"attributes": stated(item, "LoadBalancerName", scope.of(self.resource.kind))}

    def health(self, live: Live[LoadBalancer]) -> Health:
        """``active_impaired`` still serves; ``failed`` never will."""
        match live.outputs["state"]:
            case "provisioning":
                return Pending("the load balancer to be active")
            case "failed":
                return Broken(live.outputs["reason"] or "the load balancer could not be set up")
        return Ready()

    def create(self, aws: Aws, want: LoadBalancer) -> Item:
        """Equal settings under the same name give the load balancer that exists."""
        made: Item = aws.client("elbv2").create_load_balancer(
            Name=want.aws_name,
            Type="application",
            Scheme=want.scheme,
            Subnets=sorted(map(str, want.subnets)),
            SecurityGroups=sorted(map(str, want.security_groups)),
            IpAddressType=want.ip_type,
            Tags=tags.as_list(want.tags),
        )["LoadBalancers"][0]
        return with_full_name(made)

    def complete(self, aws: Aws, want: LoadBalancer, item: Item) -> None:
        """Set the attributes that the plan states."""
        if want.attributes:
            self._set_attributes(aws.client("elbv2"), item["LoadBalancerArn"], want)

    def update(self, aws: Aws, want: LoadBalancer, live: Live[LoadBalancer], changed: frozenset[str]) -> None:
        """Each aspect has a call of its own."""
        client, arn = aws.client("elbv2"), live.outputs["arn"]
        if "subnets" in changed:
            client.set_subnets(LoadBalancerArn=arn, Subnets=sorted(map(str, want.subnets)))
        if "security_groups" in changed:
            client.set_security_groups(LoadBalancerArn=arn, SecurityGroups=sorted(map(str, want.security_groups)))
        if "ip_type" in changed:
            client.set_ip_address_type(LoadBalancerArn=arn, IpAddressType=want.ip_type)
        if "attributes" in changed:
            self._set_attributes(client, arn, want)
        if "tags" in changed:
            retag(aws, arn, want)

    def delete(self, aws: Aws, live: Live[LoadBalancer]) -> None:
        """Refused (OperationNotPermitted) while deletion protection is on. Its network interfaces linger a while."""
        aws.client("elbv2").delete_load_balancer(LoadBalancerArn=live.outputs["arn"])

    def _set_attributes(self, client: Any, arn: str, want: LoadBalancer) -> None:
        client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=tags.as_list(want.attributes))

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """An internal load balancer in two zones, and a third zone that it could move to."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        subnets = [
            Subnet(name=zone, vpc=vpc.out(), cidr=f"10.0.{number}.0/24", zone=f"us-east-1{zone}")
            for number, zone in enumerate("abc")
        ]
        groups = [SecurityGroup(name=name, vpc=vpc.out()) for name in ("entry", "other")]
        balancer = LoadBalancer(
            name="main",
            aws_name="contract",
            scheme="internal",
            subnets=frozenset(s.out() for s in subnets[:2]),
            security_groups=frozenset({groups[0].out()}),
            attributes={"idle_timeout.timeout_seconds": "60"},
        )
        return [vpc, *subnets, *groups, balancer]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """A third zone, another security group, and a longer idle time."""
        groups = [r for r in cls.example() if isinstance(r, SecurityGroup)]
        subnets = [r for r in cls.example() if isinstance(r, Subnet)]
        return {
            "subnets": frozenset(s.out() for s in subnets[1:]),
            "security_groups": frozenset(g.out() for g in groups),
            "ip_type": "dualstack",
            "attributes": {"idle_timeout.timeout_seconds": "120"},
        }
