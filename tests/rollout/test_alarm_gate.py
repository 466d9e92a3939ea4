"""What alarms say about a release: those of others by their state, its own by their terms held against the new side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Judgement, Reading
from tests.rollout.windows import means, window

BEFORE, DURING = 999_000.0, 1_000_100.0
FIRST = 1_000_020


class Door:
    """Alarms as described, and values of the new side by minute of the stage."""

    def __init__(self, values: Mapping[int, float] | None = None, **alarms: Mapping[str, Any]) -> None:
        self.alarms = alarms
        self.values = values or {}
        self.asked: list[dict[str, Any]] = []

    def pages(self, service: str, operation: str, path: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        if operation == "describe_alarms":
            yield from ({"AlarmName": n, **self.alarms[n]} for n in params["AlarmNames"] if n in self.alarms)
            return
        self.asked.append(params)
        for query in params["MetricDataQueries"]:
            at = [datetime.fromtimestamp(FIRST + 60 * minute, UTC) for minute in self.values]
            yield {"Id": query["Id"], "Timestamps": at, "Values": list(self.values.values())}


def _own(state: str = "OK", since: float = BEFORE, **more: Any) -> dict[str, Any]:
    """The alarm on blue's errors: more than 20 in each of three minutes."""
    return {
        "StateValue": state,
        "StateReason": "Threshold crossed",
        "StateTransitionedTimestamp": datetime.fromtimestamp(since, UTC),
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_Target_5XX_Count",
        "Dimensions": [
            {"Name": "LoadBalancer", "Value": "app/front/50dc"},
            {"Name": "TargetGroup", "Value": "targetgroup/blue/1"},
        ],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 20.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        **more,
    }


def _asked(door: Door, *names: str, **more: Any) -> Reading:
    return Alarms(names=names or ("errors",)).judge(means(door), window(**more), "")


def test_an_alarm_on_the_old_side_is_asked_about_the_new_side() -> None:
    door = Door({2: 30, 3: 40, 4: 50}, errors=_own())
    reading = _asked(door)
    assert (reading.judgement, reading.words) == (
        Judgement.FAIL,
        "errors: the new side is beyond 20 in 3 of 3 periods, lastly with 50",
    )
    dimensions = door.asked[0]["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert {"Name": "TargetGroup", "Value": "targetgroup/green/1"} in dimensions


def test_fewer_bad_periods_than_the_alarm_asks_for_are_forgiven() -> None:
    assert _asked(Door({2: 30, 3: 1, 4: 50}, errors=_own())).judgement is Judgement.PASS
    assert _asked(Door({2: 30, 3: 1, 4: 50}, errors=_own(DatapointsToAlarm=2))).judgement is Judgement.FAIL


def test_nothing_is_passed_before_as_many_periods_have_been_seen_as_the_alarm_looks_at() -> None:
    reading = _asked(Door(errors=_own()), now=FIRST + 150.0)
    assert (reading.judgement, reading.words) == (Judgement.INCONCLUSIVE, "2 of 3 periods of 60 s seen")
    assert _asked(Door({0: 99, 1: 99}, errors=_own(DatapointsToAlarm=2)), now=FIRST + 150.0).judgement is Judgement.FAIL


@pytest.mark.parametrize(
    ("missing", "judgement"),
    [
        ("notBreaching", Judgement.PASS),
        ("missing", Judgement.INCONCLUSIVE),
        ("ignore", Judgement.INCONCLUSIVE),
        ("breaching", Judgement.FAIL),
    ],
)
def test_what_is_missing_counts_as_the_alarm_says(missing: str, judgement: Judgement) -> None:
    assert _asked(Door(errors=_own(TreatMissingData=missing))).judgement is judgement


def test_an_own_alarm_that_cloudwatch_never_evaluated_is_still_judged_by_its_terms() -> None:
    door = Door({2: 1, 3: 1, 4: 1}, errors=_own("INSUFFICIENT_DATA"))
    assert _asked(door).judgement is Judgement.PASS


def test_an_own_alarm_that_rang_before_the_rollout_is_what_the_release_may_mend() -> None:
    assert _asked(Door({2: 1}, errors=_own("ALARM", BEFORE))).judgement is Judgement.PASS


def test_before_the_new_side_serves_an_own_alarm_that_rings_lets_nothing_start() -> None:
    assert _asked(Door(errors=_own("ALARM", BEFORE)), serving=False, percent=0).judgement is Judgement.FAIL
    assert _asked(Door(errors=_own("OK")), serving=False, percent=0).judgement is Judgement.PASS


def test_an_own_alarm_that_begins_to_ring_meanwhile_counts_even_for_the_old_side_alone() -> None:
    reading = _asked(Door({2: 1}, errors=_own("ALARM", DURING)))
    assert (reading.judgement, reading.words) == (Judgement.FAIL, "errors: Threshold crossed")


def test_an_alarm_on_tasks_is_turned_to_the_new_sides_ecs_service() -> None:
    dimensions = [{"Name": "ClusterName", "Value": "main"}, {"Name": "ServiceName", "Value": "posts-blue"}]
    door = Door({2: 1}, cpu=_own(Namespace="AWS/ECS", MetricName="CPUUtilization", Dimensions=dimensions))
    assert _asked(door, "cpu").judgement is Judgement.PASS
    asked = door.asked[0]["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert {"Name": "ServiceName", "Value": "posts-green"} in asked


@pytest.mark.parametrize(
    ("state", "judgement"),
    [("OK", Judgement.PASS), ("ALARM", Judgement.FAIL), ("INSUFFICIENT_DATA", Judgement.INCONCLUSIVE)],
)
def test_anybody_elses_alarm_counts_by_its_state_however_long_it_has_been_so(state: str, judgement: Judgement) -> None:
    door = Door(errors=_own(state, BEFORE, Dimensions=[{"Name": "QueueName", "Value": "mails"}]))
    assert _asked(door).judgement is judgement
    assert door.asked == []


def test_an_alarm_that_is_not_there_cannot_be_asked_unless_a_first_release_is_to_bring_it() -> None:
    assert _asked(Door()).judgement is Judgement.ERROR
    assert _asked(Door(), old=None).judgement is Judgement.INCONCLUSIVE


def test_alarms_of_the_same_period_cost_one_call_together() -> None:
    door = Door({2: 1}, errors=_own(), latency=_own(MetricName="TargetResponseTime"))
    assert _asked(door, "errors", "latency").judgement is Judgement.PASS
    assert len(door.asked) == 1
