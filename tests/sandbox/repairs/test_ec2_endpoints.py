"""VPC endpoints as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

S3, ECR = "com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.ecr.api"


@dataclass
class Network:
    ec2: Any
    vpc: str
    subnets: list[str]
    tables: list[str]
    group: str

    def gateway(self, **arguments):
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=S3, VpcEndpointType="Gateway", RouteTableIds=self.tables[:1], **arguments
        )
        return made["VpcEndpoint"]

    def interface(self, **arguments):
        arguments = {"SubnetIds": self.subnets[:1], "SecurityGroupIds": [self.group], **arguments}
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=ECR, VpcEndpointType="Interface", **arguments)
        return made["VpcEndpoint"]

    def live(self, endpoint):
        return self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["VpcEndpoints"][0]

    def targets(self, table):
        routes = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return [route["GatewayId"] for route in routes if "DestinationPrefixListId" in route]


@pytest.fixture
def network(aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    zones = {"10.0.1.0/24": "us-east-1a", "10.0.2.0/24": "us-east-1b"}
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in zones.items()
    ]
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    group = ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=vpc)["GroupId"]
    return Network(ec2, vpc, subnets, tables, group)


def test_a_gateway_endpoint_has_no_private_dns(network):
    assert network.live(network.gateway())["PrivateDnsEnabled"] is False


def test_an_endpoint_without_a_type_is_a_gateway_and_can_be_deleted(network):
    made = network.ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName=S3, RouteTableIds=network.tables)
    assert made["VpcEndpoint"]["VpcEndpointType"] == "Gateway"
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpoint"]["VpcEndpointId"]])
    assert network.targets(network.tables[0]) == []


def test_address_type_and_dns_options_come_back(network):
    made = network.interface(IpAddressType="dualstack", DnsOptions={"DnsRecordIpType": "dualstack"})
    live = network.live(made)
    assert (live["IpAddressType"], live["DnsOptions"]["DnsRecordIpType"]) == ("dualstack", "dualstack")
    assert live["RequesterManaged"] is False


def test_an_endpoint_without_groups_has_the_default_group_of_the_vpc(network):
    made = network.interface(SecurityGroupIds=[])
    assert [group["GroupName"] for group in made["Groups"]] == ["default"]


def test_private_dns_can_be_turned_on_later(network):
    made = network.interface(PrivateDnsEnabled=False)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=True)
    assert network.live(made)["PrivateDnsEnabled"] is True


def test_adding_and_removing_route_tables_moves_the_route(network):
    made = network.gateway()
    first, second = network.tables
    network.ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"], AddRouteTableIds=[second], RemoveRouteTableIds=[first]
    )
    assert (network.targets(first), network.targets(second)) == ([], [made["VpcEndpointId"]])


def test_two_gateways_of_one_service_can_not_share_a_route_table(network):
    network.gateway()
    with pytest.raises(ClientError, match="RouteAlreadyExists"):
        network.gateway()


def test_each_subnet_has_an_interface_with_an_address_of_its_own(network):
    made = network.interface()
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], AddSubnetIds=network.subnets[1:])
    ids = network.live(made)["NetworkInterfaceIds"]
    found = network.ec2.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    assert {each["SubnetId"] for each in found} == set(network.subnets)
    assert all(ipaddress.ip_address(each["PrivateIpAddress"]) in ipaddress.ip_network("10.0.0.0/22") for each in found)
    assert all(each["Groups"][0]["GroupId"] == network.group for each in found)


def test_a_removed_subnet_loses_its_interface(network):
    made = network.interface(SubnetIds=network.subnets)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], RemoveSubnetIds=network.subnets[:1])
    assert len(network.live(made)["NetworkInterfaceIds"]) == 1


def test_a_reset_policy_is_the_default_one(network):
    made = network.interface(PolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    network.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], ResetPolicy=True)
    assert '"Allow"' in network.live(made)["PolicyDocument"]


def test_endpoints_are_filtered_by_id(network):
    made, _ = network.interface(), network.gateway()
    filters = [{"Name": "vpc-endpoint-id", "Values": [made["VpcEndpointId"]]}]
    found = network.ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    assert [endpoint["VpcEndpointId"] for endpoint in found] == [made["VpcEndpointId"]]


def test_deleting_an_unknown_endpoint_is_told_as_unsuccessful(network):
    unsuccessful = network.ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])["Unsuccessful"]
    assert [each["Error"]["Code"] for each in unsuccessful] == ["InvalidVpcEndpoint.NotFound"]


def test_a_gateway_whose_route_is_gone_can_still_be_deleted(network):
    made = network.gateway()
    network.ec2.delete_route_table(RouteTableId=network.tables[0])
    assert network.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"] == []


def test_a_repeated_client_token_makes_one_endpoint(network):
    ids = {network.interface(ClientToken="once", PrivateDnsEnabled=False)["VpcEndpointId"] for _ in range(2)}
    assert len(ids) == 1


def test_the_token_of_a_deleted_endpoint_makes_a_new_one(network):
    first = network.interface(ClientToken="once", PrivateDnsEnabled=False)["VpcEndpointId"]
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[first])
    assert network.interface(ClientToken="once", PrivateDnsEnabled=False)["VpcEndpointId"] != first


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"RouteTableIds": ["rtb-0123456789abcdef0"]}, r"InvalidRouteTableID\.NotFound"),
        ({"VpcEndpointType": "Interface", "SecurityGroupIds": ["sg-0123456789abcdef0"]}, r"InvalidGroup\.NotFound"),
    ],
)
def test_a_refused_endpoint_is_not_made(network, arguments, code):
    with pytest.raises(ClientError, match=code):
        network.ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName=S3, **arguments)
    assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
