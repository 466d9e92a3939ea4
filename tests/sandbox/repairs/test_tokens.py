"""Creations with a client token: once for one token, another thing for another, refused for other parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[[Any, dict[str, str], str], str]

MADE: dict[str, Make] = {
    "route table": lambda ec2, at, token: ec2.create_route_table(VpcId=at["vpc"], ClientToken=token)["RouteTable"][
        "RouteTableId"
    ],
    "network ACL": lambda ec2, at, token: ec2.create_network_acl(VpcId=at["vpc"], ClientToken=token)["NetworkAcl"][
        "NetworkAclId"
    ],
    "interface": lambda ec2, at, token: ec2.create_network_interface(SubnetId=at["subnet"], ClientToken=token)[
        "NetworkInterface"
    ]["NetworkInterfaceId"],
    "gateway for IPv6": lambda ec2, at, token: ec2.create_egress_only_internet_gateway(
        VpcId=at["vpc"], ClientToken=token
    )["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"],
    "volume": lambda ec2, at, token: ec2.create_volume(Size=8, AvailabilityZone=at["zone"], ClientToken=token)[
        "VolumeId"
    ],
    "launch template": lambda ec2, at, token: ec2.create_launch_template(
        LaunchTemplateName=f"web-{token}", LaunchTemplateData={"InstanceType": at["size"]}, ClientToken=token
    )["LaunchTemplate"]["LaunchTemplateId"],
    "flow log": lambda ec2, at, token: ec2.create_flow_logs(
        ResourceIds=[at["vpc"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=f"/{token}",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
        ClientToken=token,
    )["FlowLogIds"][0],
}


@pytest.fixture
def at(aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]
    return {"vpc": vpc, "subnet": subnet["SubnetId"], "zone": subnet["AvailabilityZone"], "size": "t3.micro"}


@pytest.mark.parametrize("kind", MADE)
def test_a_token_makes_one_thing_and_another_token_another(aws, at, kind):
    ec2, make = aws("ec2"), MADE[kind]
    first = make(ec2, at, "one")
    assert make(ec2, at, "one") == first
    assert make(ec2, at, "two") != first


def test_a_token_is_refused_with_other_parameters_and_free_once_what_it_made_is_gone(aws, at):
    ec2 = aws("ec2")
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    first = MADE["route table"](ec2, at, "one")
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        MADE["route table"](ec2, {"vpc": other}, "one")
    ec2.delete_route_table(RouteTableId=first)
    assert MADE["route table"](ec2, at, "one") != first
