"""Route tables, with their routes and the subnets that use them: EC2 describes all three in one call."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify, unless_gone
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item
from orchestrator.kinds.ec2.base import Ec2Kind
from orchestrator.kinds.ec2.gateways import InternetGateway
from orchestrator.kinds.ec2.vpc import Subnet, Vpc

# The prefix of a target's id, and the parameter that takes it; EC2 describes a route by the same names.
_TARGETS: Mapping[str, str] = {
    "igw": "GatewayId",
    "vgw": "GatewayId",
    "nat": "NatGatewayId",
    "tgw": "TransitGatewayId",
    "pcx": "VpcPeeringConnectionId",
    "eni": "NetworkInterfaceId",
    "eigw": "EgressOnlyInternetGatewayId",
    "lgw": "LocalGatewayId",
    "cagw": "CarrierGatewayId",
    "vpce": "VpcEndpointId",
}


@dc.dataclass(frozen=True)
class Route:
    """Where packets for a destination (a range in CIDR notation, or a prefix list) go next."""

    destination: str
    via: Link[Any]

    def __str__(self) -> str:
        return f"{self.destination} via {self.via}"


def _routes(described: Iterable[Mapping[str, Any]]) -> frozenset[Route]:
    """The routes that somebody put there: not the VPC's own, an endpoint's, or what a virtual gateway propagates."""
    found = set()
    for route in described:
        via = next((route[key] for key in dict.fromkeys(_TARGETS.values()) if route.get(key)), None)
        made_by_aws = route.get("Origin") in ("CreateRouteTable", "EnableVgwRoutePropagation")
        if via is None or via == "local" or str(via).startswith("vpce-") or made_by_aws:
            continue
        keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
        found.add(Route(next(route[key] for key in keys if route.get(key)), via))
    return frozenset(found)


def _subnets(associations: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(a["SubnetId"] for a in associations if a.get("SubnetId") and _holds(a))


def _holds(association: Mapping[str, Any]) -> bool:
    state = (association.get("AssociationState") or {}).get("State", "associated")
    return state in ("associating", "associated")


@dc.dataclass(frozen=True, kw_only=True)
class RouteTable(Resource):
    """A route table with all its routes but the local one, and the subnets that are associated with it."""

    kind: ClassVar[str] = "route-table"
    vpc: Link[Vpc] = attr("VpcId", immutable=True)
    routes: frozenset[Route] = attr("Routes", parse=_routes, default=frozenset())
    subnets: frozenset[Link[Subnet]] = attr("Associations", parse=_subnets, default=frozenset())


class RouteTableKind(Ec2Kind[RouteTable]):
    """Routes and associations are replaced in place, so that no packet finds a gap."""

    resource = RouteTable
    find = ("describe_route_tables", "RouteTables")
    outputs: ClassVar[Mapping[str, str]] = {"id": "RouteTableId"}
    actions = Actions(
        read=("ec2:DescribeRouteTables",),
        create=(
            "ec2:CreateRouteTable",
            "ec2:CreateTags",
            "ec2:CreateRoute",
            "ec2:DescribeRouteTables",
            "ec2:AssociateRouteTable",
            "ec2:ReplaceRouteTableAssociation",
        ),
        update=(
            "ec2:CreateTags",
            "ec2:CreateRoute",
            "ec2:ReplaceRoute",
            "ec2:DeleteRoute",
            "ec2:DescribeRouteTables",
            "ec2:AssociateRouteTable",
            "ec2:ReplaceRouteTableAssociation",
            "ec2:DisassociateRouteTable",
        ),
        delete=("ec2:DescribeRouteTables", "ec2:DisassociateRouteTable", "ec2:DeleteRouteTable"),
    )
    arns: ClassVar[Mapping[str, str]] = {"ec2:route-table": "route-table/*"}
    recognised = False

    def create(self, aws: Aws, want: RouteTable) -> Item:
        """With the VPC's own route alone."""
        made: Item = aws.client("ec2").create_route_table(
            VpcId=want.vpc, TagSpecifications=tags.specification("route-table", want.tags)
        )["RouteTable"]
        return made

    def complete(self, aws: Aws, want: RouteTable, item: Item) -> None:
        """Give it its routes, then its subnets: none of them is ever without a way out that it had."""
        self._set_routes(aws, item["RouteTableId"], want.routes, frozenset())
        self._set_subnets(aws, item["RouteTableId"], want.subnets, frozenset())

    def update(self, aws: Aws, want: RouteTable, live: Live[RouteTable], changed: frozenset[str]) -> None:
        """Routes, associations, tags."""
        self.retag(aws, want, live, changed)
        if "routes" in changed:
            self._set_routes(aws, live.outputs["id"], want.routes, live.resource.routes)
        if "subnets" in changed:
            self._set_subnets(aws, live.outputs["id"], want.subnets, live.resource.subnets)

    def delete(self, aws: Aws, live: Live[RouteTable]) -> None:
        """Refused by AWS (DependencyViolation) while a subnet is associated."""
        ec2, table = aws.client("ec2"), live.outputs["id"]
        for association in self._associations(aws, "association.route-table-id", {table}).values():
            self._disassociate(aws, association["RouteTableAssociationId"])
        ec2.delete_route_table(RouteTableId=table)

    # -- routes --------------------------------------------------------------------------------------------------------

    def _set_routes(self, aws: Aws, table: str, want: frozenset[Route], have: frozenset[Route]) -> None:
        ec2 = aws.client("ec2")
        present = {route.destination for route in have}
        for route in sorted(want - have, key=str):
            self._set_route(aws, table, route, route.destination in present)
        for destination in sorted(present - {route.destination for route in want}):
            gone = {"RouteTableId": table, **_destination(destination)}
            unless_gone(lambda gone=gone: ec2.delete_route(**gone))  # type: ignore[misc]

    def _set_route(self, aws: Aws, table: str, route: Route, present: bool) -> None:
        ec2, target = aws.client("ec2"), str(route.via)
        to = {_TARGETS[target.partition("-")[0]]: target}
        params = {"RouteTableId": table, **_destination(route.destination), **to}
        if present:
            ec2.replace_route(**params)
            return
        try:
            ec2.create_route(**params)
        except Exception as error:
            if classify(error) is not ErrorClass.EXISTS:  # RouteAlreadyExists: to the same target or to another
                raise
            ec2.replace_route(**params)

    # -- associations --------------------------------------------------------------------------------------------------

    def _set_subnets(self, aws: Aws, table: str, want: frozenset[Any], have: frozenset[Any]) -> None:
        """A subnet that another table has is taken over by replacing its association: AWS refuses a second one."""
        ec2 = aws.client("ec2")
        found = self._associations(aws, "association.subnet-id", want ^ have) if want ^ have else {}
        for subnet in sorted(want - have):
            there = found.get(subnet)
            if there is None:
                ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            elif there["RouteTableId"] != table:
                ec2.replace_route_table_association(AssociationId=there["RouteTableAssociationId"], RouteTableId=table)
        for subnet in sorted(have - want):
            there = found.get(subnet)
            if there is not None and there["RouteTableId"] == table:
                self._disassociate(aws, there["RouteTableAssociationId"])

    def _associations(self, aws: Aws, name: str, values: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """The association of each subnet among the tables that the filter finds."""
        filters = [{"Name": name, "Values": sorted(values)}]
        found = aws.pages("ec2", "describe_route_tables", "RouteTables[].Associations[]", Filters=filters)
        keep: Callable[[Mapping[str, Any]], bool] = lambda a: bool(a.get("SubnetId")) and _holds(a)  # noqa: E731
        return {a["SubnetId"]: a for a in found if keep(a)}

    def _disassociate(self, aws: Aws, association: str) -> None:
        unless_gone(lambda: aws.client("ec2").disassociate_route_table(AssociationId=association))

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """The table of a public subnet."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        gateway = InternetGateway(name="main", vpc=vpc.out())
        subnets = [Subnet(name=f"public-{z}", vpc=vpc.out(), cidr=c, zone=f"us-east-1{z}") for z, c in _ZONES.items()]
        other = RouteTable(name="other", vpc=vpc.out(), subnets=frozenset({subnets[2].out()}))
        table = RouteTable(
            name="public",
            vpc=vpc.out(),
            routes=frozenset({Route("0.0.0.0/0", gateway.out())}),
            subnets=frozenset({subnets[0].out(), subnets[1].out()}),
        )
        return [vpc, gateway, *subnets, other, table]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Another destination, and one subnet less."""
        _, gateway, first, *_ = cls.example()
        return {"routes": frozenset({Route("192.0.2.0/24", gateway.out())}), "subnets": frozenset({first.out()})}


_ZONES: Mapping[str, str] = {"a": "10.0.0.0/24", "b": "10.0.1.0/24", "c": "10.0.2.0/24"}


def _destination(destination: str) -> dict[str, str]:
    if destination.startswith("pl-"):
        return {"DestinationPrefixListId": destination}
    if ":" in destination:
        return {"DestinationIpv6CidrBlock": destination}
    return {"DestinationCidrBlock": destination}
