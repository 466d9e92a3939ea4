"""What became of every request, minute by minute: the record that metrics are computed from and tests judge by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MINUTE = 60.0
REMEMBERED = 24 * 3600.0
"""Seconds after which a minute is forgotten."""
FAILURE = 500
"""The lowest status that says that a request failed."""


@dataclass(frozen=True)
class Answer:
    """What a request got, and from whom."""

    status: int
    reason: str = ""
    """Why the request failed; empty where it did not."""
    service: str = ""
    """The ECS service that a task answered for, as ``CLUSTER/SERVICE``."""
    deployment: str = ""
    digest: str = ""
    latency: float = 0.0
    by_target: bool = False
    """Whether a target answered, or the load balancer for want of one."""


@dataclass(frozen=True)
class Fate:
    """The way that a request took, and its answer."""

    balancer: str
    rule: str
    group: str
    """The target group's ARN; empty where none was chosen."""
    answer: Answer

    @property
    def failed(self) -> bool:
        """Whether whoever asked got no answer of use."""
        return self.answer.status >= FAILURE


class Ledger:
    """Counts requests by minute and fate."""

    def __init__(self) -> None:
        self._minutes: dict[float, Counter[Fate]] = {}

    def add(self, at: float, fate: Fate, requests: int) -> None:
        """Count requests that were made at an instant."""
        minute = at - at % MINUTE
        if minute not in self._minutes:
            self._minutes[minute] = Counter()
            self._forget(minute - REMEMBERED)
        self._minutes[minute][fate] += requests

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(counted.total() for counted in self._minutes.values())

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(self.failures().values())

    def totals(self) -> Counter[Fate]:
        """All requests by fate; the difference of two of these is what happened in between."""
        return sum(self._minutes.values(), Counter())

    def failures(self) -> Counter[Fate]:
        """The requests that failed, by fate."""
        return Counter({fate: number for fate, number in self.totals().items() if fate.failed})

    def at(self, minute: float) -> Mapping[Fate, int]:
        """What became of the requests of the minute that begins then."""
        return self._minutes.get(minute, {})

    def told(self) -> Mapping[str, Any]:
        """As the administration shows it."""
        when: dict[Fate, list[float]] = {}
        for minute, counted in self._minutes.items():
            for fate in counted:
                when.setdefault(fate, []).append(minute)
        fates = [
            {
                "requests": number,
                "failed": fate.failed,
                "status": fate.answer.status,
                "reason": fate.answer.reason,
                "balancer": fate.balancer.rpartition(":loadbalancer/")[2],
                "group": fate.group.rpartition(":")[2],
                "service": fate.answer.service,
                "deployment": fate.answer.deployment,
                "image": fate.answer.digest,
                "latency": fate.answer.latency,
                "first_minute": min(when[fate]),
                "last_minute": max(when[fate]),
            }
            for fate, number in sorted(self.totals().items(), key=lambda each: (-each[0].failed, -each[1]))
        ]
        return {"requests": self.requests, "failed": self.failed, "fates": fates}

    def _forget(self, until: float) -> None:
        """Minutes are in order, for time only moves on."""
        while (oldest := next(iter(self._minutes))) < until:
            del self._minutes[oldest]
