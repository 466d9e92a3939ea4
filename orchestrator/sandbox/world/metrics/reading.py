"""Reading metrics as both callers and alarms do: a statistic of what AWS or anybody has put there, by periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from orchestrator.sandbox.repairs.operations import AwsError
from orchestrator.sandbox.world.metrics.distribution import Distribution, known
from orchestrator.sandbox.world.metrics.expressions import BadExpression, Points, evaluate
from orchestrator.sandbox.world.metrics.sources import SOURCES, UNITS, Scope, Series


@dataclass(frozen=True)
class Window:
    """A span of time in periods, from ``start``."""

    start: float
    end: float
    period: float

    @property
    def starts(self) -> list[float]:
        """Where its periods begin."""
        return [self.start + number * self.period for number in range(self.number)]

    @property
    def number(self) -> int:
        """How many periods it has, the last one perhaps cut short."""
        return max(0, int(-((self.start - self.end) // self.period)))

    def put_in(self, series: Series) -> Series:
        """What was measured, by the periods of this window."""
        found: Series = {}
        for at, measured in series.items():
            if self.start <= at < self.end:
                begin = self.start + (at - self.start) // self.period * self.period
                found.setdefault(begin, Distribution()).merge(measured)
        return found


@dataclass(frozen=True)
class Metric:
    """A metric by its name."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Metric:
        """As a request names it."""
        dimensions = {each["Name"]: each["Value"] for each in told.get("Dimensions") or []}
        return cls(told.get("Namespace", ""), told.get("MetricName", ""), dimensions)


def measured(scope: Scope, metric: Metric, window: Window, unit: str | None = None) -> Series:
    """What is known of a metric, by the periods of a window."""
    series: Series = {}
    source = SOURCES.get(metric.namespace)
    if source is not None and unit in (None, unit_of(metric)):
        series.update(source(scope, metric.name, metric.dimensions, window.start, window.end))
    for datum in data_of(scope):
        if (datum.namespace, datum.name) != (metric.namespace, metric.name):
            continue
        if {each.name: each.value for each in datum.dimensions} != metric.dimensions:
            continue
        if unit in (None, datum.unit):
            series.setdefault(seconds(datum.timestamp), Distribution()).merge(_values(datum))
    return window.put_in(series)


def points(scope: Scope, metric: Metric, statistic: str, window: Window, unit: str | None = None) -> Points:
    """A statistic of a metric, where there is something to compute it from."""
    check(statistic)
    found = measured(scope, metric, window, unit)
    values = ((at, each.statistic(statistic)) for at, each in sorted(found.items()))
    return {at: value for at, value in values if value is not None}


def check(statistic: str) -> None:
    """Refuse a statistic that is none."""
    if not known(statistic):
        raise AwsError("InvalidParameterValue", f"The value {statistic} for parameter Stat is not supported.")


def answered(scope: Scope, queries: Sequence[Mapping[str, Any]], window: Window) -> dict[str, Points]:
    """Every query of a request by its id: metrics first, then the expressions over them, whatever their order."""
    found: dict[str, Points] = {}
    waiting = []
    for query in queries:
        if stat := query.get("MetricStat"):
            own = Window(window.start, window.end, float(stat["Period"]))
            found[query["Id"]] = points(scope, Metric.of(stat["Metric"]), stat["Stat"], own, stat.get("Unit"))
        else:
            waiting.append(query)
    periods = [float(query["MetricStat"]["Period"]) for query in queries if query.get("MetricStat")]
    while waiting:
        ready = [query for query in waiting if not _names(query, {each["Id"] for each in waiting} - {query["Id"]})]
        if not ready:
            raise AwsError("ValidationError", "Error in expression: the expressions refer to each other in a circle")
        for query in ready:
            period = float(query.get("Period") or max(periods, default=window.period))
            own = Window(window.start, window.end, period)
            try:
                found[query["Id"]] = evaluate(query["Expression"], found, own.starts, period)
            except BadExpression as error:
                raise AwsError("ValidationError", f"Error in expression '{query['Id']}': {error}") from None
            waiting.remove(query)
    return found


def data_of(scope: Scope) -> list[Any]:
    """What anybody has put there, and what moto reports by itself, of buckets and queues."""
    return list(cloudwatch_backends[scope.account][scope.region].get_all_metrics())


def unit_of(metric: Metric) -> str:
    """The unit of a metric that AWS reports."""
    return UNITS.get(metric.name, "Count")


def seconds(at: datetime | float) -> float:
    """An instant, whether it was told with a zone or without one, which means UTC."""
    if not isinstance(at, datetime):
        return float(at)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _names(query: Mapping[str, Any], ids: set[str]) -> bool:
    """Whether an expression uses one of these."""
    written = str(query.get("Expression", ""))
    words = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in written).split()
    return not ids.isdisjoint(words)


def _values(datum: Any) -> Distribution:
    """A single value, or a set of statistics, of which the extremes and the mean of the rest are known."""
    if hasattr(datum, "value"):
        return Distribution([(datum.value, 1.0)])
    inner = datum.sample_count - 2
    if inner <= 0:
        return Distribution([(datum.sum / datum.sample_count, datum.sample_count)])
    return Distribution([(datum.min, 1.0), (datum.max, 1.0), ((datum.sum - datum.min - datum.max) / inner, inner)])
