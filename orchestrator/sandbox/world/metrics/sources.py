"""The metrics that AWS reports by itself, computed when somebody reads them from the ledger of requests and the gauges.

A minute shows once it is over. As on AWS, counts of answers are there only where there is something to count, counts
of requests always; a service without tasks reports nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.sandbox.world.metrics.distribution import Distribution
from orchestrator.sandbox.world.traffic.ledger import MINUTE, Fate

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World

Series = dict[float, Distribution]
"""What was measured, by the instant at which each span begins."""
CPU_AT_REST = 5.0
CPU_A_REQUEST = 0.02
"""Percent of its CPU that a task uses for one request a minute."""
_SPREAD = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1, 1.3, 1.8)
"""How the times of answers that take 1 on average are spread, a tenth each."""
UNITS = {
    "CPUUtilization": "Percent",
    "MemoryUtilization": "Percent",
    "TargetResponseTime": "Seconds",
}


@dataclass(frozen=True)
class Scope:
    """The account and region that metrics are read in, and what of the world is read."""

    world: World
    account: str
    region: str

    def minutes(self, start: float, end: float) -> Iterator[float]:
        """The minutes that begin in a span and are over."""
        minute = start - start % -MINUTE
        while minute < end and minute + MINUTE <= self.world.now():
            yield minute
            minute += MINUTE

    def owns(self, arn: str) -> bool:
        """Whether something belongs to this account and region."""
        return f":{self.region}:{self.account}:" in arn


def ecs(scope: Scope, name: str, dimensions: Mapping[str, str], start: float, end: float) -> Series:
    """``AWS/ECS``, by cluster and service."""
    if set(dimensions) != {"ClusterName", "ServiceName"} or name not in ("CPUUtilization", "MemoryUtilization"):
        return {}
    place = (scope.account, scope.region, dimensions["ClusterName"], dimensions["ServiceName"])
    service = f"{dimensions['ClusterName']}/{dimensions['ServiceName']}"
    series: Series = {}
    for minute in scope.minutes(start, end):
        usage = scope.world.gauges.at(minute).usage.get(place)
        if usage is None or not usage.seconds:
            continue
        if name == "MemoryUtilization":
            series[minute] = usage.memory
            continue
        asked = sum(number for fate, number in _fates(scope, minute) if fate.answer.service == service)
        busy = CPU_AT_REST + CPU_A_REQUEST * asked * MINUTE / usage.seconds
        series[minute] = Distribution([(min(100.0, busy), usage.seconds / MINUTE)])
    return series


def alb(scope: Scope, name: str, dimensions: Mapping[str, str], start: float, end: float) -> Series:
    """``AWS/ApplicationELB``, by balancer, by group, or by both."""
    wanted = _Place(dimensions.get("LoadBalancer"), dimensions.get("TargetGroup"))
    if not dimensions or set(dimensions) - {"LoadBalancer", "TargetGroup"}:
        return {}
    series: Series = {}
    for minute in scope.minutes(start, end):
        measured = _alb_minute(scope, name, wanted, minute)
        if measured is not None:
            series[minute] = measured
    return series


@dataclass(frozen=True)
class _Place:
    """A balancer, a group or both, as dimensions name them."""

    balancer: str | None
    group: str | None

    def holds(self, balancer: str, group: str) -> bool:
        return self.balancer in (None, balancer.rpartition(":loadbalancer/")[2]) and self.group in (
            None,
            group.rpartition(":")[2],
        )


def _alb_minute(scope: Scope, name: str, wanted: _Place, minute: float) -> Distribution | None:
    hosts = [
        read
        for (balancer, group), read in scope.world.gauges.at(minute).hosts.items()
        if scope.owns(balancer) and wanted.holds(balancer, group)
    ]
    if name in ("HealthyHostCount", "UnHealthyHostCount"):
        if wanted.group is None or not hosts:
            return None
        return hosts[0].healthy if name == "HealthyHostCount" else hosts[0].unhealthy
    fates = [(fate, number) for fate, number in _fates(scope, minute) if wanted.holds(fate.balancer, fate.group)]
    if name == "TargetResponseTime":
        answered = [(fate.answer.latency, number) for fate, number in fates if fate.answer.by_target]
        spread = [(latency * part, number / len(_SPREAD)) for latency, number in answered for part in _SPREAD]
        return Distribution(spread) if spread else None
    if name in ("RequestCount", "RequestCountPerTarget"):
        asked = sum(number for fate, number in fates if _chosen(fate))
        if not asked:
            return Distribution([(0.0, 1.0)]) if hosts else None
        if name == "RequestCount":
            return Distribution([(1.0, asked)])
        targets = hosts[0].healthy.statistic("Average") if hosts else None
        return Distribution([(asked / max(1.0, targets or 1.0), 1.0)])
    counts = _COUNTED.get(name)
    number = sum(number for fate, number in fates if counts and counts(fate))
    by_balancer = name.startswith("HTTPCode_ELB") and wanted.group is not None
    return Distribution([(1.0, number)]) if number and not by_balancer else None


def _chosen(fate: Fate) -> bool:
    """Whether the load balancer found a target for the request, whatever came of it."""
    return bool(fate.group) and (fate.answer.by_target or fate.answer.status in (502, 504))


def _from_target(hundred: int) -> Callable[[Fate], bool]:
    return lambda fate: fate.answer.by_target and fate.answer.status // 100 == hundred


def _from_balancer(first: int, last: int) -> Callable[[Fate], bool]:
    return lambda fate: fate.failed and not fate.answer.by_target and first <= fate.answer.status <= last


_COUNTED: dict[str, Callable[[Fate], bool]] = {
    **{f"HTTPCode_Target_{hundred}XX_Count": _from_target(hundred) for hundred in (2, 3, 4, 5)},
    **{f"HTTPCode_ELB_{status}_Count": _from_balancer(status, status) for status in (500, 502, 503, 504)},
    "HTTPCode_ELB_5XX_Count": _from_balancer(500, 599),
}


def _fates(scope: Scope, minute: float) -> Iterator[tuple[Fate, int]]:
    counted = scope.world.traffic.ledger.at(minute)
    return ((fate, number) for fate, number in counted.items() if scope.owns(fate.balancer))


SOURCES: dict[str, Callable[[Scope, str, Mapping[str, str], float, float], Series]] = {
    "AWS/ECS": ecs,
    "AWS/ApplicationELB": alb,
}
NAMES = {
    "AWS/ECS": ("CPUUtilization", "MemoryUtilization"),
    "AWS/ApplicationELB": (
        "RequestCount",
        "RequestCountPerTarget",
        "TargetResponseTime",
        "HealthyHostCount",
        "UnHealthyHostCount",
        *_COUNTED,
    ),
}
