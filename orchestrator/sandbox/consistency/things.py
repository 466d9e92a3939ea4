"""The things that EC2 and ELB hear late of: which call makes them, where lists show them, how AWS misses them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thing:
    """Made by ``operation``, whose reply names it below ``made``; shown by ``id`` in lists called ``listed``."""

    operation: str
    made: str
    listed: str
    id: str
    code: str
    wording: str

    def missed_by(self, service: str) -> tuple[str, str] | None:
        """The code and the words in which a service misses it; ``None`` where it knows of it at once."""
        return (self.code, self.wording) if self in THINGS[service] else ABROAD.get((service, self.id))


def _ec2(name: str, code: str, wording: str) -> Thing:
    """One that EC2 names alike everywhere."""
    return Thing(f"Create{name}", name, f"{name}s", f"{name}Id", code, wording)


def _elb(name: str, wording: str) -> Thing:
    return Thing(f"Create{name}", f"{name}s", f"{name}s", f"{name}Arn", f"{name}NotFound", wording)


_NO_GROUP = "The security group '{}' does not exist"
_NO_ADDRESS = "The allocation ID '{}' does not exist"
_NO_INTERFACE = "The networkInterface ID '{}' does not exist"

THINGS: dict[str, tuple[Thing, ...]] = {
    "ec2": (
        _ec2("Vpc", "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
        _ec2("Subnet", "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
        _ec2("InternetGateway", "InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
        _ec2("RouteTable", "InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
        _ec2("NatGateway", "NatGatewayNotFound", "The Nat Gateway {} was not found"),
        _ec2("VpcEndpoint", "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
        _ec2("NetworkAcl", "InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist"),
        _ec2("NetworkInterface", "InvalidNetworkInterfaceID.NotFound", _NO_INTERFACE),
        Thing("CreateSecurityGroup", "", "SecurityGroups", "GroupId", "InvalidGroup.NotFound", _NO_GROUP),
        Thing("AllocateAddress", "", "Addresses", "AllocationId", "InvalidAllocationID.NotFound", _NO_ADDRESS),
    ),
    "elbv2": (
        _elb("LoadBalancer", "Load balancer '{}' not found"),
        _elb("TargetGroup", "One or more target groups not found"),
        _elb("Listener", "One or more listeners not found"),
        _elb("Rule", "One or more rules not found"),
    ),
}
BESIDE = {"SecurityGroupRules": "GroupId", "Tags": "ResourceId"}
"""Lists of what belongs to things, and where it says to which."""

ABROAD = {("elbv2", "SubnetId"): ("SubnetNotFound", "The subnet ID '{}' does not exist")}
"""What another service than its own says of a thing that it has not heard of."""
