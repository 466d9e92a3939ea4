"""VPC endpoints: how private subnets reach AWS's own services without a way to the internet."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import raise_unsuccessful
from orchestrator.core.health import Broken, Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link, PolicyDoc
from orchestrator.kinds.base import Actions, Item, creation_token
from orchestrator.kinds.ec2.base import Ec2Kind
from orchestrator.kinds.ec2.routes import RouteTable
from orchestrator.kinds.ec2.security_groups import SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.kinds.scope import Scope


@dc.dataclass(frozen=True, kw_only=True)
class _Endpoint(Resource):
    """What both sorts have. ``service`` is the full name: ``com.amazonaws.us-east-1.s3``."""

    vpc: Link[Vpc] = attr("VpcId", immutable=True)
    service: str = attr("ServiceName", immutable=True)
    policy: PolicyDoc | None = attr("PolicyDocument", parse=PolicyDoc, default=None)


E = TypeVar("E", bound=_Endpoint)


@dc.dataclass(frozen=True, kw_only=True)
class GatewayEndpoint(_Endpoint):
    """A gateway endpoint (S3, DynamoDB): costs nothing, and puts a route into the tables that it is given."""

    kind: ClassVar[str] = "gateway-endpoint"
    tables: frozenset[Link[RouteTable]] = attr("RouteTableIds", parse=frozenset, default=frozenset())


@dc.dataclass(frozen=True, kw_only=True)
class InterfaceEndpoint(_Endpoint):
    """An interface endpoint: a network interface in each subnet. Private DNS needs both DNS attributes of the VPC.

    Without ``groups`` it wears the default group of its VPC.
    """

    kind: ClassVar[str] = "interface-endpoint"
    subnets: frozenset[Link[Subnet]] = attr("SubnetIds", parse=frozenset, default=frozenset())
    groups: frozenset[Link[SecurityGroup]] | None = attr("Groups[].GroupId", parse=frozenset, default=None)
    private_dns: bool = attr("PrivateDnsEnabled", default=True)


_ACTIONS = Actions(
    read=("ec2:DescribeVpcEndpoints",),
    create=("ec2:CreateVpcEndpoint", "ec2:CreateTags"),
    update=("ec2:ModifyVpcEndpoint", "ec2:CreateTags"),
    delete=("ec2:DeleteVpcEndpoints",),
)


class EndpointKind(Ec2Kind[E]):
    """One describe call tells of both sorts. A service has private DNS, or a route, only once in a VPC."""

    find = ("describe_vpc_endpoints", "VpcEndpoints")
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "VpcEndpointId",
        "state": "State",
        "failure": "FailureReason||LastError.Message",
        "dns": "DnsEntries[0].DnsName",
    }
    actions = _ACTIONS
    arns: ClassVar[Mapping[str, str]] = {"ec2:vpc-endpoint": "vpc-endpoint/*"}
    coexists = False
    settles = True
    sort: ClassVar[str]
    sets: ClassVar[Mapping[str, str]]
    """Fields that hold sets of ids, and the middle of the parameters that add to and remove from them."""

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Without those that are deleted, which AWS may still list."""
        found = scope.once("vpc-endpoints", lambda: super(EndpointKind, self).items(aws, scope))
        return [item for item in found if item["State"].lower() != "deleted"]

    def health(self, live: Live[E]) -> Health:
        """By its state; one on its way out has to be made again as much as one that failed."""
        state = live.outputs["state"].lower()
        if state == "available":
            return Ready()
        if state in ("pending", "pendingacceptance", "partial"):
            return Pending("the VPC endpoint to be available")
        return Broken(live.outputs["failure"] or f"the VPC endpoint is {state}")

    def create(self, aws: Aws, want: E) -> Item:
        """Ask for it."""
        params: dict[str, Any] = {
            parameter: sorted(getattr(want, field) or ()) for field, parameter in self.sets.items()
        }
        if want.policy is not None:
            params["PolicyDocument"] = want.policy.text()
        made: Item = aws.client("ec2").create_vpc_endpoint(
            VpcEndpointType=self.sort,
            VpcId=want.vpc,
            ServiceName=want.service,
            ClientToken=creation_token(want),
            TagSpecifications=tags.specification("vpc-endpoint", want.tags),
            **{key: value for key, value in params.items() if value},
            **self.more(want, frozenset({"private_dns"})),
        )["VpcEndpoint"]
        return made

    def update(self, aws: Aws, want: E, live: Live[E], changed: frozenset[str]) -> None:
        """Subnets, groups and tables by what is added and removed; policy, private DNS, tags."""
        self.retag(aws, want, live, changed)
        params: dict[str, Any] = self.more(want, changed)
        for field, parameter in self.sets.items():
            if field in changed:
                new, old = getattr(want, field), getattr(live.resource, field)
                params |= {f"Add{parameter}": sorted(new - old), f"Remove{parameter}": sorted(old - new)}
        if "policy" in changed and want.policy is not None:
            params["PolicyDocument"] = want.policy.text()
        params = {key: value for key, value in params.items() if value != []}
        if params:
            aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=live.outputs["id"], **params)

    def delete(self, aws: Aws, live: Live[E]) -> None:
        """It answers 200 and says inside which it could not delete. Network interfaces linger for minutes."""
        answer = aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[live.outputs["id"]])
        raise_unsuccessful("DeleteVpcEndpoints", answer.get("Unsuccessful"))

    def more(self, want: E, changed: frozenset[str]) -> dict[str, Any]:
        """Parameters that only this sort has."""
        return {}


