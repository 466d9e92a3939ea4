"""Route tables against what AWS, gateway endpoints and colleagues do to them."""

from __future__ import annotations

import pytest

from orchestrator.kinds.ec2.endpoints import GatewayEndpoint
from orchestrator.kinds.ec2.gateways import InternetGateway
from orchestrator.kinds.ec2.routes import Route, RouteTable, RouteTableKind
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.reconcile.steps import Action
from tests.contract.harness import Account
from tests.contract.life import planned

VPC = Vpc(name="main", cidr="10.0.0.0/16")
GATEWAY = InternetGateway(name="main", vpc=VPC.out())
SUBNET = Subnet(name="public-a", vpc=VPC.out(), cidr="10.0.0.0/24", zone="us-east-1a")
PUBLIC = RouteTable(
    name="public",
    vpc=VPC.out(),
    routes=frozenset({Route("0.0.0.0/0", GATEWAY.out())}),
    subnets=frozenset({SUBNET.out()}),
)
NETWORK = [VPC, GATEWAY, SUBNET, PUBLIC]


def id_of(account: Account, kind: str) -> str:
    return next(str(live.outputs["id"]) for live in account.observe(NETWORK) if live.address.kind == kind)


def written(account: Account) -> list[str]:
    return [call.operation for call in account.aws.sent if not call.reads]


def test_a_subnet_of_another_table_is_taken_over_without_a_moment_in_which_it_has_none(account: Account) -> None:
    account.apply([VPC, GATEWAY, SUBNET])
    ec2 = account.aws.client("ec2")
    other = ec2.create_route_table(VpcId=id_of(account, "vpc"))["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=other, SubnetId=id_of(account, "subnet"))
    account.aws.sent.clear()
    account.apply(NETWORK)
    assert account.plan(NETWORK).empty
    assert written(account) == ["CreateRouteTable", "CreateRoute", "ReplaceRouteTableAssociation"]


def test_an_association_that_somebody_deleted_is_put_back(account: Account) -> None:
    account.apply(NETWORK)
    ec2 = account.aws.client("ec2")
    table = ec2.describe_route_tables(RouteTableIds=[id_of(account, "route-table")])["RouteTables"][0]
    ec2.disassociate_route_table(AssociationId=table["Associations"][0]["RouteTableAssociationId"])
    assert planned(account.plan(NETWORK)) == [("route-table/public", Action.UPDATE, frozenset({"subnets"}))]
    account.apply(NETWORK)
    assert account.plan(NETWORK).empty


def test_a_route_to_another_target_is_replaced_in_place(account: Account) -> None:
    account.apply(NETWORK)
    ec2, table = account.aws.client("ec2"), id_of(account, "route-table")
    interface = ec2.create_network_interface(SubnetId=id_of(account, "subnet"))["NetworkInterface"]
    ec2.replace_route(
        RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface["NetworkInterfaceId"]
    )
    account.aws.sent.clear()
    assert planned(account.plan(NETWORK)) == [("route-table/public", Action.UPDATE, frozenset({"routes"}))]
    account.apply(NETWORK)
    assert account.plan(NETWORK).empty
    assert written(account) == ["ReplaceRoute"]


def test_a_route_that_appeared_meanwhile_is_set_right_instead_of_failing(account: Account) -> None:
    bare = RouteTable(name="public", vpc=VPC.out(), subnets=PUBLIC.subnets)
    account.apply([VPC, GATEWAY, SUBNET, bare])
    before = account.observe(NETWORK)
    account.apply(NETWORK)
    account.apply(NETWORK, before)
    assert account.plan(NETWORK).empty
    assert written(account)[-2:] == ["CreateRoute", "ReplaceRoute"]


def test_a_colleagues_route_is_drift_and_an_endpoints_route_is_not(account: Account) -> None:
    endpoint = GatewayEndpoint(
        name="s3", vpc=VPC.out(), service="com.amazonaws.us-east-1.s3", tables=frozenset({PUBLIC.out()})
    )
    account.apply([*NETWORK, endpoint])
    assert account.plan([*NETWORK, endpoint]).empty
    account.aws.client("ec2").create_route(
        RouteTableId=id_of(account, "route-table"),
        DestinationCidrBlock="192.0.2.0/24",
        GatewayId=id_of(account, "internet-gateway"),
    )
    assert planned(account.plan([*NETWORK, endpoint])) == [("route-table/public", Action.UPDATE, frozenset({"routes"}))]
    account.apply([*NETWORK, endpoint])
    assert account.plan([*NETWORK, endpoint]).empty


def test_a_table_goes_though_somebody_gave_it_another_subnet(account: Account) -> None:
    account.apply(NETWORK)
    live = account.find(NETWORK, PUBLIC.address)
    assert live is not None
    ec2 = account.aws.client("ec2")
    subnet = ec2.create_subnet(VpcId=id_of(account, "vpc"), CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=live.outputs["id"], SubnetId=subnet)
    account.delete(live, NETWORK)
    assert account.find(NETWORK, PUBLIC.address) is None


@pytest.mark.parametrize(
    "aws_own",
    [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable"},
        {"DestinationCidrBlock": "10.1.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute"},
    ],
    ids=["local", "propagated", "endpoint"],
)
def test_routes_that_aws_puts_into_a_table_are_not_its_routes(aws_own: dict[str, str]) -> None:
    item = {"VpcId": "vpc-1", "Routes": [aws_own], "Associations": [{"Main": True}]}
    assert RouteTableKind().parse("public", {}, item, {}).routes == frozenset()


def test_every_sort_of_target_and_destination_is_read() -> None:
    described = [
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"},
        {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
        {"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1"},
        {"DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1"},
        {"DestinationCidrBlock": "10.8.0.0/16", "NetworkInterfaceId": "eni-1", "InstanceId": "i-1"},
    ]
    found = RouteTableKind().parse("public", {}, {"Routes": described}, {}).routes
    assert found == {
        Route("0.0.0.0/0", "nat-1"),
        Route("::/0", "eigw-1"),
        Route("pl-1", "tgw-1"),
        Route("10.9.0.0/16", "pcx-1"),
        Route("10.8.0.0/16", "eni-1"),
    }
