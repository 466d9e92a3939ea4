"""Simulated requests: a steady rate to every rule that the public reaches, each with a fate of its own.

They are counted, not made. Between two things that happen in the world nothing changes, so all requests of that span
are shared out at once among what can become of them: whole parts by share, and the rest drawn with a seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.sandbox.world.traffic.ledger import MINUTE, Fate, Ledger

if TYPE_CHECKING:
    from orchestrator.sandbox.world.traffic.backends import Backends
    from orchestrator.sandbox.world.world import World

RATE = 60.0
"""Requests a minute to each rule, unless told otherwise."""
PUBLIC_PORTS = (80, 443)
_UNASKED = ("http-header", "query-string", "http-request-method", "source-ip")
"""Conditions that ordinary requests do not meet, as those of a rule for tests."""


@dataclass(frozen=True)
class Way:
    """A rule that forwards, and to what."""

    balancer: str
    rule: str
    groups: tuple[tuple[str, int], ...]


class Traffic:
    """Makes time pass for whoever uses the services, and keeps the ledger."""

    def __init__(self, world: World, rate: float = RATE, seed: int = 0) -> None:
        self._world = world
        self._seed = seed
        self.rate = rate
        self.reset()

    def reset(self) -> None:
        """Nobody has asked for anything yet; the rate stays."""
        self.ledger = Ledger()
        self.random = random.Random(self._seed)
        self._begun: dict[str, float] = {}

    def flow(self, since: float, until: float) -> None:
        """Make the requests of a span of time in which nothing else happens."""
        if not self.rate:
            return
        from moto.elbv2.models import elbv2_backends

        for account in list(elbv2_backends.values()):
            for backend in list(account.values()):
                self._flow(backend, since, until)

    def _flow(self, backend: Any, since: float, until: float) -> None:
        from orchestrator.sandbox.world.traffic.backends import Backends

        ways = list(public_ways(backend))
        if not ways:
            return
        backends = Backends(self._world, backend.account_id, backend.region_name)
        for way in ways:
            if way.rule in self._begun or self._begins(way):
                self._ask(way, backends, since, until)

    def _begins(self, way: Way) -> bool:
        """Nobody asks for a service before it has been there once."""
        elb = self._world.elb
        there = any(elb.health(target).state == "healthy" for arn, _ in way.groups for target in elb.of_group(arn))
        if there:
            self._begun[way.rule] = 0.0
        return there

    def _ask(self, way: Way, backends: Backends, since: float, until: float) -> None:
        outcomes = None
        for start, end in minutes(since, until):
            due = self._begun[way.rule] + self.rate * (end - start) / MINUTE
            self._begun[way.rule] = due % 1
            if due < 1:
                continue
            outcomes = outcomes or backends.outcomes(way.groups)
            for (group, answer), number in zip(outcomes, self._shared_out(int(due), outcomes), strict=True):
                if number:
                    self.ledger.add(start, Fate(way.balancer, way.rule, group, answer), number)

    def _shared_out(self, number: int, outcomes: Mapping[Any, float]) -> Sequence[int]:
        exact = [number * share for share in outcomes.values()]
        whole = [int(part) for part in exact]
        rest = number - sum(whole)
        if rest:
            left = [part - taken for part, taken in zip(exact, whole, strict=True)]
            for index in self.random.choices(range(len(left)), left, k=rest):
                whole[index] += 1
        return whole


def minutes(since: float, until: float) -> Iterator[tuple[float, float]]:
    """The parts of a span of time that lie in one minute each."""
    while since < until:
        end = min(until, since - since % MINUTE + MINUTE)
        yield since, end
        since = end


def public_ways(backend: Any) -> Iterator[Way]:
    """The rules of active balancers that anybody's requests can meet."""
    from orchestrator.sandbox.world.elb.usage import forwarded

    for balancer in backend.load_balancers.values():
        if balancer.state != "active":
            continue
        for listener in balancer.listeners.values():
            if int(listener.port) not in PUBLIC_PORTS:
                continue
            for rule in listener.rules.values():
                groups = forwarded(rule.actions)
                if groups and not any(each.get("Field") in _UNASKED for each in rule.conditions):
                    yield Way(balancer.arn, rule.arn, groups)
