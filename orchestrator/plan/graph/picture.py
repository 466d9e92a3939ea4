"""What there is to see in a compiled plan: the parts that a person thinks in, not every resource.

All drawings are made from this one picture, so they show the same system.
"""

from __future__ import annotations

import dataclasses as dc
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.core.values import Ref
from orchestrator.kinds.discovery import DiscoveryService, Namespace
from orchestrator.kinds.ec2.endpoints import GatewayEndpoint, InterfaceEndpoint
from orchestrator.kinds.ec2.gateways import InternetGateway, NatGateway
from orchestrator.kinds.ec2.routes import RouteTable
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.kinds.elbv2.balancers import LoadBalancer
from orchestrator.kinds.elbv2.listeners import Https, Listener
from orchestrator.kinds.elbv2.rules import ListenerRule
from orchestrator.plan.compile import Compiled, ServicePlan

T = TypeVar("T", bound=Resource)

# Shown by what they belong to, or by nobody: they say how the parts are joined, not what there is.
_FOLDED = frozenset(
    {
        "vpc", "subnet", "internet-gateway", "nat-gateway", "elastic-ip", "route-table", "security-group",
        "interface-endpoint", "gateway-endpoint", "load-balancer", "listener", "listener-rule", "target-group",
        "cluster", "scalable-target", "scaling-policy", "repository", "log-group", "role", "alarm",
        "codecommit-repository", "codebuild-project", "codepipeline", "event-rule", "trail",
        "namespace", "discovery-service",
    }
)  # fmt: skip


@dc.dataclass(frozen=True)
class Place:
    """A subnet: its name and range, and whether a NAT gateway stands in it."""

    name: str
    cidr: str
    nat: bool


@dc.dataclass(frozen=True)
class Tier:
    """Subnets of one role, by zone letter, and the services that run in them."""

    name: str
    reach: str
    places: Mapping[str, Place]
    services: tuple[Service, ...]
    balanced: bool
    """Whether the load balancer stands here."""


@dc.dataclass(frozen=True)
class Service:
    """A service as it is shown."""

    name: str
    port: int | None
    routes: tuple[str, ...]
    host: str
    """Its full name inside the network; empty when it has none."""
    size: str
    count: str
    needs: tuple[str, ...]


@dc.dataclass(frozen=True)
class Picture:
    """The system."""

    stack: str
    region: str
    vpc: str
    tiers: tuple[Tier, ...]
    zones: tuple[str, ...]
    internet: bool
    balancer: tuple[str, ...]
    """The load balancer's listeners; empty when there is none."""
    endpoints: tuple[str, ...]
    delivery: tuple[tuple[str, str], ...]
    """The stations from push to running: what and which."""
    repositories: tuple[str, ...]
    log_groups: tuple[str, ...]
    alarms: int
    roles: tuple[str, ...]
    trail: bool
    others: tuple[tuple[str, int], ...]
    """Kinds of all else, and how many there are of each."""
    resources: int


def picture(compiled: Compiled) -> Picture:
    """The parts of a system worth drawing."""
    found = _Found(compiled.resources)
    delivery = [(label, name) for kind, label in _STATIONS for name in found.names(kind)]
    return Picture(
        stack=compiled.context.stack,
        region=compiled.context.region,
        vpc=next((v.cidr for v in found.all(Vpc)), ""),
        tiers=tuple(_tiers(found, compiled.services)),
        zones=tuple(sorted({s.zone[-1] for s in found.all(Subnet)})),
        internet=bool(found.all(InternetGateway)),
        balancer=tuple(_listener(one) for one in sorted(found.all(Listener), key=lambda x: -x.port)),
        endpoints=tuple(_service_name(e) for kind in _ENDPOINTS for e in found.all(kind)),
        delivery=tuple(delivery),
        repositories=found.names("repository"),
        log_groups=found.names("log-group"),
        alarms=len(found.names("alarm")),
        roles=found.names("role"),
        trail=bool(found.names("trail")),
        others=tuple(sorted(Counter(r.kind for r in compiled.resources if r.kind not in _FOLDED).items())),
        resources=len(compiled.resources),
    )


