"""What a plan's network and routing amount to once its defaults are applied; checks and compiler must agree on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from orchestrator.plan.model.network import Ingress, Network, SecurityGroup
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.model.services import Service

GATEWAY_SERVICES = ("s3", "dynamodb")
PRIORITY_STEP = 100
LAST_PRIORITY = 50000
EVERYTHING = ("/*", "*")
ANYWHERE = "0.0.0.0/0"


def zone_name(region: str, zone: str) -> str:
    """A zone's full name from its letter; a full name stays."""
    return f"{region}{zone}" if len(zone) == 1 else zone


def letter(zone: str) -> str:
    """A zone's letter."""
    return zone[-1]


def direct_tiers(network: Network) -> tuple[str, ...]:
    """The tiers whose subnets are public."""
    return tuple(tier for tier in network.subnets if reaches(network, tier) == "direct")


def reaches(network: Network, tier: str) -> Literal["direct", "nat", "none"]:
    """How a tier reaches the internet."""
    stated = network.subnets[tier].internet
    if stated is not None:
        return stated
    if tier == "public":
        return "direct"
    return "none" if network.nat.zones in ("none", ()) else "nat"


def nat_zones(network: Network, region: str) -> tuple[str, ...]:
    """Full names of the zones that have a NAT gateway."""
    direct = [t for t in network.subnets if network.subnets[t].internet == "direct" or t == "public"]
    public = [zone_name(region, z) for tier in direct for z in network.subnets[tier].zones]
    if isinstance(network.nat.zones, tuple):
        return tuple(zone_name(region, z) for z in network.nat.zones)
    if network.nat.zones == "none" or not public:
        return ()
    return tuple(public[:1]) if network.nat.zones == "single" else tuple(dict.fromkeys(public))


def priorities(services: Mapping[str, Service]) -> dict[str, int]:
    """The priority of every balanced service's rule: as stated, or 100 apart in order of the file.

    The rule that takes everything comes last, wherever in the file it stands.
    """
    balanced = {name: service for name, service in services.items() if service.balanced}
    order = [name for name, service in balanced.items() if service.priority or not _takes_everything(service)]
    places = {name: PRIORITY_STEP * place for place, name in enumerate(order, start=1)}
    return {name: service.priority or places.get(name, LAST_PRIORITY) for name, service in balanced.items()}


def _takes_everything(service: Service) -> bool:
    return not service.hosts and any(path in EVERYTHING for path in service.paths)


def test_priorities(services: Mapping[str, Service]) -> dict[str, int]:
    """The priority of every rule that takes tests by a header: just before that of all requests."""
    places = priorities(services)
    return {n: places[n] - 1 for n, s in services.items() if n in places and s.test and s.test.header}


def test_ports(services: Mapping[str, Service]) -> tuple[int, ...]:
    """The load balancer's ports that are only for tests."""
    return tuple(sorted({s.test.port for s in services.values() if s.balanced and s.test and s.test.port}))


def found_by_name(plan: Plan, service: Service) -> bool:
    """Whether a service has a name in the network's namespace."""
    if plan.network is None or plan.network.namespace is None or service.port is None:
        return False
    return not service.balanced if service.discovery is None else service.discovery


def security_groups(plan: Plan) -> dict[str, SecurityGroup]:
    """The plan's security groups, with those that it takes for granted: alb, tasks and endpoints."""
    network = plan.network
    if network is None:
        return {}
    groups = dict(network.security_groups)
    if plan.entry is not None and "alb" in plan.entry.security_groups:
        groups.setdefault("alb", _allowing((80, 443), ANYWHERE))
    if any("tasks" in service.security_groups for service in plan.services.values()):
        groups.setdefault("tasks", _tasks(plan))
    if any(s not in GATEWAY_SERVICES for s in network.endpoints.services):
        groups.setdefault(network.endpoints.security_group, _allowing((443,), network.cidr))
    return groups


def _tasks(plan: Plan) -> SecurityGroup:
    """Balanced ports from the load balancer, the others from among the tasks."""
    ingress = []
    for source, ports in (("alb", _ports(plan, balanced=True)), ("tasks", _ports(plan, balanced=False))):
        if ports:
            ingress.append(Ingress.model_validate({"ports": ports, "from": source}))
    return SecurityGroup(ingress=tuple(ingress))


def _ports(plan: Plan, *, balanced: bool) -> tuple[int, ...]:
    used = [s for s in plan.services.values() if "tasks" in s.security_groups and s.balanced is balanced]
    return tuple(sorted({s.port for s in used if s.port is not None}))


def _allowing(ports: tuple[int, ...], source: str) -> SecurityGroup:
    return SecurityGroup(ingress=(Ingress.model_validate({"ports": ports, "from": source}),))


def port_ranges(ports: object) -> tuple[tuple[int, int], ...]:
    """Ports of a rule as ranges: a number, ``low-high``, ``all``, or several of them."""
    if isinstance(ports, tuple):
        return tuple(found for one in ports for found in port_ranges(one))
    if isinstance(ports, int):
        return ((ports, ports),)
    if ports == "all":
        return ((0, 65535),)
    low, _, high = str(ports).partition("-")
    return ((int(low), int(high)),)


def peers(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One peer or several, as several."""
    return (value,) if isinstance(value, str) else value
