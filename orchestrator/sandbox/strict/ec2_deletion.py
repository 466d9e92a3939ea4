"""Deletions that EC2 refuses while something depends on the thing: moto lets nearly all of them through."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.occupancy import group_of, groups_of, in_vpc, interfaces, subnets_of
from orchestrator.sandbox.strict.registry import rule

_GONE = frozenset({"deleted", "failed"})


@rule("EC2-01", "ec2", "DeleteVpc", code="DependencyViolation")
def vpc_in_use(call: Call) -> str | None:
    """A VPC goes last: no subnet, gateway, endpoint, interface, and no group or table but its own."""
    ec2, vpc = call.backend(), call.params.get("VpcId", "")
    holds = (
        any(subnet.vpc_id == vpc for subnet in subnets_of(call))
        or any(table.vpc_id == vpc and not table.main_association_id for table in ec2.route_tables.values())
        or any(gateway.vpc and gateway.vpc.id == vpc for gateway in ec2.internet_gateways.values())
        or any(group.name != "default" for group in ec2.groups.get(vpc, {}).values())
        or any(one.vpc_id == vpc and one.state not in _GONE for one in ec2.vpc_end_points.values())
        or any(one.vpc_id == vpc and not one.default for one in ec2.network_acls.values())
    )
    return f"The vpc '{vpc}' has dependencies and cannot be deleted." if holds else None


@rule("EC2-02", "ec2", "DeleteSubnet", code="DependencyViolation")
def subnet_in_use(call: Call) -> str | None:
    """A subnet is not deleted while any network interface is in it."""
    subnet = call.params.get("SubnetId")
    if any(interface.subnet == subnet for interface in interfaces(call)):
        return f"The subnet '{subnet}' has dependencies and cannot be deleted."
    return None


@rule("EC2-04", "ec2", "DeleteSecurityGroup", code="CannotDelete")
def default_group(call: Call) -> str | None:
    """The default security group of a VPC goes with the VPC only."""
    group = group_of(call)
    if group is not None and group.name == "default":
        return f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
    return None


@rule("EC2-03", "ec2", "DeleteSecurityGroup", code="DependencyViolation")
def group_in_use(call: Call) -> str | None:
    """A security group is not deleted while an interface wears it or a rule of another group names it."""
    group = group_of(call)
    if group is None:
        return None
    worn = any(group.id in interface.groups for interface in interfaces(call))
    return f"resource {group.id} has a dependent object" if worn or _named_elsewhere(call, group.id) else None


@rule("EC2-05", "ec2", "DetachInternetGateway", code="DependencyViolation")
def public_addresses_mapped(call: Call) -> str | None:
    """An internet gateway stays while the VPC has public addresses: Elastic IPs, NAT gateways, load balancers."""
    vpc = call.params.get("VpcId", "")
    gateway = call.backend().internet_gateways.get(call.params.get("InternetGatewayId"))
    if gateway is None or gateway.vpc is None or gateway.vpc.id != vpc:
        return None
    if any(interface.public for interface in in_vpc(call, vpc)):
        return (
            f"Network {vpc} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway."
        )
    return None


@rule("EC2-06", "ec2", "DeleteInternetGateway", code="DependencyViolation")
def gateway_attached(call: Call) -> str | None:
    """An internet gateway is detached before it is deleted."""
    gateway = call.backend().internet_gateways.get(call.params.get("InternetGatewayId"))
    if gateway is not None and gateway.vpc is not None:
        return f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted."
    return None


@rule("EC2-07", "ec2", "ReleaseAddress", code="AuthFailure")
def address_of_nat_gateway(call: Call) -> str | None:
    """An Elastic IP belongs to its NAT gateway until that is deleted, and AWS answers as if it were not yours."""
    allocation = call.params.get("AllocationId")
    for nat in call.backend().nat_gateways.values():
        held = {address.get("allocationId") for address in nat.address_set}
        if allocation and allocation in held and nat.state not in _GONE:
            return "You do not have permission to access the specified resource."
    return None


@rule("EC2-08", "ec2", "ReleaseAddress", code="InvalidIPAddress.InUse")
def address_associated(call: Call) -> str | None:
    """An Elastic IP is disassociated from an instance or interface before it is released."""
    ec2 = call.backend()
    of_nat_gateways = {nat._eni.id for nat in ec2.nat_gateways.values()}
    for address in ec2.addresses:
        named = call.params.get("AllocationId") == address.allocation_id is not None
        if named and (address.instance or (address.eni and address.eni.id not in of_nat_gateways)):
            return f"Address {address.public_ip} is in use."
    return None


def _named_elsewhere(call: Call, group_id: str) -> bool:
    return any(
        entry.source_group.get("GroupId") == group_id
        for group in groups_of(call)
        if group.id != group_id
        for entry in (*group.ingress_rules, *group.egress_rules)
    )
