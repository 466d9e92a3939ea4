"""The operations that read metrics, which moto answers in part: no percentiles, no math, none of AWS's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair
from orchestrator.sandbox.world.ecs.model import stamp
from orchestrator.sandbox.world.metrics import reading
from orchestrator.sandbox.world.metrics.reading import Metric, Window
from orchestrator.sandbox.world.metrics.sources import NAMES, Scope
from orchestrator.sandbox.world.traffic.ledger import MINUTE
from orchestrator.sandbox.world.world import present

_MOST_POINTS = 1440


def scope_of(call: Call) -> Scope:
    """Where the call reads."""
    return Scope(present(), call.account, call.region)


@repair("cloudwatch", "PutMetricData")
def stamped_with_the_sandbox_s_time(call: Call, proceed: Proceed) -> Reply:
    """Data without a time are of now, by the sandbox's clock; moto takes the machine's."""
    for datum in call.params.get("MetricData", []):
        datum.setdefault("Timestamp", stamp(call.now))
    return proceed()


@operation("cloudwatch", "GetMetricData")
def get_metric_data(call: Call) -> Reply:
    """Metrics and expressions over them, the newest values first unless asked for otherwise."""
    params = call.params
    window = _window(params, MINUTE)
    found = reading.answered(scope_of(call), params["MetricDataQueries"], window)
    newest_first = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = []
    for query in params["MetricDataQueries"]:
        if not query.get("ReturnData", True):
            continue
        points = sorted(found[query["Id"]].items(), reverse=newest_first)
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or _label(query),
                "Timestamps": [stamp(at) for at, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


@operation("cloudwatch", "GetMetricStatistics")
def get_metric_statistics(call: Call) -> Reply:
    """Every asked statistic of one metric."""
    params, scope = call.params, scope_of(call)
    asked, extended = params.get("Statistics") or [], params.get("ExtendedStatistics") or []
    if not asked and not extended:
        missing = "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        raise AwsError("InvalidParameterCombination", missing)
    for name in (*asked, *extended):
        reading.check(name)
    metric, window = Metric.of(params), _window(params, float(params["Period"]))
    if window.number > _MOST_POINTS:
        wanted = f"You have requested up to {window.number} datapoints, which exceeds the limit of {_MOST_POINTS}."
        raise AwsError("InvalidParameterCombination", wanted)
    datapoints = []
    for at, measured in sorted(reading.measured(scope, metric, window, params.get("Unit")).items()):
        point: dict[str, Any] = {"Timestamp": stamp(at), "Unit": params.get("Unit") or reading.unit_of(metric)}
        point.update({name: measured.statistic(name) for name in asked})
        if extended:
            point["ExtendedStatistics"] = {name: measured.statistic(name) for name in extended}
        datapoints.append(point)
    return {"Label": metric.name, "Datapoints": datapoints}


@operation("cloudwatch", "ListMetrics")
def list_metrics(call: Call) -> Reply:
    """What is there to be read, by the conditions asked for."""
    wanted, scope = call.params, scope_of(call)
    conditions = {each["Name"]: each.get("Value") for each in wanted.get("Dimensions") or []}
    shown: dict[str, Reply] = {}
    for metric in (*_reported(scope), *_put(scope)):
        own = metric.dimensions
        if not all(name in own and value in (None, own[name]) for name, value in conditions.items()):
            continue
        if wanted.get("Namespace", metric.namespace) != metric.namespace:
            continue
        if wanted.get("MetricName", metric.name) == metric.name:
            dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
            shown[repr(metric)] = {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": dimensions,
            }
    return {"Metrics": list(shown.values())}


def _window(params: Reply, period: float) -> Window:
    start, end = reading.seconds(params["StartTime"]), reading.seconds(params["EndTime"])
    start -= start % MINUTE
    if start >= end:
        message = "The parameter StartTime must be less than the parameter EndTime."
        raise AwsError("ValidationError", message)
    return Window(start, end, period)


def _label(query: Reply) -> str:
    return str(query["MetricStat"]["Metric"]["MetricName"] if query.get("MetricStat") else query["Id"])


def _reported(scope: Scope) -> Iterator[Metric]:
    """The metrics of what is there now."""
    now = scope.world.gauges.at(present().now() // MINUTE * MINUTE)
    places: dict[str, list[dict[str, str]]] = {"AWS/ECS": [], "AWS/ApplicationELB": []}
    for account, region, cluster, service in now.usage:
        if (account, region) == (scope.account, scope.region):
            places["AWS/ECS"].append({"ClusterName": cluster, "ServiceName": service})
    for balancer, group in now.hosts:
        if scope.owns(balancer):
            by_balancer = {"LoadBalancer": balancer.rpartition(":loadbalancer/")[2]}
            by_group = {"TargetGroup": group.rpartition(":")[2]}
            places["AWS/ApplicationELB"] += [by_balancer, {**by_balancer, **by_group}]
    for namespace, found in places.items():
        yield from (Metric(namespace, name, dimensions) for dimensions in found for name in NAMES[namespace])


def _put(scope: Scope) -> Iterator[Metric]:
    for datum in reading.data_of(scope):
        yield Metric(datum.namespace, datum.name, {each.name: each.value for each in datum.dimensions})
