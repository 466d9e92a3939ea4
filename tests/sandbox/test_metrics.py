"""What CloudWatch knows: what AWS reports of tasks and balancers, what anybody puts there, and math over both."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.system import System
from tests.world import Aws


def _read(aws: Aws, *queries: Any, minutes: int = 10) -> dict[str, list[float]]:
    """What each query gives for the last minutes that are over, the oldest first."""
    now = aws.clock.now() // 60 * 60
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=datetime.fromtimestamp(now - 60 * minutes, UTC),
        EndTime=datetime.fromtimestamp(now, UTC),
        ScanBy="TimestampAscending",
    )
    return {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}


def _metric(id: str, namespace: str, name: str, stat: str, period: int = 60, **dimensions: str) -> Any:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def _put(aws: Aws, name: str, *values: float) -> None:
    """One value a minute, the last one in the minute that is under way."""
    now = aws.clock.now()
    data = [
        {"MetricName": name, "Value": value, "Timestamp": datetime.fromtimestamp(now - 60 * age, UTC)}
        for age, value in enumerate(reversed(values))
    ]
    aws.client("cloudwatch").put_metric_data(Namespace="shop", MetricData=data)


def _serving(system: System, behaves: str = "ok", count: int = 2) -> tuple[str, str]:
    """A service of an image behind a balancer; returns what dimensions call balancer and group."""
    system.repository()
    system.aws.push("web", "v2", behaves)
    group = system.front()
    system.service(system.definition(f"{system.registry}/web:v2"), group, count=count)
    system.aws.sleep(120)
    found = system.aws.client("elbv2").describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    return found["LoadBalancerArns"][0].partition("loadbalancer/")[2], group.rpartition(":")[2]


def test_a_balancer_reports_requests_errors_times_and_hosts_by_group(system: System) -> None:
    system.aws.sandbox.set_traffic(600)
    balancer, group = _serving(system, "errors=10,latency=300")
    system.aws.sleep(630)
    where = {"LoadBalancer": balancer, "TargetGroup": group}
    alb = "AWS/ApplicationELB"
    found = _read(
        system.aws,
        _metric("asked", alb, "RequestCount", "Sum", **where),
        _metric("failed", alb, "HTTPCode_Target_5XX_Count", "Sum", **where),
        _metric("well", alb, "HTTPCode_Target_2XX_Count", "Sum", **where),
        _metric("mean", alb, "TargetResponseTime", "Average", **where),
        _metric("p50", alb, "TargetResponseTime", "p50", **where),
        _metric("p99", alb, "TargetResponseTime", "p99", **where),
        _metric("healthy", alb, "HealthyHostCount", "Minimum", **where),
        _metric("sick", alb, "UnHealthyHostCount", "Maximum", **where),
        _metric("each", alb, "RequestCountPerTarget", "Sum", TargetGroup=group),
        _metric("all", alb, "RequestCount", "Sum", LoadBalancer=balancer),
        _metric("lost", alb, "HTTPCode_ELB_5XX_Count", "Sum", LoadBalancer=balancer),
    )
    assert found["asked"] == found["all"] == [600.0] * 10
    assert [a + b for a, b in zip(found["failed"], found["well"], strict=True)] == found["asked"]
    assert 50 <= sum(found["failed"]) / 10 <= 70
    assert found["mean"] == pytest.approx([0.32] * 10)
    assert found["p50"][0] < 0.32 < 0.5 < found["p99"][0]
    assert (found["healthy"], found["sick"], found["each"]) == ([2.0] * 10, [0.0] * 10, [300.0] * 10)
    assert found["lost"] == []


def test_what_a_balancer_answers_for_want_of_targets_is_its_own_error(system: System) -> None:
    balancer, group = _serving(system)
    system.update(desiredCount=0)
    system.aws.sleep(300)
    alb = "AWS/ApplicationELB"
    found = _read(
        system.aws,
        _metric("lost", alb, "HTTPCode_ELB_503_Count", "Sum", LoadBalancer=balancer),
        _metric("asked", alb, "RequestCount", "Sum", LoadBalancer=balancer, TargetGroup=group),
        minutes=2,
    )
    assert found == {"lost": [60.0, 60.0], "asked": [0.0, 0.0]}


def test_a_service_reports_cpu_by_its_requests_and_memory_by_its_leak(system: System) -> None:
    system.aws.sandbox.set_traffic(6000)
    _serving(system, "memory-leak=1200", count=2)
    system.aws.sleep(300)
    where = {"ClusterName": "main", "ServiceName": "web"}
    found = _read(
        system.aws,
        _metric("cpu", "AWS/ECS", "CPUUtilization", "Average", **where),
        _metric("memory", "AWS/ECS", "MemoryUtilization", "Maximum", **where),
        minutes=3,
    )
    assert found["cpu"] == [65.0] * 3
    assert 30.0 < found["memory"][0] < found["memory"][1] < found["memory"][2] < 60.0


def test_a_service_without_tasks_reports_nothing(system: System) -> None:
    _serving(system)
    system.update(desiredCount=0)
    system.aws.sleep(300)
    cpu = _metric("cpu", "AWS/ECS", "CPUUtilization", "Average", ClusterName="main", ServiceName="web")
    assert _read(system.aws, cpu, minutes=2) == {"cpu": []}


def test_a_minute_shows_when_it_is_over(system: System) -> None:
    balancer, _ = _serving(system)
    system.aws.sleep(60 - system.aws.clock.now() % 60)
    asked = _metric("asked", "AWS/ApplicationELB", "RequestCount", "Sum", LoadBalancer=balancer)
    cloudwatch, now = system.aws.client("cloudwatch"), system.aws.clock.now()

    def values() -> list[float]:
        begin, end = datetime.fromtimestamp(now, UTC), datetime.fromtimestamp(now + 60, UTC)
        return list(
            cloudwatch.get_metric_data(MetricDataQueries=[asked], StartTime=begin, EndTime=end)["MetricDataResults"][0][
                "Values"
            ]
        )

    system.aws.sleep(59)
    assert values() == []
    system.aws.sleep(1)
    assert values() == [60.0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a / b * 100", [50.0, 25.0]),
        ("100 * (a + 2) / b ^ 2", [75.0, 6.25]),
        ("IF(a > 2, 1, 0)", [0.0, 0.0]),
        ("IF(a >= 2 AND b == 8, b, 0 - 1)", [-1.0, 8.0]),
        ("SUM([a, b])", [3.0, 10.0]),
        ("MAX(METRICS())", [2.0, 8.0]),
        ("b / SUM(b)", [0.2, 0.8]),
        ("FILL(gaps, 0) + a", [1.0, 9.0]),
        ("gaps + a", [9.0]),
        ("a / (b - 8)", [-1 / 6]),
        ("-CEIL(a / 4)", [-1.0, -1.0]),
        ("AVG(a) * PERIOD(a)", [90.0, 90.0]),
    ],
)
def test_metric_math_is_computed_minute_by_minute(aws: Aws, expression: str, expected: list[float]) -> None:
    _put(aws, "a", 1.0, 2.0)
    _put(aws, "b", 2.0, 8.0)
    _put(aws, "gaps", 7.0)
    aws.sleep(60)
    hidden = [{**_metric(id, "shop", id, "Sum"), "ReturnData": False} for id in ("a", "b", "gaps")]
    found = _read(aws, {"Id": "e", "Expression": expression}, *hidden, minutes=2)
    assert found == {"e": pytest.approx(expected)}


@pytest.mark.parametrize("expression", ["a +", "ANOMALY_DETECTION_BAND(a)", "other * 2", "METRICS()", "a.b"])
def test_math_that_can_not_be_computed_is_refused(aws: Aws, expression: str) -> None:
    with pytest.raises(ClientError) as caught:
        _read(aws, _metric("a", "shop", "a", "Sum"), {"Id": "e", "Expression": expression})
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert "Error in expression 'e'" in caught.value.response["Error"]["Message"]


def test_periods_gather_minutes_and_the_newest_come_first_by_default(aws: Aws) -> None:
    _put(aws, "a", 1.0, 2.0, 3.0, 4.0)
    aws.sleep(60)
    now = aws.clock.now() // 60 * 60
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[_metric("a", "shop", "a", "Sum", period=120)],
        StartTime=datetime.fromtimestamp(now - 240, UTC),
        EndTime=datetime.fromtimestamp(now, UTC),
    )
    assert answer["MetricDataResults"][0]["Values"] == [7.0, 3.0]
    assert [each.timestamp() for each in answer["MetricDataResults"][0]["Timestamps"]] == [now - 120, now - 240]


def test_statistics_of_one_metric_come_together_with_percentiles(aws: Aws) -> None:
    cloudwatch = aws.client("cloudwatch")
    data = [{"MetricName": "a", "Values": [1.0, 2.0, 3.0, 10.0], "Counts": [1.0, 1.0, 1.0, 1.0], "Unit": "Count"}]
    cloudwatch.put_metric_data(Namespace="shop", MetricData=data)
    now = aws.clock.now()
    span = {"StartTime": datetime.fromtimestamp(now - 300, UTC), "EndTime": datetime.fromtimestamp(now + 60, UTC)}
    asked = {"Namespace": "shop", "MetricName": "a", "Period": 3600, **span}
    plain = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"]
    point = cloudwatch.get_metric_statistics(**asked, Statistics=plain)["Datapoints"][0]
    assert [point[name] for name in plain] == [4.0, 16.0, 1.0, 10.0, 4.0]
    extended = cloudwatch.get_metric_statistics(**asked, ExtendedStatistics=["p50", "p99.9"])["Datapoints"][0]
    assert extended["ExtendedStatistics"] == {"p50": 2.0, "p99.9": 10.0}
    with pytest.raises(ClientError) as caught:
        cloudwatch.get_metric_statistics(**{**asked, "Period": 60}, ExtendedStatistics=["tm99"])
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_metrics_are_listed_by_what_is_asked_for(system: System) -> None:
    balancer, group = _serving(system)
    _put(system.aws, "a", 1.0)
    cloudwatch = system.aws.client("cloudwatch")

    def listed(**conditions: Any) -> set[tuple[str, str]]:
        pages = cloudwatch.get_paginator("list_metrics").paginate(**conditions)
        return {(each["Namespace"], each["MetricName"]) for page in pages for each in page["Metrics"]}

    assert {namespace for namespace, _ in listed()} == {"shop", "AWS/ECS", "AWS/ApplicationELB"}
    assert listed(Dimensions=[{"Name": "ServiceName", "Value": "web"}]) == {
        ("AWS/ECS", "CPUUtilization"),
        ("AWS/ECS", "MemoryUtilization"),
    }
    both = [{"Name": "TargetGroup", "Value": group}, {"Name": "LoadBalancer"}]
    assert ("AWS/ApplicationELB", "RequestCount") in listed(MetricName="RequestCount", Dimensions=both)
    assert listed(Dimensions=[{"Name": "LoadBalancer", "Value": balancer + "x"}]) == set()
