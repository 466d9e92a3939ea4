"""What is read off things as time passes: how many targets are healthy, how many tasks run and what memory they use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.elbv2.models import elbv2_backends

from orchestrator.sandbox.world.elb.usage import balancers_by_group
from orchestrator.sandbox.world.metrics.distribution import Distribution
from orchestrator.sandbox.world.probe import HEALTHY, UNHEALTHY
from orchestrator.sandbox.world.traffic.ledger import MINUTE, REMEMBERED
from orchestrator.sandbox.world.traffic.traffic import minutes

if TYPE_CHECKING:
    from orchestrator.sandbox.world.ecs.model import Service
    from orchestrator.sandbox.world.world import World


@dataclass
class Hosts:
    """The targets of a group behind a balancer in one minute, by how long there were how many."""

    healthy: Distribution = field(default_factory=Distribution)
    unhealthy: Distribution = field(default_factory=Distribution)


@dataclass
class Usage:
    """The running tasks of a service in one minute."""

    seconds: float = 0.0
    """For how long tasks ran, all of them together."""
    memory: Distribution = field(default_factory=Distribution)


@dataclass
class Minute:
    """All readings of one minute: by balancer and group, both as ARNs, and by account, region, cluster and service."""

    hosts: dict[tuple[str, str], Hosts] = field(default_factory=dict)
    usage: dict[tuple[str, str, str, str], Usage] = field(default_factory=dict)


class Gauges:
    """Reads everything whenever time passes in which nothing changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._minutes: dict[float, Minute] = {}

    def at(self, minute: float) -> Minute:
        """The readings of the minute that begins then."""
        return self._minutes.get(minute) or Minute()

    def read(self, since: float, until: float) -> None:
        """Read everything for a span of time."""
        hosts, services = list(self._hosts()), list(self._services())
        for start, end in minutes(since, until):
            minute = self._minute(start - start % MINUTE)
            for place, states in hosts:
                read = minute.hosts.setdefault(place, Hosts())
                read.healthy.add(states[HEALTHY], end - start)
                read.unhealthy.add(states[UNHEALTHY], end - start)
            for service in services:
                self._use(minute, service, start, end - start)

    def _hosts(self) -> Any:
        for account in list(elbv2_backends.values()):
            for backend in list(account.values()):
                for group, balancers in balancers_by_group(backend).items():
                    targets = self._world.elb.of_group(group)
                    states = Counter(self._world.elb.health(target).state for target in targets)
                    for balancer in balancers:
                        if balancer.state == "active":
                            yield (balancer.arn, group), states

    def _services(self) -> Any:
        from moto.ecs.models import ecs_backends

        for account in list(ecs_backends.values()):
            for backend in list(account.values()):
                yield from (service for service in backend.services.values() if service.tasks)

    def _use(self, minute: Minute, service: Service, at: float, seconds: float) -> None:
        place = (service.account, service.region, service.cluster_name, service.name)
        for task in service.tasks:
            if task.last_status == "RUNNING":
                usage = minute.usage.setdefault(place, Usage())
                usage.seconds += seconds
                usage.memory.add(round(self._world.ecs.lifecycle.memory(task, at), 1), seconds)

    def _minute(self, start: float) -> Minute:
        if start not in self._minutes:
            self._minutes[start] = Minute()
            while (oldest := next(iter(self._minutes))) < start - REMEMBERED:
                del self._minutes[oldest]
        return self._minutes[start]
