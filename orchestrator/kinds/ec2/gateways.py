"""The ways out of a network: the internet gateway, and NAT gateways with their addresses."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify, code_of
from orchestrator.core.address import Address
from orchestrator.core.health import Broken, Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link, Ref
from orchestrator.kinds.base import Actions, Item, creation_token
from orchestrator.kinds.ec2.base import Ec2Kind
from orchestrator.kinds.ec2.vpc import Subnet, Vpc, VpcKind
from orchestrator.kinds.scope import Scope


@dc.dataclass(frozen=True, kw_only=True)
class InternetGateway(Resource):
    """The internet gateway of a VPC. It is made first and attached second, and may be found in between."""

    kind: ClassVar[str] = "internet-gateway"
    vpc: Link[Vpc] = attr(immutable=True)
    attached: bool = attr(default=True)


class InternetGatewayKind(Ec2Kind[InternetGateway]):
    """A VPC has at most one, and a gateway at most one VPC."""

    resource = InternetGateway
    find = ("describe_internet_gateways", "InternetGateways")
    outputs: ClassVar[Mapping[str, str]] = {"id": "InternetGatewayId"}
    actions = Actions(
        read=("ec2:DescribeInternetGateways", "ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"),
        create=(
            "ec2:CreateInternetGateway",
            "ec2:CreateTags",
            "ec2:AttachInternetGateway",
            "ec2:DescribeInternetGateways",
        ),
        update=(
            "ec2:AttachInternetGateway",
            "ec2:DescribeInternetGateways",
            "ec2:DetachInternetGateway",
            "ec2:CreateTags",
        ),
        delete=("ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"),
    )
    arns: ClassVar[Mapping[str, str]] = {"ec2:internet-gateway": "internet-gateway/*"}
    recognised = False
    deadline = 900.0  # DetachInternetGateway waits for the last public address in the VPC to go

    def live(self, aws: Aws, scope: Scope, item: Item, found: Mapping[str, str]) -> Live[InternetGateway] | None:
        """A gateway without a VPC counts as being where it is wanted, so that it is attached and not replaced."""
        address = self.address(found, scope)
        if address is None:
            return None
        vpc = next((a["VpcId"] for a in item.get("Attachments", ()) if a.get("State") != "detached"), None)
        attached = vpc is not None
        resource = InternetGateway(
            name=address.name, tags=found, vpc=vpc or self._meant_for(aws, scope, address), attached=attached
        )
        return Live(resource, self.outputs_of(item))

    def create(self, aws: Aws, want: InternetGateway) -> Item:
        """Attached to nothing."""
        made: Item = aws.client("ec2").create_internet_gateway(
            TagSpecifications=tags.specification("internet-gateway", want.tags)
        )["InternetGateway"]
        return made

    def complete(self, aws: Aws, want: InternetGateway, item: Item) -> None:
        """Attach it."""
        if want.attached:
            self._attach(aws, item["InternetGatewayId"], str(want.vpc))

    def update(self, aws: Aws, want: InternetGateway, live: Live[InternetGateway], changed: frozenset[str]) -> None:
        """The attachment, and tags."""
        self.retag(aws, want, live, changed)
        if "attached" in changed and want.attached:
            self._attach(aws, live.outputs["id"], str(want.vpc))
        elif "attached" in changed:
            self._detach(aws, live)

    def delete(self, aws: Aws, live: Live[InternetGateway]) -> None:
        """It cannot be deleted while it is attached."""
        if live.resource.attached:
            self._detach(aws, live)
        aws.client("ec2").delete_internet_gateway(InternetGatewayId=live.outputs["id"])

    def _attach(self, aws: Aws, gateway: str, vpc: str) -> None:
        try:
            aws.client("ec2").attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        except Exception as error:
            # Resource.AlreadyAssociated: to this VPC, when an earlier reply was lost; or to another one
            if classify(error) is not ErrorClass.EXISTS or not self._is_attached(aws, gateway, vpc):
                raise

    def _is_attached(self, aws: Aws, gateway: str, vpc: str) -> bool:
        ids = {"InternetGatewayIds": [gateway]}
        found = aws.pages("ec2", "describe_internet_gateways", "InternetGateways[].Attachments[].VpcId", **ids)
        return vpc in found

    def _detach(self, aws: Aws, live: Live[InternetGateway]) -> None:
        try:
            aws.client("ec2").detach_internet_gateway(
                InternetGatewayId=live.outputs["id"], VpcId=str(live.resource.vpc)
            )
        except Exception as error:
            if code_of(error) != "Gateway.NotAttached":
                raise

    def _meant_for(self, aws: Aws, scope: Scope, address: Address) -> Any:
        link = getattr(scope.wanted.get(address), "vpc", None)
        if not isinstance(link, Ref):
            return link
        return next((vpc.outputs["id"] for vpc in VpcKind().observe(aws, scope) if vpc.address == link.to), None)

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """The gateway of a small network."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        return [vpc, InternetGateway(name="main", vpc=vpc.out())]


