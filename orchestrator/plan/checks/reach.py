"""Security groups: rules that AWS takes, and whether they let the load balancer reach the services at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.plan.checks.finding import Finding, unknown
from orchestrator.plan.checks.network import range_of
from orchestrator.plan.model.network import Egress, Ingress, SecurityGroup
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.topology import found_by_name, peers, port_ranges, security_groups

MOST_RULES = 60


def check_reach(plan: Plan) -> Iterator[Finding]:
    """Every rule by itself, and the way from the load balancer to the tasks."""
    if plan.network is None:
        return
    groups = security_groups(plan)
    for name, group in plan.network.security_groups.items():
        at = ("network", "security_groups", name)
        if name.startswith("sg-"):
            yield at, "begins with sg-, which AWS keeps for ids"
        sides: dict[str, tuple[Ingress | Egress, ...]] = {"ingress": group.ingress, "egress": group.egress or ()}
        for side, rules in sides.items():
            for index, rule in enumerate(rules):
                yield from (((*at, side, index, *path), text) for path, text in _rule(rule, groups))
            count = sum(len(port_ranges(r.ports)) * len(_peers(r)) for r in rules)
            if count > MOST_RULES:
                yield (*at, side), f"found {count} rules, a security group takes {MOST_RULES}"
    yield from _reachable(plan, groups)


def _peers(rule: Ingress | Egress) -> tuple[str, ...]:
    return peers(rule.from_ if isinstance(rule, Ingress) else rule.to)


def _rule(rule: Ingress | Egress, groups: Mapping[str, SecurityGroup]) -> Iterator[Finding]:
    side = "from" if isinstance(rule, Ingress) else "to"
    for peer in _peers(rule):
        if "/" in peer:
            range_ = range_of(peer)
            if isinstance(range_, str):
                yield (side,), range_
        elif peer not in groups:
            yield (side,), unknown("security group", peer, groups)
    for low, high in port_ranges(rule.ports):
        if not 0 <= low <= high <= 65535:
            yield ("ports",), f"found {low}-{high}, allowed: from the lower port to the higher, up to 65535"
    if rule.protocol in ("icmp", "all") and rule.ports != "all":
        yield ("ports",), f"the protocol {rule.protocol} has no ports, allowed: all"


def _reachable(plan: Plan, groups: Mapping[str, SecurityGroup]) -> Iterator[Finding]:
    for name, service in plan.services.items():
        if service.port is None:
            continue
        carried = ", ".join(service.security_groups)
        rules = [rule for g in service.security_groups if g in groups for rule in groups[g].ingress]
        open_to = [rule for rule in rules if _takes(rule, service.port)]
        at = ("services", name, "port")
        if service.balanced and plan.entry is not None:
            if not any(_lets_in(rule, plan.entry.security_groups) for rule in open_to):
                source = ", ".join(plan.entry.security_groups)
                yield at, f"no rule of security group {carried} lets {service.port} in from {source}"
        elif found_by_name(plan, service) and not open_to:
            yield at, f"it is found by name, but no rule of security group {carried} lets {service.port} in"
    yield from _testable(plan, groups)


def _testable(plan: Plan, groups: Mapping[str, SecurityGroup]) -> Iterator[Finding]:
    if plan.entry is None:
        return
    carried = plan.entry.security_groups
    rules = [rule for g in carried if g in groups for rule in groups[g].ingress]
    for name, service in plan.services.items():
        port = service.test.port if service.balanced and service.test else None
        if port and not any(_takes(rule, port) for rule in rules):
            yield ("services", name, "test", "port"), f"no rule of security group {', '.join(carried)} lets {port} in"


def _takes(rule: Ingress, port: int) -> bool:
    return rule.protocol in ("tcp", "all") and any(low <= port <= high for low, high in port_ranges(rule.ports))


def _lets_in(rule: Ingress, sources: tuple[str, ...]) -> bool:
    return any("/" in peer or peer in sources for peer in peers(rule.from_))
