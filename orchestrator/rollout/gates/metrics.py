"""CloudWatch metrics of the new side under traffic: errors, latency, any other; absolute or against the other side.

Metrics come one to three minutes late and a share of little traffic is noise: fewer requests than asked for decide
nothing.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any, ClassVar

from orchestrator.rollout import datapoints
from orchestrator.rollout.gates.base import Judgement, Limits, Means, Reading, Window

_MINUTE = 60
_BALANCER = "AWS/ApplicationELB"


@dc.dataclass(frozen=True, kw_only=True)
class ErrorRate:
    """The share of the new side's requests that its targets answer with 5xx, in percent."""

    name: ClassVar[str] = "error-rate"
    actions: ClassVar[tuple[str, ...]] = ("cloudwatch:GetMetricData",)
    maximum: float
    requests: int = 20
    """Requests without which nothing can be told."""
    worse_by: float | None = None
    """Percentage points by which it may be worse than the other colour; None to not compare."""
    limits: Limits = dc.field(default_factory=Limits)

    @property
    def title(self) -> str:
        return f"5xx at most {self.maximum:g} %"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        queries = {
            f"{side}_{what}": _query(window, colour, metric, "Sum")
            for side, colour in _sides(window, compare=self.worse_by is not None).items()
            for what, metric in (("requests", "RequestCount"), ("errors", "HTTPCode_Target_5XX_Count"))
        }
        sums = {key: sum(values) for key, values in _values(means, window, queries).items()}
        requests = sums["new_requests"]
        if requests < max(1, self.requests):
            return _too_few(requests, self.requests)
        rate = 100 * sums["new_errors"] / requests
        words = f"{rate:.2f} % of {requests:g} requests"
        bound = self.maximum
        if self.worse_by is not None and sums.get("old_requests", 0) >= max(1, self.requests):
            other = 100 * sums["old_errors"] / sums["old_requests"]
            bound, words = min(bound, other + self.worse_by), f"{words}, {other:.2f} % on the other side"
        return _within(rate, bound, words)


@dc.dataclass(frozen=True, kw_only=True)
class Latency:
    """A percentile of the time in which the new side's targets answer, in seconds."""

    name: ClassVar[str] = "latency"
    actions: ClassVar[tuple[str, ...]] = ("cloudwatch:GetMetricData",)
    maximum: float
    percentile: str = "p99"
    requests: int = 20
    slower_by: float | None = None
    """Times by which it may be slower than the other colour (1.2: a fifth); None to not compare."""
    limits: Limits = dc.field(default_factory=Limits)

    @property
    def title(self) -> str:
        return f"{self.percentile} latency at most {self.maximum:g} s"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        sides = _sides(window, compare=self.slower_by is not None)
        queries = {
            f"{side}_time": _query(window, c, "TargetResponseTime", self.percentile) for side, c in sides.items()
        }
        queries["new_requests"] = _query(window, window.new, "RequestCount", "Sum")
        values = _values(means, window, queries)
        requests = sum(values["new_requests"])
        if requests < max(1, self.requests) or not values["new_time"]:
            return _too_few(requests, self.requests)
        worst = max(values["new_time"])
        words = f"{self.percentile} {worst:.3f} s over {requests:g} requests"
        bound = self.maximum
        if self.slower_by is not None and values.get("old_time"):
            other = max(values["old_time"])
            bound, words = min(bound, other * self.slower_by), f"{words}, {other:.3f} s on the other side"
        return _within(worst, bound, words)


@dc.dataclass(frozen=True, kw_only=True)
class Metric:
    """Any metric, by its highest value a minute since the stage began."""

    name: ClassVar[str] = "metric"
    actions: ClassVar[tuple[str, ...]] = ("cloudwatch:GetMetricData",)
    namespace: str
    metric: str
    dimensions: Mapping[str, str] = dc.field(default_factory=dict)
    statistic: str = "Average"
    maximum: float
    limits: Limits = dc.field(default_factory=Limits)

    @property
    def title(self) -> str:
        return f"{self.statistic} of {self.namespace} {self.metric} at most {self.maximum:g}"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        query = _stat(self.namespace, self.metric, self.dimensions, self.statistic)
        values = _values(means, window, {"asked": query})["asked"]
        if not values:
            return Reading(judgement=Judgement.INCONCLUSIVE, words="no data yet")
        return _within(max(values), self.maximum, f"{max(values):g}")


def _sides(window: Window, *, compare: bool) -> dict[str, str]:
    other = {"old": window.old} if compare and window.old and window.old != window.new else {}
    return {"new": window.new, **other}


def _query(window: Window, colour: str, metric: str, statistic: str) -> dict[str, Any]:
    balancer = "/".join(window.rule.partition(":listener-rule/")[2].split("/")[:3])
    group = window.groups[colour].rpartition(":")[2]
    return _stat(_BALANCER, metric, {"LoadBalancer": balancer, "TargetGroup": group}, statistic)


def _stat(namespace: str, metric: str, dimensions: Mapping[str, str], statistic: str) -> dict[str, Any]:
    named = [{"Name": k, "Value": v} for k, v in sorted(dimensions.items())]
    return {
        "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": named},
        "Period": _MINUTE,
        "Stat": statistic,
    }


def _values(means: Means, window: Window, queries: Mapping[str, dict[str, Any]]) -> dict[str, list[float]]:
    """Values a minute of each query, since the minute in which the stage began."""
    start = window.since - window.since % _MINUTE
    found = datapoints.read(means.aws, queries, start, window.now - window.now % _MINUTE)
    return {key: list(values.values()) for key, values in found.items()}


def _within(value: float, bound: float, words: str) -> Reading:
    judgement = Judgement.PASS if value <= bound else Judgement.FAIL
    return Reading(judgement=judgement, words=f"{words} (at most {bound:g})")


def _too_few(requests: float, wanted: int) -> Reading:
    return Reading(judgement=Judgement.INCONCLUSIVE, words=f"{requests:g} of {wanted} requests seen")
