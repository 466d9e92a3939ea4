"""Alarms that evaluate by the world's clock, on what the world measures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.sandbox.world.metrics.judgement import Condition, judge
from tests.sandbox.system import System
from tests.world import Aws

X, O = 9.0, 1.0  # noqa: E741 - as AWS's own tables of missing data write them
_ = None


def _alarm(aws: Aws, name: str = "shop", **more: Any) -> None:
    told = {
        "Namespace": "shop",
        "MetricName": "a",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name, **{key: value for key, value in told.items() if value is not None}
    )


def _state(aws: Aws, name: str = "shop") -> Any:
    return aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def _put(aws: Aws, value: float, name: str = "a") -> None:
    aws.client("cloudwatch").put_metric_data(Namespace="shop", MetricData=[{"MetricName": name, "Value": value}])


def _states(aws: Aws, *values: float | None) -> list[str]:
    """The alarm's state after each minute with one of these values."""
    aws.sleep(60 - aws.clock.now() % 60 + 1)
    seen = []
    for value in values:
        if value is not None:
            _put(aws, value)
        aws.sleep(60)
        seen.append(_state(aws)["StateValue"])
    return seen


def test_an_alarm_follows_its_metric_and_says_why(aws: Aws) -> None:
    _alarm(aws)
    assert _state(aws)["StateValue"] == "INSUFFICIENT_DATA"
    assert _states(aws, 9.0, 2.0) == ["ALARM", "OK"]
    assert _states(aws, 9.0) == ["ALARM"]
    alarm = _state(aws)
    assert alarm["StateReason"] == (
        "Threshold Crossed: 1 out of the last 1 datapoint [9.0] was greater than the threshold (5.0) "
        "(minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert alarm["StateUpdatedTimestamp"] == datetime.fromtimestamp(aws.clock.now() // 60 * 60, UTC)


def test_an_alarm_rings_when_enough_of_its_datapoints_are_beyond(aws: Aws) -> None:
    _alarm(aws, EvaluationPeriods=3, DatapointsToAlarm=2)
    assert _states(aws, 1.0, 1.0, 9.0, 1.0, 9.0, 1.0, 1.0) == ["OK", "OK", "OK", "OK", "ALARM", "OK", "OK"]


def test_a_state_that_was_set_holds_until_the_next_evaluation(aws: Aws) -> None:
    _alarm(aws, TreatMissingData="notBreaching")
    assert _states(aws, 1.0) == ["OK"]
    aws.client("cloudwatch").set_alarm_state(AlarmName="shop", StateValue="ALARM", StateReason="a drill")
    aws.sleep(50)
    assert _state(aws)["StateValue"] == "ALARM"
    aws.sleep(60)
    assert _state(aws)["StateValue"] == "OK"


def test_an_alarm_on_metric_math_watches_the_returned_series(aws: Aws) -> None:
    def one(id: str) -> Any:
        stat = {"Metric": {"Namespace": "shop", "MetricName": id}, "Period": 60, "Stat": "Sum"}
        return {"Id": id, "MetricStat": stat, "ReturnData": False}

    rate = {"Id": "rate", "Expression": "100 * failed / asked", "ReturnData": True}
    single = ("Namespace", "MetricName", "Statistic", "Period")
    _alarm(aws, **dict.fromkeys(single), Metrics=[one("asked"), one("failed"), rate])
    aws.sleep(60 - aws.clock.now() % 60 + 1)
    _put(aws, 200.0, "asked")
    _put(aws, 12.0, "failed")
    aws.sleep(60)
    assert _state(aws)["StateValue"] == "ALARM"
    assert "[6.0]" in _state(aws)["StateReason"]


def test_an_alarm_on_errors_of_a_group_rings_for_a_bad_image_and_not_for_a_good_one(system: System) -> None:
    system.repository()
    group, aws = system.front(), system.aws
    balancer = aws.client("elbv2").describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    where = {"LoadBalancer": balancer["LoadBalancerArns"][0].partition("loadbalancer/")[2]}
    where["TargetGroup"] = group.rpartition(":")[2]
    _alarm(
        aws,
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": name, "Value": value} for name, value in where.items()],
        TreatMissingData="notBreaching",
    )
    system.service(system.definition(f"{system.registry}/web:v1"), group)
    aws.sleep(600)
    assert _state(aws)["StateValue"] == "OK"
    aws.push("web", "v2", "errors=50")
    system.update(taskDefinition=system.definition(f"{system.registry}/web:v2"))
    aws.sleep(300)
    assert _state(aws)["StateValue"] == "ALARM"


@pytest.mark.parametrize(
    ("points", "missing", "breaching", "not_breaching", "ignore"),
    [  # AWS's table for 3 of 3, the newest datapoint last
        ((O, _, X, _, X), "OK", "OK", "OK", "OK"),
        ((O, _, _, _, _), "OK", "OK", "OK", "OK"),
        ((_, _, _, _, _), "INSUFFICIENT_DATA", "ALARM", "OK", None),
        ((O, X, X, _, X), "ALARM", "ALARM", "ALARM", "ALARM"),
        ((_, _, X, _, _), "ALARM", "ALARM", "OK", None),
    ],
)
def test_missing_datapoints_count_as_the_alarm_says(
    points: tuple[float | None, ...], missing: str, breaching: str, not_breaching: str, ignore: str | None
) -> None:
    def judged(treatment: str) -> str | None:
        condition = Condition("GreaterThanThreshold", 5.0, evaluated=3, needed=3, missing=treatment)
        return judge(condition, points[::-1])[0]

    told = (judged("missing"), judged("breaching"), judged("notBreaching"), judged("ignore"))
    assert told == (missing, breaching, not_breaching, ignore)


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("GreaterThanThreshold", 5.0, "OK"),
        ("GreaterThanOrEqualToThreshold", 5.0, "ALARM"),
        ("LessThanThreshold", 5.0, "OK"),
        ("LessThanOrEqualToThreshold", 5.0, "ALARM"),
        ("LessThanThreshold", 4.0, "ALARM"),
    ],
)
def test_a_datapoint_is_compared_as_the_alarm_says(comparison: str, value: float, state: str) -> None:
    assert judge(Condition(comparison, 5.0, evaluated=1, needed=1), [value])[0] == state
