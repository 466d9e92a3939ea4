"""The whole plan: every section compiled in the order in which they lean on each other, then named and tagged."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from typing import TypeVar

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.kinds.base import Named
from orchestrator.kinds.catalogue import KINDS
from orchestrator.plan.compile.context import Context
from orchestrator.plan.compile.delivery import Deployed, compile_delivery
from orchestrator.plan.compile.entry import Entry, compile_entry
from orchestrator.plan.compile.images import cluster, log_group, repository
from orchestrator.plan.compile.network import Network, compile_network
from orchestrator.plan.compile.operations import compile_trail
from orchestrator.plan.compile.roles import compile_task_roles
from orchestrator.plan.compile.services import ServicePlan, Surroundings, compile_service
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.resources.build import Wrong, build
from orchestrator.plan.topology import found_by_name, priorities, test_ports, test_priorities

R = TypeVar("R", bound=Resource)


@dc.dataclass(frozen=True)
class Compiled:
    """What the reconciler keeps, and what rollouts deploy. What follows the colour with the traffic is in both."""

    resources: tuple[Resource, ...]
    services: tuple[ServicePlan, ...]
    context: Context


def compile_plan(plan: Plan, context: Context) -> Compiled:
    """The resources and services of a plan. Pure: the same plan in the same context compiles to equal values."""
    network = compile_network(plan, plan.network, context) if plan.network else None
    entry = compile_entry(plan.entry, test_ports(plan.services), network, context) if plan.entry and network else None
    found: list[Resource] = [*(network.resources if network else ()), *(entry.resources if entry else ())]
    services: list[ServicePlan] = []
    if network is not None and plan.services:
        kept, services = _services(plan, network, entry, context)
        found += kept
    if plan.operations.trail:
        found += compile_trail(context)
    found += _others(plan, context)
    stamp = _Stamp(plan, context.stack)
    return Compiled(tuple(map(stamp, found)), tuple(stamp.service(s) for s in services), context)


def _services(
    plan: Plan, network: Network, entry: Entry | None, context: Context
) -> tuple[list[Resource], list[ServicePlan]]:
    where = cluster(plan, context)
    repositories = {name: repository(name, plan.images, context) for name in plan.services}
    log_groups = {name: log_group(name, plan.operations, context) for name in plan.services}
    roles = compile_task_roles(plan, context, list(repositories.values()), list(log_groups.values()))
    around = Surroundings(
        context=context,
        network=network,
        entry=entry,
        cluster=where,
        execution=roles.execution,
        tasks=roles.tasks,
        log_groups=log_groups,
        repositories=repositories,
        priorities=priorities(plan.services),
        test_priorities=test_priorities(plan.services),
        discovered=frozenset(name for name, service in plan.services.items() if found_by_name(plan, service)),
    )
    compiled = {name: compile_service(name, service, around) for name, service in plan.services.items()}
    services = [service for _, service in compiled.values()]
    kept = [resource for resources, _ in compiled.values() for resource in resources]
    found: list[Resource] = [*repositories.values(), *log_groups.values(), *roles.resources, where, *kept]
    if plan.delivery is not None:
        deployed = Deployed(
            cluster=where,
            services=tuple(services),
            repositories=tuple(repositories.values()),
            roles=roles.resources,
            address=entry.url() if entry else None,
        )
        found += compile_delivery(plan.delivery, plan, deployed, context)
    return found, services


def _others(plan: Plan, context: Context) -> Iterator[Resource]:
    for text, written in plan.resources.items():
        try:
            yield build(Address.parse(text), written, context.name)
        except Wrong as wrong:
            at = ("resources", text, *wrong.path)
            raise Wrong(at, wrong.text, about_name=wrong.about_name) from None


@dc.dataclass(frozen=True)
class _Stamp:
    """Puts the plan's tags on everything that takes any, and a name where AWS shows none otherwise."""

    plan: Plan
    stack: str

    def __call__(self, resource: R) -> R:
        if not KINDS[resource.kind].tagged:
            return resource
        name = {} if isinstance(resource, Named) else {"Name": f"{self.stack}-{resource.name}"}
        return dc.replace(resource, tags={**name, **self.plan.tags, **resource.tags})

    def service(self, service: ServicePlan) -> ServicePlan:
        colours = {c: dc.replace(side, service=self(side.service)) for c, side in service.colours.items()}
        following = {c: tuple(map(self, resources)) for c, resources in service.following.items()}
        return dc.replace(service, task_definition=self(service.task_definition), colours=colours, following=following)