_ENDPOINTS: tuple[type[InterfaceEndpoint | GatewayEndpoint], ...] = (InterfaceEndpoint, GatewayEndpoint)
_STATIONS = (
    ("codecommit-repository", "CodeCommit"),
    ("event-rule", "EventBridge"),
    ("codepipeline", "CodePipeline"),
    ("codebuild-project", "CodeBuild"),
)


class _Found:
    """Resources by kind."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = tuple(resources)

    def all(self, kind: type[T]) -> list[T]:
        return [r for r in self.resources if isinstance(r, kind)]

    def names(self, kind: str) -> tuple[str, ...]:
        return tuple(getattr(r, "aws_name", r.name) for r in self.resources if r.kind == kind)


def _tiers(found: _Found, services: Iterable[ServicePlan]) -> Iterable[Tier]:
    ways = {_to(s): {_to(r.via) for r in table.routes} for table in found.all(RouteTable) for s in table.subnets}
    with_nat = {_to(nat.subnet) for nat in found.all(NatGateway)}
    under = {_to(link) for balancer in found.all(LoadBalancer) for link in balancer.subnets}
    rules = {rule.name: rule for rule in found.all(ListenerRule)}
    domains = {n.address: n.domain for n in found.all(Namespace)}
    hosts = {d.name: f"{d.host}.{domains.get(to, to)}" for d in found.all(DiscoveryService) if (to := _to(d.namespace))}
    tiers: dict[str, dict[str, Subnet]] = {}
    for subnet in found.all(Subnet):
        tiers.setdefault(subnet.name.rpartition("-")[0], {})[subnet.zone[-1]] = subnet
    for tier, subnets in tiers.items():
        here = {s.address for s in subnets.values()}
        first = next(iter(subnets.values()))
        inside = (_service(s, rules.get(s.name), hosts.get(s.name, "")) for s in services if _stands_in(s, here))
        yield Tier(
            name=tier,
            reach=_reach({to.kind for to in ways.get(first.address, ()) if to}),
            places={z: Place(s.name, s.cidr, s.address in with_nat) for z, s in sorted(subnets.items())},
            services=tuple(sorted(inside, key=lambda s: not s.routes)),
            balanced=bool(under & here),
        )


def _reach(ways: set[str]) -> str:
    if InternetGateway.kind in ways:
        return "to and from the internet"
    return "out through NAT" if NatGateway.kind in ways else "no way to the internet"


def _stands_in(service: ServicePlan, subnets: set[Address]) -> bool:
    side = next(iter(service.colours.values())).service
    return any(_to(link) in subnets for link in side.subnets)


def _service(planned: ServicePlan, rule: ListenerRule | None, host: str) -> Service:
    definition = planned.task_definition
    container = definition.containers[planned.name]
    routes = sorted(v for c in rule.conditions for v in c.values) if rule else []
    count = f"{planned.min}–{planned.max} tasks" if planned.max > planned.min else f"{planned.min} tasks"
    return Service(
        name=planned.name,
        port=next(iter(container.ports), None),
        routes=tuple(routes),
        host=host,
        size=f"{definition.cpu / 1024:g} vCPU · {_memory(definition.memory)}",
        count=count,
        needs=tuple(sorted(planned.needs)),
    )


def _memory(mib: int) -> str:
    return f"{mib / 1024:g} GB" if mib >= 1024 else f"{mib} MB"


def _listener(listener: Listener) -> str:
    return f"HTTPS {listener.port}" if isinstance(listener.protocol, Https) else f"HTTP {listener.port}"


def _service_name(endpoint: InterfaceEndpoint | GatewayEndpoint) -> str:
    return endpoint.service.split(".", 3)[3]


def _to(link: Any) -> Address | None:
    return link.to if isinstance(link, Ref) else None