@dc.dataclass(frozen=True, kw_only=True)
class ElasticIp(Resource):
    """A public address that stays the same."""

    kind: ClassVar[str] = "elastic-ip"


class ElasticIpKind(Ec2Kind[ElasticIp]):
    """ReleaseAddress answers AuthFailure for as long as a NAT gateway holds the address."""

    resource = ElasticIp
    find = ("describe_addresses", "Addresses")
    outputs: ClassVar[Mapping[str, str]] = {"id": "AllocationId", "ip": "PublicIp"}
    actions = Actions(
        read=("ec2:DescribeAddresses",),
        create=("ec2:AllocateAddress", "ec2:CreateTags"),
        update=("ec2:CreateTags",),
        delete=("ec2:ReleaseAddress",),
    )
    arns: ClassVar[Mapping[str, str]] = {"ec2:elastic-ip": "elastic-ip/*"}
    recognised = False

    def create(self, aws: Aws, want: ElasticIp) -> Item:
        """Allocate one."""
        made: Item = aws.client("ec2").allocate_address(
            Domain="vpc", TagSpecifications=tags.specification("elastic-ip", want.tags)
        )
        return made

    def delete(self, aws: Aws, live: Live[ElasticIp]) -> None:
        """Give it back."""
        aws.client("ec2").release_address(AllocationId=live.outputs["id"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """An address."""
        return [ElasticIp(name="nat-a")]


@dc.dataclass(frozen=True, kw_only=True)
class NatGateway(Resource):
    """A NAT gateway. It needs the VPC's internet gateway without referring to it, so it comes ``after`` that."""

    kind: ClassVar[str] = "nat-gateway"
    subnet: Link[Subnet] = attr("SubnetId", immutable=True)
    allocation: Link[ElasticIp] = attr("NatGatewayAddresses[?IsPrimary!=`false`]|[0].AllocationId", immutable=True)


class NatGatewayKind(Ec2Kind[NatGateway]):
    """AWS accepts one that can never work, and says so minutes later by the state ``failed``, which is for good."""

    resource = NatGateway
    find = ("describe_nat_gateways", "NatGateways")
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "NatGatewayId",
        "state": "State",
        "failure": "FailureMessage||FailureCode",
        "ip": "NatGatewayAddresses[?IsPrimary!=`false`]|[0].PublicIp",
    }
    actions = Actions(
        read=("ec2:DescribeNatGateways",),
        create=("ec2:CreateNatGateway", "ec2:CreateTags"),
        update=("ec2:CreateTags",),
        delete=("ec2:DeleteNatGateway",),
    )
    arns: ClassVar[Mapping[str, str]] = {"ec2:natgateway": "natgateway/*"}
    coexists = False  # its address is held until it is deleted
    settles = True
    deadline = 900.0

    def query(self, scope: Scope) -> Iterable[Mapping[str, Any]]:
        """This operation alone calls its filters ``Filter``."""
        return [{"Filter": params["Filters"]} for params in super().query(scope)]

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Without those that are deleted, which AWS lists for about an hour."""
        return [item for item in super().items(aws, scope) if item["State"] != "deleted"]

    def health(self, live: Live[NatGateway]) -> Health:
        """By its state; one on its way out has to be made again as much as one that failed."""
        match live.outputs["state"]:
            case "available":
                return Ready()
            case "pending":
                return Pending("the NAT gateway to be available")
            case "failed":
                return Broken(live.outputs["failure"] or "the NAT gateway failed")
        return Broken("the NAT gateway is being deleted")

    def create(self, aws: Aws, want: NatGateway) -> Item:
        """Ask for it; AWS checks only later whether it can work."""
        made: Item = aws.client("ec2").create_nat_gateway(
            SubnetId=want.subnet,
            AllocationId=want.allocation,
            ClientToken=creation_token(want),
            TagSpecifications=tags.specification("natgateway", want.tags),
        )["NatGateway"]
        return made

    def delete(self, aws: Aws, live: Live[NatGateway]) -> None:
        """It takes a minute, during which it holds its address and its place in the subnet."""
        aws.client("ec2").delete_nat_gateway(NatGatewayId=live.outputs["id"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A NAT gateway in a public subnet."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        gateway = InternetGateway(name="main", vpc=vpc.out())
        subnet = Subnet(name="public-a", vpc=vpc.out(), cidr="10.0.0.0/24", zone="us-east-1a")
        address = ElasticIp(name="nat-a")
        after = frozenset({gateway.address})
        nat = NatGateway(name="a", subnet=subnet.out(), allocation=address.out(), after=after)
        return [vpc, gateway, subnet, address, nat]
