"""EC2 networks as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import ipaddress

import pytest
from botocore.exceptions import ClientError

UNKNOWN_NAT = "nat-0123456789abcdef0"


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]


def nat_gateway(ec2, subnet, **arguments):
    address = arguments.pop("AllocationId", None) or ec2.allocate_address(Domain="vpc")["AllocationId"]
    return ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, **arguments)["NatGateway"]["NatGatewayId"]


def test_a_cidr_with_host_bits_is_stored_as_the_network_address(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.7/16")["Vpc"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.3.9/24")["Subnet"]
    assert (vpc["CidrBlock"], subnet["CidrBlock"]) == ("10.0.0.0/16", "10.0.3.0/24")


def test_a_dry_run_creates_nothing_and_says_it_would_have(ec2):
    before = len(ec2.describe_vpcs()["Vpcs"])
    with pytest.raises(ClientError, match="DryRunOperation") as refused:
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_a_deleted_subnet_no_longer_holds_its_route_table(ec2, vpc, subnet):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=table)


def test_the_tags_of_an_address_have_the_resource_type_elastic_ip(ec2):
    tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "stack", "Value": "forum"}]}]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    found = ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["elastic-ip"]}])["Tags"]
    assert [tag["ResourceId"] for tag in found] == [address]


def test_a_nat_gateway_gets_a_free_address_of_its_subnet(ec2, subnet):
    ids = [nat_gateway(ec2, subnet), nat_gateway(ec2, subnet)]
    found = ec2.describe_nat_gateways(NatGatewayIds=ids)["NatGateways"]
    addresses = {gateway["NatGatewayAddresses"][0]["PrivateIp"] for gateway in found}
    assert len(addresses) == 2
    assert all(ipaddress.ip_address(address) in ipaddress.ip_network("10.0.1.0/24") for address in addresses)


def test_nat_gateways_are_found_by_tag_and_only_by_their_own(ec2, subnet):
    tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "stack", "Value": "forum"}]}]
    mine, _ = nat_gateway(ec2, subnet, TagSpecifications=tags), nat_gateway(ec2, subnet)
    found = ec2.describe_nat_gateways(Filter=[{"Name": "tag:stack", "Values": ["forum"]}])["NatGateways"]
    assert [gateway["NatGatewayId"] for gateway in found] == [mine]


def test_a_nat_gateway_tells_its_connectivity(ec2, subnet):
    nat_gateway(ec2, subnet)
    assert ec2.describe_nat_gateways()["NatGateways"][0]["ConnectivityType"] == "public"


@pytest.mark.parametrize("call", ["describe", "delete"])
def test_an_unknown_nat_gateway_is_not_found(ec2, call):
    with pytest.raises(ClientError, match="NatGatewayNotFound"):
        if call == "describe":
            ec2.describe_nat_gateways(NatGatewayIds=[UNKNOWN_NAT])
        else:
            ec2.delete_nat_gateway(NatGatewayId=UNKNOWN_NAT)


def test_a_repeated_client_token_makes_one_nat_gateway(ec2, subnet):
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ids = {nat_gateway(ec2, subnet, AllocationId=address, ClientToken="once") for _ in range(2)}
    assert len(ids) == 1 and len(ec2.describe_nat_gateways()["NatGateways"]) == 1


def test_a_client_token_with_other_parameters_is_refused(ec2, subnet):
    nat_gateway(ec2, subnet, ClientToken="once")
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        nat_gateway(ec2, subnet, ClientToken="once")


def test_a_route_to_an_unknown_nat_gateway_is_refused(ec2, vpc):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    with pytest.raises(ClientError, match=r"InvalidNatGatewayID\.NotFound"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=UNKNOWN_NAT)


def test_a_route_to_a_deleted_nat_gateway_is_a_black_hole(ec2, vpc, subnet):
    gateway = nat_gateway(ec2, subnet)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert {route["DestinationCidrBlock"]: route["State"] for route in routes} == {
        "10.0.0.0/16": "active",
        "0.0.0.0/0": "blackhole",
    }


def test_a_route_to_a_detached_internet_gateway_is_a_black_hole(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [route["State"] for route in routes if route["DestinationCidrBlock"] == "0.0.0.0/0"] == ["blackhole"]


def test_a_refused_nat_gateway_leaves_no_interface(ec2, subnet):
    with pytest.raises(ClientError, match=r"InvalidAllocationID\.NotFound"):
        nat_gateway(ec2, subnet, AllocationId="eipalloc-0123456789abcdef0")
    mine = [{"Name": "subnet-id", "Values": [subnet]}]
    assert ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"] == []


def test_route_tables_are_filtered_by_the_state_of_their_routes(ec2, vpc, subnet):
    gateway = nat_gateway(ec2, subnet)
    dead, _ = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.create_route(RouteTableId=dead, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    filters = [{"Name": "route.state", "Values": ["blackhole"]}, {"Name": "vpc-id", "Values": [vpc]}]
    found = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    assert [table["RouteTableId"] for table in found] == [dead]


def test_network_acls_are_filtered_by_id(ec2, vpc):
    mine = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    found = ec2.describe_network_acls(Filters=[{"Name": "network-acl-id", "Values": [mine]}])["NetworkAcls"]
    assert [acl["NetworkAclId"] for acl in found] == [mine]
