"""A VPC for tests, and the word that every test here needs: refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.world import Aws


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """The call inside is refused with this code, in words that contain these."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code
    for word in words:
        assert word in error["Message"]


class Network:
    """A VPC 10.0.0.0/16 with an internet gateway, subnets in two zones, and what tests add to it."""

    def __init__(self, aws: Aws) -> None:
        self.ec2, self.elb = aws.client("ec2"), aws.client("elbv2")
        self.vpc: str = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.gateway: str = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(VpcId=self.vpc, InternetGatewayId=self.gateway)
        self.subnets = [self.subnet("10.0.1.0/24", "a"), self.subnet("10.0.2.0/24", "b")]

    def subnet(self, cidr: str, zone: str) -> str:
        """Another subnet."""
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=f"eu-west-1{zone}")
        return str(made["Subnet"]["SubnetId"])

    def group(self, name: str = "web") -> str:
        """A security group."""
        return str(self.ec2.create_security_group(GroupName=name, Description="x", VpcId=self.vpc)["GroupId"])

    def balancer(self, name: str = "web", **settings: Any) -> str:
        """An Application Load Balancer in both subnets."""
        made = self.elb.create_load_balancer(Name=name, **{"Subnets": self.subnets, **settings})
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def targets(self, name: str = "web", **settings: Any) -> str:
        """A target group for addresses."""
        wanted = {"Protocol": "HTTP", "Port": 80, "VpcId": self.vpc, "TargetType": "ip", **settings}
        return str(self.elb.create_target_group(Name=name, **wanted)["TargetGroups"][0]["TargetGroupArn"])

    def listener(self, balancer: str, *targets: str, port: int = 80, **settings: Any) -> str:
        """A listener that forwards to the target groups, all with weight 0 but the first."""
        wanted = {"Protocol": "HTTP", "Port": port, "DefaultActions": [forward(*targets)], **settings}
        return str(self.elb.create_listener(LoadBalancerArn=balancer, **wanted)["Listeners"][0]["ListenerArn"])

    def nat_gateway(self) -> tuple[str, str]:
        """A NAT gateway in the first subnet, and its address."""
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=address)
        return str(made["NatGateway"]["NatGatewayId"]), str(address)

    def endpoint(self, **settings: Any) -> str:
        """An interface endpoint for the ECR API."""
        wanted = {
            "VpcId": self.vpc,
            "VpcEndpointType": "Interface",
            "ServiceName": "com.amazonaws.eu-west-1.ecr.api",
            "SubnetIds": self.subnets,
            **settings,
        }
        return str(self.ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"])


def forward(*targets: str, weights: tuple[int, ...] = ()) -> dict[str, Any]:
    """A forward action; without weights, all to the first."""
    shares = weights or (1, *(0 for _ in targets[1:]))
    groups = [{"TargetGroupArn": arn, "Weight": share} for arn, share in zip(targets, shares, strict=True)]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
