"""How a service is reached: target groups and rules of the load balancer, and its name inside the network."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping

from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, Join
from orchestrator.kinds.discovery import DiscoveryService
from orchestrator.kinds.elbv2.actions import Forward, Target
from orchestrator.kinds.elbv2.conditions import Condition, header, hosts, paths
from orchestrator.kinds.elbv2.listeners import Listener
from orchestrator.kinds.elbv2.rules import ListenerRule
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.plan.compile.context import COLOURS, ColourName, Context
from orchestrator.plan.compile.entry import Entry
from orchestrator.plan.compile.network import Network
from orchestrator.plan.model.services import Service
from orchestrator.plan.names import target_group

ROLLOUT = "a rollout"
TEST = "test"


@dc.dataclass(frozen=True, kw_only=True)
class Routing:
    """The ways to a service. Both colours are always in the rule; which of them it reaches is a rollout's."""

    groups: Mapping[ColourName, TargetGroup]
    rule: ListenerRule | None = None
    test_rule: ListenerRule | None = None
    test_headers: Mapping[str, str] = dc.field(default_factory=dict)
    """What a gate's request carries: the host that the rule asks for, and what makes it a test."""
    url: str | Join = ""
    """Where gates ask."""
    name: DiscoveryService | None = None

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All that there is of it."""
        stated = (self.rule, self.test_rule, self.name)
        return (*self.groups.values(), *(resource for resource in stated if resource))


def compile_routing(
    name: str,
    wanted: Service,
    context: Context,
    network: Network,
    entry: Entry | None,
    *,
    priority: int | None,
    test_priority: int | None,
    discovered: bool,
) -> Routing:
    """The ways to one service; none but its name to one that the load balancer does not reach."""
    found = None
    if discovered and network.namespace:
        found = DiscoveryService(name=name, host=name, namespace=network.namespace.out())
    if not wanted.balanced or wanted.port is None or entry is None or priority is None:
        return Routing(groups={}, name=found)
    groups = _target_groups(name, wanted, wanted.port, network, context)
    active = context.active(name)
    shares = (Target(group.out("arn"), 100 if colour == active else 0) for colour, group in groups.items())
    rule = _rule(name, entry.listener, priority, _conditions(wanted), shares)
    host = {"Host": exact[0]} if (exact := [h for h in wanted.hosts if not set(h) & set("*?")]) else {}
    ways = Routing(groups=groups, rule=rule, test_headers=host, url=entry.url(), name=found)
    if wanted.test is None:
        return ways
    idle = (Target(group.out("arn"), 100) for colour, group in groups.items() if colour != active)
    if wanted.test.port:
        listener = entry.tests[wanted.test.port]
        test = _rule(f"{name}-{TEST}", listener, priority, _conditions(wanted), idle)
        return dc.replace(ways, test_rule=test, url=entry.url(wanted.test.port))
    mark, value = wanted.test.header or "", wanted.test.value
    asked = {*_conditions(wanted), header(mark, value)}
    test = _rule(f"{name}-{TEST}", entry.listener, test_priority or 1, asked, idle)
    return dc.replace(ways, test_rule=test, test_headers={**host, mark: value})


def _target_groups(
    name: str, wanted: Service, port: int, network: Network, context: Context
) -> dict[ColourName, TargetGroup]:
    health = wanted.health
    return {
        colour: TargetGroup(
            name=f"{name}-{colour}",
            aws_name=target_group(context.stack, name, colour, port, network.vpc.cidr),
            vpc=network.vpc.out(),
            port=port,
            health_path=health.path,
            health_interval=health.interval,
            health_timeout=health.timeout,
            healthy_threshold=health.healthy_threshold,
            unhealthy_threshold=health.unhealthy_threshold,
            matcher=health.codes,
            deregistration_delay=wanted.drain,
            attributes={"load_balancing.algorithm.type": wanted.spread},
        )
        for colour in COLOURS
    }


def _conditions(wanted: Service) -> set[Condition]:
    stated = {paths(*wanted.paths)} if wanted.paths else set()
    return stated | {hosts(*wanted.hosts)} if wanted.hosts else stated


def _rule(
    name: str, listener: Listener, priority: int, conditions: Iterable[Condition], targets: Iterable[Target]
) -> ListenerRule:
    return ListenerRule(
        name=name,
        listener=listener.out("arn"),
        priority=priority,
        conditions=frozenset(conditions),
        action=Initial(Forward(frozenset(targets)), ROLLOUT),
    )
