"""The network: VPC, subnets, the ways out of it, endpoints and security groups."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.core.values import Link, Ref
from orchestrator.kinds.discovery import Namespace
from orchestrator.kinds.ec2.endpoints import GatewayEndpoint, InterfaceEndpoint
from orchestrator.kinds.ec2.gateways import ElasticIp, InternetGateway, NatGateway
from orchestrator.kinds.ec2.routes import Route, RouteTable
from orchestrator.kinds.ec2.security_groups import EVERYWHERE, SELF, Rule, SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.plan.compile.context import Context
from orchestrator.plan.model import network as model
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.topology import (
    ANYWHERE,
    GATEWAY_SERVICES,
    direct_tiers,
    letter,
    nat_zones,
    peers,
    port_ranges,
    reaches,
    security_groups,
)


@dc.dataclass(frozen=True)
class Network:
    """The compiled network, with what services and load balancer refer to."""

    resources: tuple[Resource, ...]
    vpc: Vpc
    subnets: Mapping[str, tuple[Subnet, ...]]
    groups: Mapping[str, SecurityGroup]
    gateway: InternetGateway | None
    namespace: Namespace | None

    def subnet_links(self, tier: str) -> frozenset[Link[Subnet]]:
        """References to the subnets of a tier."""
        return frozenset(s.out() for s in self.subnets[tier])

    def group_links(self, names: tuple[str, ...]) -> frozenset[Link[SecurityGroup]]:
        """References to security groups by name."""
        return frozenset(self.groups[name].out() for name in names)


def compile_network(plan: Plan, wanted: model.Network, context: Context) -> Network:
    """Everything that the section ``network`` stands for."""
    vpc = Vpc(name="main", cidr=wanted.cidr)
    subnets = {tier: _subnets(wanted, tier, vpc, context) for tier in wanted.subnets}
    gateway = InternetGateway(name="main", vpc=vpc.out()) if direct_tiers(wanted) else None
    public = _public_tables(wanted, vpc, subnets, gateway)
    nats = _nats(wanted, subnets, gateway, public, context)
    private = tuple(_private_tables(wanted, vpc, subnets, nats))
    groups = {name: _group(name, group, vpc) for name, group in security_groups(plan).items()}
    endpoints = _endpoints(wanted, vpc, subnets, groups, private, context)
    addresses = (ElasticIp(name=f"nat-{zone}") for zone in nats)
    namespace = Namespace(name="main", domain=wanted.namespace, vpc=vpc.out()) if wanted.namespace else None
    every = (s for tier in subnets.values() for s in tier)
    ways_out = (*((gateway,) if gateway else ()), *public, *addresses, *nats.values(), *private)
    names = (namespace,) if namespace else ()
    found = (vpc, *every, *ways_out, *groups.values(), *endpoints, *names)
    return Network(found, vpc, subnets, groups, gateway, namespace)


def _subnets(wanted: model.Network, tier: str, vpc: Vpc, context: Context) -> tuple[Subnet, ...]:
    public = reaches(wanted, tier) == "direct"
    zones = wanted.subnets[tier].zones
    return tuple(
        Subnet(name=f"{tier}-{letter(z)}", vpc=vpc.out(), cidr=cidr, zone=context.zone(z), public=public)
        for z, cidr in zones.items()
    )


def _public_tables(
    wanted: model.Network, vpc: Vpc, subnets: Mapping[str, tuple[Subnet, ...]], gateway: InternetGateway | None
) -> tuple[RouteTable, ...]:
    if gateway is None:
        return ()
    out = frozenset({Route(ANYWHERE, gateway.out())})
    return tuple(
        RouteTable(name=tier, vpc=vpc.out(), routes=out, subnets=frozenset(s.out() for s in subnets[tier]))
        for tier in direct_tiers(wanted)
    )


def _nats(
    wanted: model.Network,
    subnets: Mapping[str, tuple[Subnet, ...]],
    gateway: InternetGateway | None,
    public: tuple[RouteTable, ...],
    context: Context,
) -> dict[str, NatGateway]:
    """A NAT gateway by zone letter. Without a route to the internet gateway it would be available and useless."""
    after = frozenset(r.address for r in (gateway, *public) if r is not None)
    found: dict[str, NatGateway] = {}
    for zone in nat_zones(wanted, context.region):
        stands_in = next(s for tier in direct_tiers(wanted) for s in subnets[tier] if s.zone == zone)
        name = letter(zone)
        address = ElasticIp(name=f"nat-{name}")
        found[name] = NatGateway(name=name, subnet=stands_in.out(), allocation=address.out(), after=after)
    return found


def _private_tables(
    wanted: model.Network, vpc: Vpc, subnets: Mapping[str, tuple[Subnet, ...]], nats: Mapping[str, NatGateway]
) -> Iterator[RouteTable]:
    """A table for each NAT gateway that a tier goes out through, and one for a tier that does not go out."""
    for tier in wanted.subnets:
        if reaches(wanted, tier) == "none":
            yield RouteTable(name=tier, vpc=vpc.out(), subnets=frozenset(s.out() for s in subnets[tier]))
        if reaches(wanted, tier) != "nat":
            continue
        through: dict[str, list[Subnet]] = {}
        for subnet in subnets[tier]:
            zone = letter(subnet.zone)
            through.setdefault(zone if zone in nats else next(iter(nats)), []).append(subnet)
        for zone, behind in through.items():
            name = f"{tier}-{zone}" if len(nats) > 1 else tier
            out = frozenset({Route(ANYWHERE, nats[zone].out())})
            yield RouteTable(name=name, vpc=vpc.out(), routes=out, subnets=frozenset(s.out() for s in behind))


def _group(name: str, wanted: model.SecurityGroup, vpc: Vpc) -> SecurityGroup:
    everything = frozenset({EVERYWHERE})
    return SecurityGroup(
        name=name,
        vpc=vpc.out(),
        description=wanted.description or f"{name}, by orchestrator",
        ingress=frozenset(rule for ingress in wanted.ingress for rule in _rules(name, ingress, ingress.from_)),
        egress=everything
        if wanted.egress is None
        else frozenset(rule for egress in wanted.egress for rule in _rules(name, egress, egress.to)),
    )


def _rules(group: str, rule: model.Ingress | model.Egress, others: str | tuple[str, ...]) -> Iterator[Rule]:
    for other in peers(others):
        for low, high in port_ranges(rule.ports):
            first, last = _ports(rule.protocol, low, high)
            yield Rule(_peer(group, other), rule.protocol, first, last, rule.description)


def _peer(group: str, other: str) -> Link[SecurityGroup]:
    if "/" in other:
        return other
    return SELF if other == group else Ref(Address(SecurityGroup.kind, other))


def _ports(protocol: str, low: int, high: int) -> tuple[int | None, int | None]:
    """As EC2 writes them: ICMP has types where the others have ports, and -1 is all of them."""
    if protocol == "all":
        return None, None
    return (-1, -1) if protocol == "icmp" else (low, high)


def _endpoints(
    wanted: model.Network,
    vpc: Vpc,
    subnets: Mapping[str, tuple[Subnet, ...]],
    groups: Mapping[str, SecurityGroup],
    private: tuple[RouteTable, ...],
    context: Context,
) -> tuple[GatewayEndpoint | InterfaceEndpoint, ...]:
    def endpoint(service: str) -> GatewayEndpoint | InterfaceEndpoint:
        name, full = service.replace(".", "-"), f"com.amazonaws.{context.region}.{service}"
        if service in GATEWAY_SERVICES:
            tables = frozenset(t.out() for t in private)
            return GatewayEndpoint(name=name, vpc=vpc.out(), service=full, tables=tables)
        return InterfaceEndpoint(
            name=name,
            vpc=vpc.out(),
            service=full,
            subnets=frozenset(s.out() for s in subnets[wanted.endpoints.subnets]),
            groups=frozenset({groups[wanted.endpoints.security_group].out()}),
        )

    return tuple(endpoint(service) for service in wanted.endpoints.services)
