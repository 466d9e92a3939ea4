"""The load balancer: where it stands, what it carries, and whether its rules can be told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.plan.checks.finding import Finding, unknown
from orchestrator.plan.matching import matcher
from orchestrator.plan.model.plan import Entry, Plan
from orchestrator.plan.model.services import Service
from orchestrator.plan.topology import priorities, reaches, security_groups, test_priorities

MOST_CONDITIONS = 5
MOST_RULES = 100


def check_entry(plan: Plan) -> Iterator[Finding]:
    """Subnets, security groups and certificate; conditions and priorities of the rules."""
    balanced = {name: service for name, service in plan.services.items() if service.balanced}
    if plan.entry is None:
        for name in balanced:
            yield ("services", name, "paths"), "the plan has no load balancer to send requests here: add entry"
        if plan.delivery is not None and plan.delivery.verify:
            yield ("delivery", "verify"), "the plan has no load balancer to ask: add entry"
        return
    yield from _place(plan, plan.entry)
    yield from _certificate(plan.entry.certificate, plan.region)
    yield from _conditions(balanced)
    yield from _priorities(balanced)
    yield from _tests(plan.services, (80, 443) if plan.entry.certificate else (80,))
    yield from _shadowed(balanced)


def _place(plan: Plan, entry: Entry) -> Iterator[Finding]:
    network = plan.network
    if network is None:
        yield ("entry",), "needs a network to stand in: add network"
        return
    tier = network.subnets.get(entry.subnets)
    if tier is None:
        yield ("entry", "subnets"), unknown("tier of subnets", entry.subnets, network.subnets)
    else:
        if len(tier.zones) < 2:
            yield ("entry", "subnets"), f"{entry.subnets} is in one zone, a load balancer needs subnets in two"
        if entry.scheme == "internet-facing" and reaches(network, entry.subnets) != "direct":
            yield ("entry", "subnets"), f"{entry.subnets} is not reached from the internet, allowed: a public tier"
    known = security_groups(plan)
    for index, group in enumerate(entry.security_groups):
        if group not in known:
            yield ("entry", "security_groups", index), unknown("security group", group, known)


def _certificate(arn: str | None, region: str) -> Iterator[Finding]:
    if arn is None:
        return
    service, where = arn.split(":")[2:4]
    if service not in ("acm", "iam"):
        yield ("entry", "certificate"), f"found an ARN of {service}, allowed: one of acm"
    elif service == "acm" and where != region:
        yield (
            ("entry", "certificate"),
            f"the certificate is in {where}, a load balancer takes those of its region {region}",
        )


def _conditions(services: Mapping[str, Service]) -> Iterator[Finding]:
    if len(services) > MOST_RULES:
        yield ("services",), f"{len(services)} services have paths, a load balancer takes {MOST_RULES} rules"
    owner: dict[tuple[tuple[str, ...], str], str] = {}
    for name, service in services.items():
        count = len(service.paths) + len(service.hosts)
        if count > MOST_CONDITIONS:
            yield ("services", name, "paths"), f"found {count} paths and hosts, a rule takes {MOST_CONDITIONS}"
        for index, path in enumerate(service.paths):
            key = (tuple(sorted(service.hosts)), path)
            if key in owner:
                yield ("services", name, "paths", index), f"{path} is already sent to {owner[key]}"
            owner.setdefault(key, name)


def _priorities(services: Mapping[str, Service]) -> Iterator[Finding]:
    taken: dict[int, str] = {}
    for name, priority in priorities(services).items():
        if priority in taken:
            yield ("services", name, "priority"), f"the priority {priority} is also that of {taken[priority]}"
        taken[priority] = name
    for name, priority in test_priorities(services).items():
        at = ("services", name, "priority")
        if priority < 1:
            yield at, "found 1, allowed: 2 or more, because the test rule comes before it"
        elif priority in taken:
            yield at, f"the test rule comes before it, at {priority}, which is the priority of {taken[priority]}"


def _tests(services: Mapping[str, Service], serving: tuple[int, ...]) -> Iterator[Finding]:
    for name, service in services.items():
        test = service.test
        if test is None:
            continue
        at = ("services", name, "test")
        if (test.header is None) == (test.port is None):
            yield at, "allowed: exactly one of header and port"
        elif not service.balanced:
            yield at, "reaches a side behind the load balancer, but the service has no paths"
        elif test.port in serving:
            yield (*at, "port"), f"found {test.port}, which serves everybody, allowed: another port"
        elif test.header and len(service.paths) + len(service.hosts) >= MOST_CONDITIONS:
            yield at, f"a rule takes {MOST_CONDITIONS} paths, hosts and headers, allowed: one path fewer, or a port"


def _shadowed(services: Mapping[str, Service]) -> Iterator[Finding]:
    places = priorities(services)
    order = sorted(services, key=lambda name: places[name])
    for place, name in enumerate(order):
        for earlier in order[:place]:
            if _covers(services[earlier], services[name]) and not _same(services[earlier], services[name]):
                at = ("services", name, "paths")
                yield at, f"is never reached, {earlier} comes first and takes all of it: give this a lower priority"


def _same(one: Service, other: Service) -> bool:
    return bool(set(one.paths) & set(other.paths))


def _covers(one: Service, other: Service) -> bool:
    """Whether a rule matches whatever the other matches."""
    paths = not one.paths or (bool(other.paths) and _all_within(other.paths, one.paths))
    hosts = not one.hosts or (bool(other.hosts) and _all_within(other.hosts, one.hosts))
    return paths and hosts


def _all_within(patterns: tuple[str, ...], wider: tuple[str, ...]) -> bool:
    return all(any(matcher(w).fullmatch(p) for w in wider) for p in patterns)
