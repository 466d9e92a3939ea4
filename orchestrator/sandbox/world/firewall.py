"""Security groups and routes: whether a packet gets from here to there."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

_ALL, _TCP = "-1", "tcp"
_ANYWHERE = "0.0.0.0/0"


def admits(groups: Iterable[Any], port: int, *, from_groups: Iterable[str], from_cidrs: Iterable[str]) -> bool:
    """Whether one of these groups lets TCP in on a port, from a member of some groups or from an address range."""
    sources, ranges = set(from_groups), [ip_network(each, strict=False) for each in from_cidrs]
    return any(_lets_in(rule, port, sources, ranges) for group in groups for rule in group.ingress_rules)


def has_way_out(ec2: Any, subnet: Any, *, public_address: bool) -> bool:
    """Whether something in the subnet reaches the internet: itself, or through a NAT gateway that does."""
    for route in route_table_of(ec2, subnet).routes:
        if route.destination_cidr_block != _ANYWHERE or route.state != "active":
            continue
        if route.nat_gateway is not None:
            nat = route.nat_gateway
            return nat.state == "available" and has_way_out(ec2, ec2.get_subnet(nat.subnet_id), public_address=True)
        if route.gateway is not None:
            return public_address
        return True
    return False


def route_table_of(ec2: Any, subnet: Any) -> Any:
    """The table that routes a subnet: its own, or its VPC's main one."""
    main = None
    for table in ec2.route_tables.values():
        if subnet.id in table._associations.values():
            return table
        if table.vpc_id == subnet.vpc_id and table.main_association_id:
            main = table
    return main


def _lets_in(rule: Any, port: int, sources: set[str], ranges: list[Any]) -> bool:
    if rule.ip_protocol not in (_ALL, _TCP):
        return False
    if rule.ip_protocol == _TCP and not int(rule.from_port) <= port <= int(rule.to_port):
        return False
    if rule.source_group.get("GroupId") in sources:
        return True
    cidr = rule.ip_range.get("CidrIp")
    return bool(cidr) and any(each.subnet_of(ip_network(cidr, strict=False)) for each in ranges)