class GatewayEndpointKind(EndpointKind[GatewayEndpoint]):
    """Available at once."""

    resource = GatewayEndpoint
    sort = "Gateway"
    sets: ClassVar[Mapping[str, str]] = {"tables": "RouteTableIds"}

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """S3, from two route tables."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        tables = [RouteTable(name=f"private-{z}", vpc=vpc.out()) for z in "ab"]
        links = frozenset(table.out() for table in tables)
        s3 = GatewayEndpoint(name="s3", vpc=vpc.out(), service="com.amazonaws.us-east-1.s3", tables=links)
        return [vpc, *tables, s3]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """One table only; and reading only."""
        return {"tables": frozenset({cls.example()[1].out()}), "policy": _READING}


class InterfaceEndpointKind(EndpointKind[InterfaceEndpoint]):
    """Available after a minute or more. With private DNS, AWS ties a hosted zone of its own to the VPC."""

    resource = InterfaceEndpoint
    actions = dc.replace(_ACTIONS, create=(*_ACTIONS.create, "route53:AssociateVPCWithHostedZone"))
    sort = "Interface"
    sets: ClassVar[Mapping[str, str]] = {"subnets": "SubnetIds", "groups": "SecurityGroupIds"}
    deadline = 900.0

    def more(self, want: InterfaceEndpoint, changed: frozenset[str]) -> dict[str, Any]:
        """Private DNS."""
        return {"PrivateDnsEnabled": want.private_dns} if "private_dns" in changed else {}

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """The log service, in two zones."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16", dns_hostnames=True)
        zones = {"a": "10.0.0.0/24", "b": "10.0.1.0/24"}
        subnets = [Subnet(name=f"private-{z}", vpc=vpc.out(), cidr=c, zone=f"us-east-1{z}") for z, c in zones.items()]
        groups = [SecurityGroup(name=name, vpc=vpc.out()) for name in ("endpoints", "others")]
        logs = InterfaceEndpoint(
            name="logs",
            vpc=vpc.out(),
            service="com.amazonaws.us-east-1.logs",
            subnets=frozenset(subnet.out() for subnet in subnets),
            groups=frozenset({groups[0].out()}),
        )
        return [vpc, *subnets, *groups, logs]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """One zone only; another group; and reading only."""
        _, first, _, _, others, _ = cls.example()
        return {"subnets": frozenset({first.out()}), "groups": frozenset({others.out()}), "policy": _READING}


_READING = PolicyDoc(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*:Get*", "Resource": "*"}],
    }
)
