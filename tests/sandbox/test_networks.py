"""NAT gateways and VPC endpoints, which take their time."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.system import System


def _nat(system: System, **more: Any) -> tuple[str, str]:
    ec2 = system.aws.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=system.subnets[0], AllocationId=address, **more)["NatGateway"]
    assert made["State"] == "pending"
    return made["NatGatewayId"], address


def _live(system: System, nat: str) -> Any:
    return system.aws.client("ec2").describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]


def test_a_nat_gateway_is_available_after_a_minute_and_a_half(system: System) -> None:
    nat, _ = _nat(system)
    system.aws.sleep(89)
    assert _live(system, nat)["State"] == "pending"
    system.aws.sleep(2)
    assert _live(system, nat)["State"] == "available"


def test_a_nat_gateway_without_an_internet_gateway_fails_later_and_says_why(system: System) -> None:
    ec2 = system.aws.client("ec2")
    gateway = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [system.vpc]}])
    ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGateways"][0]["InternetGatewayId"], VpcId=system.vpc)
    nat, _ = _nat(system)
    system.aws.sleep(60)
    live = _live(system, nat)
    assert (live["State"], live["FailureCode"]) == ("failed", "Gateway.NotAttached")
    assert live["FailureMessage"] == f"Network {system.vpc} has no Internet gateway attached"


def test_a_nat_gateway_holds_its_address_until_it_is_deleted_and_is_seen_for_an_hour_after(system: System) -> None:
    ec2 = system.aws.client("ec2")
    nat, address = _nat(system)
    table = ec2.create_route_table(VpcId=system.vpc)["RouteTable"]["RouteTableId"]
    system.aws.sleep(91)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert _live(system, nat)["State"] == "deleting"
    with pytest.raises(ClientError) as caught:
        ec2.release_address(AllocationId=address)
    assert caught.value.response["Error"]["Code"] == "AuthFailure"
    system.aws.sleep(61)
    assert _live(system, nat)["State"] == "deleted"
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert _live(system, nat)["State"] == "deleted"
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [each["State"] for each in routes if each.get("NatGatewayId") == nat] == ["blackhole"]
    ec2.release_address(AllocationId=address)
    system.aws.sleep(3601)
    assert ec2.describe_nat_gateways()["NatGateways"] == []


def test_a_nat_gateway_asked_for_twice_with_one_token_is_made_once(system: System) -> None:
    ec2 = system.aws.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    asked = {"SubnetId": system.subnets[0], "AllocationId": address, "ClientToken": "one"}
    first = ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
    system.aws.sleep(91)
    again = ec2.create_nat_gateway(**asked)["NatGateway"]
    assert again["NatGatewayId"] == first
    assert _live(system, first)["State"] == "available"


def test_an_interface_endpoint_comes_in_a_minute_and_is_gone_a_minute_after_its_deletion(system: System) -> None:
    ec2 = system.aws.client("ec2")
    made = ec2.create_vpc_endpoint(
        VpcId=system.vpc,
        ServiceName="com.amazonaws.eu-west-1.ecr.api",
        VpcEndpointType="Interface",
        SubnetIds=system.subnets,
        SecurityGroupIds=[system.task_group],
    )["VpcEndpoint"]
    assert made["State"] == "pending"
    endpoint = made["VpcEndpointId"]

    def states() -> list[str]:
        return [each["State"] for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]]

    system.aws.sleep(61)
    assert states() == ["available"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert states() == ["deleting"]
    with pytest.raises(ClientError) as caught:
        ec2.delete_security_group(GroupId=system.task_group)
    assert caught.value.response["Error"]["Code"] == "DependencyViolation"
    system.aws.sleep(61)
    assert states() == []
    ec2.delete_security_group(GroupId=system.task_group)


def test_a_gateway_endpoint_is_there_at_once(system: System) -> None:
    ec2 = system.aws.client("ec2")
    made = ec2.create_vpc_endpoint(VpcId=system.vpc, ServiceName="com.amazonaws.eu-west-1.s3")["VpcEndpoint"]
    assert made["State"] == "available"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    system.aws.sleep(10)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
