"""EC2 refuses routes, associations, rules, groups, addresses and tags that make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.sandbox import strict
from tests.sandbox.strict.network import Network, refused
from tests.world import Aws


def table_of(network: Network) -> str:
    return str(network.ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"])


def test_a_route_leads_to_the_gateway_of_its_own_network(network: Network) -> None:
    table = table_of(network)
    stranger = network.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", f"route table {table} and network gateway {stranger} belong to different"):
        network.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=stranger)
    network.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=network.gateway)
    with refused("InvalidParameterValue"):
        network.ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=stranger)


def test_a_subnet_moves_to_another_table_only_by_replacing_its_association(network: Network) -> None:
    first, second, subnet = table_of(network), table_of(network), network.subnets[0]
    association = network.ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)["AssociationId"]
    with refused("Resource.AlreadyAssociated", f"for route table {second} conflicts"):
        network.ec2.associate_route_table(RouteTableId=second, SubnetId=subnet)
    network.ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)
    network.ec2.associate_route_table(RouteTableId=first, SubnetId=network.subnets[1])


@pytest.mark.parametrize("settings", [{"GroupName": "sg-web"}, {"Description": "für alle"}, {"Description": "x" * 256}])
def test_a_security_group_with_a_bad_name_or_description_is_refused(network: Network, settings: dict[str, str]) -> None:
    wanted = {"GroupName": "web", "Description": "web (public): 80,443 [tcp]", "VpcId": network.vpc}
    with refused("InvalidParameterValue"):
        network.ec2.create_security_group(**{**wanted, **settings})
    network.ec2.create_security_group(**wanted)


def http(*cidrs: str, protocol: str = "tcp") -> dict[str, Any]:
    return {"IpProtocol": protocol, "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": cidr} for cidr in cidrs]}


def test_a_rule_that_exists_fails_the_whole_call(network: Network) -> None:
    group = network.group()
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[http("10.1.0.0/16")])
    with refused("InvalidPermission.Duplicate", 'the specified rule "peer: 10.1.0.0/16, TCP, from port: 80'):
        network.ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[http("10.2.0.0/16"), http("10.1.0.0/16", protocol="6")]
        )
    rules = network.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    assert [rule["CidrIpv4"] for rule in rules["SecurityGroupRules"] if not rule["IsEgress"]] == ["10.1.0.0/16"]
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[http("10.2.0.0/16")])


def test_a_new_group_has_its_egress_rule_already(network: Network) -> None:
    group = network.group()
    with refused("InvalidPermission.Duplicate"):
        network.ec2.authorize_security_group_egress(
            GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        )
    network.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[http("0.0.0.0/0")])


def test_the_sixth_address_needs_a_higher_quota(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    made = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(5)]
    with refused("AddressLimitExceeded"):
        ec2.allocate_address(Domain="vpc")
    ec2.release_address(AllocationId=made[0])
    ec2.allocate_address(Domain="vpc")
    strict.set_quota("ec2 elastic ip addresses", 6)
    ec2.allocate_address(Domain="vpc")


def test_named_interfaces_do_not_come_in_pages(network: Network) -> None:
    made = network.ec2.create_network_interface(SubnetId=network.subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
    with refused("InvalidParameterCombination", "networkInterfaceIdSet"):
        network.ec2.describe_network_interfaces(NetworkInterfaceIds=[made], MaxResults=5)
    network.ec2.describe_network_interfaces(NetworkInterfaceIds=[made])
    network.ec2.describe_network_interfaces(MaxResults=5)


def test_tags_of_amazon_are_not_ours_to_set(aws: Aws, network: Network) -> None:
    ec2 = aws.client("ec2")
    reserved, ours = [{"Key": "aws:stack", "Value": "x"}], [{"Key": "awsome:stack", "Value": "x"}]
    with refused("InvalidParameterValue", "reserved"):
        ec2.create_tags(Resources=[network.vpc], Tags=reserved)
    with refused("InvalidParameterValue", "reserved"):
        ec2.create_vpc(CidrBlock="10.3.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": reserved}])
    ec2.create_tags(Resources=[network.vpc], Tags=ours)
    ec2.create_vpc(CidrBlock="10.3.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": ours}])
