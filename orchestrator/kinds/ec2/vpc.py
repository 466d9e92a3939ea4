"""The address range of a system and its subnets."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.health import Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item
from orchestrator.kinds.ec2.base import Ec2Kind
from orchestrator.kinds.scope import Scope


@dc.dataclass(frozen=True, kw_only=True)
class Vpc(Resource):
    """A VPC. Interface endpoints and private namespaces need both DNS attributes; AWS leaves hostnames off."""

    kind: ClassVar[str] = "vpc"
    cidr: str = attr("CidrBlock", immutable=True)
    dns_support: bool = attr(default=True)
    dns_hostnames: bool = attr(default=True)


class VpcKind(Ec2Kind[Vpc]):
    """Each DNS attribute takes a call of its own, to read as to write."""

    resource = Vpc
    find = ("describe_vpcs", "Vpcs")
    outputs: ClassVar[Mapping[str, str]] = {"id": "VpcId", "state": "State"}
    actions = Actions(
        read=("ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"),
        create=("ec2:CreateVpc", "ec2:CreateTags", "ec2:ModifyVpcAttribute"),
        update=("ec2:ModifyVpcAttribute", "ec2:CreateTags"),
        delete=("ec2:DeleteVpc",),
    )
    arns: ClassVar[Mapping[str, str]] = {"ec2:vpc": "vpc/*"}

    recognised = False
    settles = True

    _attributes: ClassVar[Mapping[str, tuple[str, str]]] = {
        "dns_support": ("enableDnsSupport", "EnableDnsSupport"),
        "dns_hostnames": ("enableDnsHostnames", "EnableDnsHostnames"),
    }

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """The DNS attributes, both at once."""
        ec2 = aws.client("ec2")

        def ask(attribute: tuple[str, str]) -> bool:
            name, key = attribute
            return bool(ec2.describe_vpc_attribute(VpcId=item["VpcId"], Attribute=name)[key]["Value"])

        return dict(zip(self._attributes, aws.each(ask, self._attributes.values()), strict=True))

    def health(self, live: Live[Vpc]) -> Health:
        """A new VPC is pending for a moment."""
        return Ready() if live.outputs["state"] == "available" else Pending("the VPC to be available")

    def create(self, aws: Aws, want: Vpc) -> Item:
        """AWS gives it the DNS attributes that it thinks best."""
        made: Item = aws.client("ec2").create_vpc(
            CidrBlock=want.cidr, TagSpecifications=tags.specification("vpc", want.tags)
        )["Vpc"]
        return made

    def complete(self, aws: Aws, want: Vpc, item: Item) -> None:
        """Set both DNS attributes."""
        self._set(aws, item["VpcId"], want, frozenset(self._attributes))

    def update(self, aws: Aws, want: Vpc, live: Live[Vpc], changed: frozenset[str]) -> None:
        """DNS attributes and tags."""
        self.retag(aws, want, live, changed)
        self._set(aws, live.outputs["id"], want, changed)

    def delete(self, aws: Aws, live: Live[Vpc]) -> None:
        """Its default security group, route table and network ACL go with it."""
        aws.client("ec2").delete_vpc(VpcId=live.outputs["id"])

    def _set(self, aws: Aws, vpc_id: str, want: Vpc, changed: frozenset[str]) -> None:
        for field, (_, parameter) in self._attributes.items():
            if field in changed:
                aws.client("ec2").modify_vpc_attribute(VpcId=vpc_id, **{parameter: {"Value": getattr(want, field)}})

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A small network."""
        return [Vpc(name="main", cidr="10.0.0.0/16")]


@dc.dataclass(frozen=True, kw_only=True)
class Subnet(Resource):
    """A subnet in one zone. ``public`` gives instances a public address at launch; routes make it public in fact."""

    kind: ClassVar[str] = "subnet"
    vpc: Link[Vpc] = attr("VpcId", immutable=True)
    cidr: str = attr("CidrBlock", immutable=True)
    zone: str = attr("AvailabilityZone", immutable=True)
    public: bool = attr("MapPublicIpOnLaunch", default=False)


class SubnetKind(Ec2Kind[Subnet]):
    """Subnets of one VPC cannot overlap, so a replacement has to wait for the old one to go."""

    resource = Subnet
    find = ("describe_subnets", "Subnets")
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "SubnetId",
        "arn": "SubnetArn",
        "zone": "AvailabilityZone",
        "state": "State",
        "free": "AvailableIpAddressCount",
    }
    actions = Actions(
        read=("ec2:DescribeSubnets",),
        create=("ec2:CreateSubnet", "ec2:CreateTags", "ec2:ModifySubnetAttribute"),
        update=("ec2:ModifySubnetAttribute", "ec2:CreateTags"),
        delete=("ec2:DeleteSubnet",),
    )
    arns: ClassVar[Mapping[str, str]] = {"ec2:subnet": "subnet/*"}
    coexists = False
    recognised = False  # a second one is refused (InvalidSubnet.Conflict), as one of somebody else's would be
    deadline = 1200.0  # network interfaces of load balancers and endpoints linger

    def create(self, aws: Aws, want: Subnet) -> Item:
        """Without public addresses at launch."""
        made: Item = aws.client("ec2").create_subnet(
            VpcId=want.vpc,
            CidrBlock=want.cidr,
            AvailabilityZone=want.zone,
            TagSpecifications=tags.specification("subnet", want.tags),
        )["Subnet"]
        return made

    def complete(self, aws: Aws, want: Subnet, item: Item) -> None:
        """A public one learns to give out public addresses."""
        if want.public:
            self._set_public(aws, item["SubnetId"], want)

    def update(self, aws: Aws, want: Subnet, live: Live[Subnet], changed: frozenset[str]) -> None:
        """Public addresses at launch, and tags."""
        self.retag(aws, want, live, changed)
        if "public" in changed:
            self._set_public(aws, live.outputs["id"], want)

    def delete(self, aws: Aws, live: Live[Subnet]) -> None:
        """Refused by AWS (DependencyViolation) while any network interface is left in it."""
        aws.client("ec2").delete_subnet(SubnetId=live.outputs["id"])

    def _set_public(self, aws: Aws, subnet_id: str, want: Subnet) -> None:
        aws.client("ec2").modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": want.public})

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A public subnet."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        return [vpc, Subnet(name="public-a", vpc=vpc.out(), cidr="10.0.0.0/24", zone="us-east-1a", public=True)]
