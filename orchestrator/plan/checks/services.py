"""The services: sizes that Fargate has, bounds that fit, references that lead somewhere, and no secrets in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from orchestrator.plan.checks.finding import Finding, unknown
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.model.services import Service
from orchestrator.plan.topology import security_groups

MEMORY = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
LONGEST_CONTAINER_CHECK = 60
_SECRET_NAME = re.compile(r"PASSW(OR)?D|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]+:[^/\s@]+@")
_SECRET_STORES = ("secretsmanager", "ssm")


def check_services(plan: Plan) -> Iterator[Finding]:
    """Every service by itself, and what they need of each other."""
    if plan.services and plan.network is None:
        yield ("services",), "need a network to run in: add network"
    if plan.delivery is not None and not plan.services:
        yield ("delivery",), "there is nothing to deliver: add services"
    for name, service in plan.services.items():
        at = ("services", name)
        yield from (((*at, *path), text) for path, text in _service(service))
        yield from (((*at, *path), text) for path, text in _references(plan, name, service))
        yield from (((*at, *path), text) for path, text in _discovery(plan, service))
    yield from _circles(plan)


def _service(service: Service) -> Iterator[Finding]:
    if service.memory not in MEMORY[service.cpu]:
        sizes = MEMORY[service.cpu]
        step = "" if service.cpu == 256 else f" in steps of {sizes[1] - sizes[0]}"
        allowed = ", ".join(map(str, sizes)) if service.cpu == 256 else f"{sizes[0]} to {sizes[-1]}{step}"
        yield (
            ("memory",),
            f"found {service.memory}, which Fargate does not have with cpu {service.cpu}, allowed: {allowed}",
        )
    if service.health.timeout >= service.health.interval:
        yield (
            ("health", "timeout"),
            f"found {service.health.timeout}, allowed: less than the interval of {service.health.interval}",
        )
    if service.health.command and service.health.timeout > LONGEST_CONTAINER_CHECK:
        yield (
            ("health", "timeout"),
            f"found {service.health.timeout}, allowed: at most {LONGEST_CONTAINER_CHECK} for a check in the container",
        )
    if service.balanced and service.port is None:
        yield ("port",), "missing, needed: the port that the load balancer sends requests to"
    yield from _counts(service)
    yield from _alarms(service)
    yield from _environment(service)


def _counts(service: Service) -> Iterator[Finding]:
    scaling = service.scaling
    if scaling is None:
        return
    if service.tasks is not None:
        yield ("tasks",), "is stated beside scaling, which decides it: state one of them"
    if scaling.min > scaling.max:
        yield ("scaling", "min"), f"found {scaling.min}, allowed: at most max, which is {scaling.max}"
    if scaling.min < scaling.max and scaling.cpu is None and scaling.memory is None and scaling.requests is None:
        yield ("scaling",), "nothing moves the number between min and max: add cpu, memory or requests"
    if scaling.requests is not None and not service.balanced:
        yield ("scaling", "requests"), "counts the load balancer's requests, but the service has no paths"


def _alarms(service: Service) -> Iterator[Finding]:
    for what in ("requests", "errors", "latency"):
        if getattr(service.alarms, what) is not None and not service.balanced:
            yield ("alarms", what), "is measured by the load balancer, but the service has no paths"


def _discovery(plan: Plan, service: Service) -> Iterator[Finding]:
    if not service.discovery:
        return
    if plan.network is None or plan.network.namespace is None:
        yield ("discovery",), "there is no namespace to be found in: add network.namespace"
    elif service.port is None:
        yield ("discovery",), "is found by others, but listens on no port: add port"
    elif service.balanced and service.strategy.type != "rolling":
        yield (
            ("discovery",),
            "while a release takes over both sides would answer to the name, allowed: the load balancer, or rolling",
        )


def _environment(service: Service) -> Iterator[Finding]:
    for name, value in service.env.items():
        if _SECRET_NAME.search(name) or _SECRET_VALUE.search(str(value)):
            yield ("env", name), "looks like a secret: put it into Secrets Manager and its ARN under secrets"
        if name in service.secrets:
            yield ("secrets", name), "is also in env, state it once"
    for name, arn in service.secrets.items():
        store = arn.split(":")[2]
        if store not in _SECRET_STORES:
            yield ("secrets", name), f"found an ARN of {store}, allowed: one of secretsmanager, or ssm for a parameter"


def _references(plan: Plan, name: str, service: Service) -> Iterator[Finding]:
    for index, need in enumerate(service.needs):
        if need == name:
            yield ("needs", index), "a service cannot need itself"
        elif need not in plan.services:
            yield ("needs", index), unknown("service", need, plan.services.keys() - {name})
    if plan.network is None:
        return
    if service.subnets not in plan.network.subnets:
        yield ("subnets",), unknown("tier of subnets", service.subnets, plan.network.subnets)
    groups = security_groups(plan)
    for index, group in enumerate(service.security_groups):
        if group not in groups:
            yield ("security_groups", index), unknown("security group", group, groups)


def _circles(plan: Plan) -> Iterator[Finding]:
    needs = {name: [n for n in s.needs if n in plan.services and n != name] for name, s in plan.services.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        yield ("services", circle[0], "needs"), f"services need each other in a circle: {' -> '.join(circle)}"
