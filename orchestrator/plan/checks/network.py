"""Address ranges, zones, NAT and endpoints: what AWS refuses half-way through, or never reports at all."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from orchestrator.plan.checks.finding import Finding, unknown
from orchestrator.plan.model.network import Network
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.topology import GATEWAY_SERVICES, direct_tiers, nat_zones, reaches, zone_name

LARGEST, SMALLEST = 16, 28


def check_network(plan: Plan) -> Iterator[Finding]:
    """Everything about the network but its security groups."""
    if plan.network is None:
        return
    yield from _ranges(plan.network)
    yield from _zones(plan.network, plan.region)
    yield from _nat(plan.network, plan.region)
    yield from _endpoints(plan.network)


def range_of(text: str) -> IPv4Network | str:
    """The address range in a text, or why it is none."""
    try:
        return IPv4Network(text)
    except ValueError:
        pass
    try:
        canonical = IPv4Network(text, strict=False)
    except ValueError:
        return f"found {text!r}, which is no IPv4 range: allowed 0 to 255 four times and a prefix of 0 to 32"
    return f"found {text!r}, which has bits set behind its prefix: did you mean {canonical}?"


def _ranges(network: Network) -> Iterator[Finding]:
    vpc = range_of(network.cidr)
    if isinstance(vpc, str):
        yield ("network", "cidr"), vpc
    elif not LARGEST <= vpc.prefixlen <= SMALLEST:
        yield ("network", "cidr"), f"found /{vpc.prefixlen}, allowed: /{LARGEST} to /{SMALLEST}"
    good: list[tuple[tuple[str, str], IPv4Network]] = []
    for tier, zones in network.subnets.items():
        for zone, text in zones.zones.items():
            at = ("network", "subnets", tier, "zones", zone)
            subnet = range_of(text)
            if isinstance(subnet, str):
                yield at, subnet
            elif not LARGEST <= subnet.prefixlen <= SMALLEST:
                yield at, f"found /{subnet.prefixlen}, allowed: /{LARGEST} to /{SMALLEST}"
            elif isinstance(vpc, IPv4Network) and not subnet.subnet_of(vpc):
                yield at, f"{subnet} is outside the network's {vpc}"
            else:
                good.append(((tier, zone), subnet))
    for ((tier, zone), one), ((other, its_zone), two) in combinations(good, 2):
        if one.overlaps(two):
            at = ("network", "subnets", other, "zones", its_zone)
            yield at, f"{two} overlaps {one} of subnet {tier} {zone}"


def _zones(network: Network, region: str) -> Iterator[Finding]:
    for tier, subnets in network.subnets.items():
        seen: dict[str, str] = {}
        for zone in subnets.zones:
            at = ("network", "subnets", tier, "zones", zone)
            full = zone_name(region, zone)
            if full[:-1] != region:
                yield at, f"the zone {zone} is not in the region {region}, allowed: {region}a or its letter"
            elif full in seen:
                yield at, f"is the same zone as {seen[full]}"
            seen[full] = zone


def _nat(network: Network, region: str) -> Iterator[Finding]:
    direct = direct_tiers(network)
    at = ("network", "nat")
    zones = nat_zones(network, region)
    if isinstance(network.nat.zones, tuple):
        public = {zone_name(region, z) for tier in direct for z in network.subnets[tier].zones}
        for index, zone in enumerate(network.nat.zones):
            if zone_name(region, zone) not in public:
                yield (*at, "zones", index), f"there is no public subnet in zone {zone} for a NAT gateway to stand in"
    elif network.nat.zones != "none" and not direct:
        yield at, "a NAT gateway needs a tier of subnets that reaches the internet directly, such as public"
    for tier, subnets in network.subnets.items():
        if subnets.internet == "nat" and not zones:
            yield ("network", "subnets", tier, "internet"), "there is no NAT gateway, allowed: none, or a network.nat"
    if zones and not any(reaches(network, tier) == "nat" for tier in network.subnets):
        yield at, "no tier of subnets uses the NAT gateways, allowed: none"


def _endpoints(network: Network) -> Iterator[Finding]:
    endpoints = network.endpoints
    at = ("network", "endpoints")
    for index, service in enumerate(endpoints.services):
        if service in endpoints.services[:index]:
            yield (*at, "services", index), f"{service} is listed twice"
    if any(s not in GATEWAY_SERVICES for s in endpoints.services) and endpoints.subnets not in network.subnets:
        yield (*at, "subnets"), unknown("tier of subnets", endpoints.subnets, network.subnets)
    if endpoints.security_group not in {"endpoints", *network.security_groups}:
        yield (*at, "security_group"), unknown("security group", endpoints.security_group, network.security_groups)
