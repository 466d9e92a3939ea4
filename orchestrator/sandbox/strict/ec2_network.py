"""Network changes that EC2 refuses: routes, associations, group rules, addresses and reserved tags."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.occupancy import group_of
from orchestrator.sandbox.strict.quotas import quota
from orchestrator.sandbox.strict.registry import EVERY_OPERATION, rule

_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "all": "-1"}

# protocol, from port, to port, peer
Permission = tuple[str, int | None, int | None, str]


@rule("EC2-11", "ec2", "CreateRoute", "ReplaceRoute", code="InvalidParameterValue")
def gateway_of_another_network(call: Call) -> str | None:
    """A route leads only to an internet gateway that is attached to the route table's VPC."""
    ec2 = call.backend()
    table = ec2.route_tables.get(call.params.get("RouteTableId"))
    gateway = ec2.internet_gateways.get(call.params.get("GatewayId"))
    if table is None or gateway is None or (gateway.vpc and gateway.vpc.id == table.vpc_id):
        return None
    return f"route table {table.id} and network gateway {gateway.id} belong to different networks"


@rule("EC2-12", "ec2", "AssociateRouteTable", code="Resource.AlreadyAssociated")
def subnet_has_a_table(call: Call) -> str | None:
    """A subnet that is explicitly associated with one table is not associated with another; it is replaced."""
    subnet, wanted = call.params.get("SubnetId"), call.params.get("RouteTableId")
    ec2 = call.backend()
    if subnet is None or wanted not in ec2.route_tables:
        return None
    for table in ec2.route_tables.values():
        if table.id != wanted and subnet in table._associations.values():
            return f"the specified association for route table {wanted} conflicts with an existing association"
    return None


@rule("EC2-15", "ec2", "CreateSecurityGroup", code="InvalidParameterValue")
def group_name_or_description(call: Call) -> str | None:
    """A group is not named like an id, and its description keeps to EC2's character set and 255 characters."""
    name, description = call.params.get("GroupName", ""), call.params.get("Description", "")
    if name.lower().startswith("sg-"):
        return f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
    if not _DESCRIPTION.fullmatch(name):
        return f"Value ({name}) for parameter GroupName is invalid. Names are up to 255 characters."
    if not _DESCRIPTION.fullmatch(description):
        return (
            "Invalid security group description. Valid descriptions are strings less than 256 characters "
            "from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
        )
    return None


@rule(
    "EC2-14",
    "ec2",
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    code="InvalidPermission.Duplicate",
)
def permission_exists(call: Call) -> str | None:
    """A rule that exists makes the whole call fail; the others of the call are not added either."""
    group = group_of(call)
    if group is None:
        return None
    existing = set(_existing(group, egress=call.operation.endswith("Egress")))
    for protocol, first, last, peer in _asked(call.params):
        if (protocol, first, last, peer) in existing:
            ports = "" if first is None else f", from port: {first}, to port: {last}"
            return f'the specified rule "peer: {peer}, {protocol.upper()}{ports}, ALLOW" already exists'
    return None


@rule("EC2-20", "ec2", "AllocateAddress", code="AddressLimitExceeded")
def too_many_addresses(call: Call) -> str | None:
    """A region gives five Elastic IP addresses unless the quota was raised."""
    if len(call.backend().addresses) >= quota("ec2 elastic ip addresses"):
        return "The maximum number of addresses has been reached."
    return None


@rule("EC2-21", "ec2", EVERY_OPERATION, code="InvalidParameterValue")
def reserved_tag(call: Call) -> str | None:
    """Tag keys beginning with ``aws:`` are Amazon's own."""
    tags = list(call.params.get("Tags") or ()) if call.operation == "CreateTags" else []
    for specification in call.params.get("TagSpecifications") or ():
        tags.extend(specification.get("Tags") or ())
    if any(str(tag.get("Key", "")).lower().startswith("aws:") for tag in tags):
        return "Tag keys starting with 'aws:' are reserved for internal use"
    return None


def _existing(group: Any, *, egress: bool) -> Iterator[Permission]:
    for entry in group.egress_rules if egress else group.ingress_rules:
        protocol = _protocol(entry.ip_protocol)
        peers = [
            entry.ip_range.get("CidrIp"),
            entry.ip_range.get("CidrIpv6"),
            entry.source_group.get("GroupId"),
            entry.prefix_list_id,
        ]
        for peer in filter(None, peers):
            yield _permission(protocol, entry.from_port, entry.to_port, peer)


def _asked(params: dict[str, Any]) -> Iterator[Permission]:
    for permission in params.get("IpPermissions") or [_flat(params)]:
        protocol = _protocol(permission.get("IpProtocol"))
        peers = [entry.get("CidrIp") for entry in permission.get("IpRanges") or ()]
        peers += [entry.get("CidrIpv6") for entry in permission.get("Ipv6Ranges") or ()]
        peers += [entry.get("GroupId") for entry in permission.get("UserIdGroupPairs") or ()]
        peers += [entry.get("PrefixListId") for entry in permission.get("PrefixListIds") or ()]
        for peer in filter(None, peers):
            yield _permission(protocol, permission.get("FromPort"), permission.get("ToPort"), peer)


def _flat(params: dict[str, Any]) -> dict[str, Any]:
    return {**params, "IpRanges": [{"CidrIp": params.get("CidrIp")}]}


def _permission(protocol: str, first: Any, last: Any, peer: str) -> Permission:
    ports = (None, None) if protocol == "-1" or first is None else (int(first), int(last))
    return protocol, *ports, _network(peer)


def _protocol(value: Any) -> str:
    text = str(value).lower()
    return _PROTOCOLS.get(text, text)


def _network(peer: str) -> str:
    try:
        return str(ipaddress.ip_network(peer, strict=False))
    except ValueError:
        return peer
