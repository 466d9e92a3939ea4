"""What each gate makes of an answer, and that no data is never a pass."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.rollout import gates
from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Answer, Judgement, Limits, Unreachable
from orchestrator.rollout.gates.job import Job
from orchestrator.rollout.gates.metrics import ErrorRate, Latency, Metric
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.gates.webhook import Webhook
from tests.rollout.windows import answering, means, window


class Door:
    """Answers metric queries from a table by target group and metric, and takes down what was asked."""

    def __init__(self, **values: list[float]) -> None:
        self.values = values
        self.asked: dict[str, Any] = {}

    def pages(self, service: str, operation: str, path: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        self.asked = params
        for query in params["MetricDataQueries"]:
            dimensions = {d["Name"]: d["Value"] for d in query["MetricStat"]["Metric"]["Dimensions"]}
            colour = dimensions.get("TargetGroup", "").split("/")[1:2]
            key = "_".join([*colour, query["MetricStat"]["Metric"]["MetricName"]])
            values = self.values.get(key, [])
            instants = [datetime.fromtimestamp(60 * n, UTC) for n in range(len(values))]
            yield {"Id": query["Id"], "Timestamps": instants, "Values": values}


def _silent(*_: Any) -> Answer:
    raise OSError("connection refused")


def test_too_few_requests_tell_nothing_about_errors() -> None:
    door = Door(green_RequestCount=[3, 4], green_HTTPCode_Target_5XX_Count=[7])
    reading = ErrorRate(maximum=1, requests=20).judge(means(door), window(), "")
    assert (reading.judgement, reading.words) == (Judgement.INCONCLUSIVE, "7 of 20 requests seen")


def test_no_traffic_at_all_is_not_a_pass_even_when_none_is_asked_for() -> None:
    reading = ErrorRate(maximum=1, requests=0).judge(means(Door()), window(), "")
    assert reading.judgement is Judgement.INCONCLUSIVE


@pytest.mark.parametrize(("errors", "judgement"), [(1, Judgement.PASS), (2, Judgement.FAIL)])
def test_the_share_of_errors_is_held_against_the_maximum(errors: float, judgement: Judgement) -> None:
    door = Door(green_RequestCount=[50, 50], green_HTTPCode_Target_5XX_Count=[errors])
    assert ErrorRate(maximum=1).judge(means(door), window(), "").judgement is judgement


def test_errors_that_the_other_side_has_too_are_still_bounded_by_how_much_worse_it_is() -> None:
    door = Door(
        green_RequestCount=[100],
        green_HTTPCode_Target_5XX_Count=[4],
        blue_RequestCount=[100],
        blue_HTTPCode_Target_5XX_Count=[1],
    )
    worse = ErrorRate(maximum=10, worse_by=2).judge(means(door), window(), "")
    assert worse.judgement is Judgement.FAIL
    assert worse.words == "4.00 % of 100 requests, 1.00 % on the other side (at most 3)"
    assert ErrorRate(maximum=10, worse_by=3).judge(means(door), window(), "").judgement is Judgement.PASS


def test_metrics_are_asked_for_whole_minutes_of_the_new_sides_group_behind_its_balancer() -> None:
    door = Door()
    ErrorRate(maximum=1).judge(means(door), window(), "")
    query = door.asked["MetricDataQueries"][0]["MetricStat"]
    assert query["Metric"]["Dimensions"] == [
        {"Name": "LoadBalancer", "Value": "app/front/50dc"},
        {"Name": "TargetGroup", "Value": "targetgroup/green/1"},
    ]
    assert [door.asked[k].timestamp() % 60 for k in ("StartTime", "EndTime")] == [0, 0]


def test_before_a_minute_is_over_nothing_is_asked() -> None:
    door = Door(green_RequestCount=[100])
    reading = ErrorRate(maximum=1).judge(means(door), window(since=1_000_021.0, now=1_000_050.0), "")
    assert reading.judgement is Judgement.INCONCLUSIVE
    assert door.asked == {}


def test_latency_is_the_worst_minute_of_its_percentile() -> None:
    door = Door(green_RequestCount=[100], green_TargetResponseTime=[0.2, 0.6], blue_TargetResponseTime=[0.4])
    assert Latency(maximum=0.5).judge(means(door), window(), "").judgement is Judgement.FAIL
    assert Latency(maximum=1).judge(means(door), window(), "").judgement is Judgement.PASS
    assert Latency(maximum=1, slower_by=1.2).judge(means(door), window(), "").judgement is Judgement.FAIL


def test_any_metric_is_held_against_its_maximum_and_without_data_tells_nothing() -> None:
    gate = Metric(namespace="AWS/ECS", metric="MemoryUtilization", maximum=80)
    assert gate.judge(means(Door()), window(), "").judgement is Judgement.INCONCLUSIVE
    assert gate.judge(means(Door(MemoryUtilization=[70, 81])), window(), "").judgement is Judgement.FAIL


def test_a_smoke_request_carries_the_headers_that_reach_the_new_side() -> None:
    told, asked = answering(200, "all is well")
    reading = Smoke(path="/health", body="is well", headers={"Accept": "text/plain"}).judge(told, window(), "")
    assert reading.judgement is Judgement.PASS
    assert asked[0][:3] == ("GET", "http://front.example/health", {"X-Test": "yes", "Accept": "text/plain"})


@pytest.mark.parametrize(
    ("status", "body", "seconds", "words"),
    [
        (503, "well", 0.1, "503 in 0.10 s, wanted 200"),
        (200, "sick", 0.1, "200 in 0.10 s, and nothing in it matches 'well'"),
        (200, "well", 9.0, "200 in 9.00 s, wanted at most 5 s"),
    ],
)
def test_a_smoke_request_fails_by_status_body_or_time(status: int, body: str, seconds: float, words: str) -> None:
    told, _ = answering(status, body, seconds)
    reading = Smoke(path="/", body="well").judge(told, window(), "")
    assert (reading.judgement, reading.words) == (Judgement.FAIL, words)


def test_no_answer_to_a_smoke_request_is_a_failure_but_to_a_webhook_an_error() -> None:
    told = means(ask=_silent)
    assert Smoke(path="/").judge(told, window(), "").judgement is Judgement.FAIL
    assert Webhook(url="http://judge").judge(told, window(), "").judgement is Judgement.ERROR


def test_a_balancer_that_cannot_be_reached_from_here_tells_nothing_about_the_release() -> None:
    def ask(*_: Any) -> Answer:
        raise Unreachable("Name or service not known")

    reading = Smoke(path="/").judge(means(ask=ask), window(), "")
    assert reading.judgement is Judgement.INCONCLUSIVE
    assert reading.words == "http://front.example cannot be reached from here: Name or service not known"


@pytest.mark.parametrize(
    ("status", "body", "judgement"),
    [
        (200, "", Judgement.PASS),
        (200, '{"verdict": "fail", "reason": "no"}', Judgement.FAIL),
        (200, '{"verdict": "inconclusive"}', Judgement.INCONCLUSIVE),
        (200, "<html>", Judgement.ERROR),
        (200, '{"verdict": "maybe"}', Judgement.ERROR),
        (200, "[]", Judgement.ERROR),
        (403, "not in december", Judgement.FAIL),
        (502, "", Judgement.ERROR),
    ],
)
def test_a_webhook_decides_by_its_verdict_or_else_by_its_status(status: int, body: str, judgement: Judgement) -> None:
    told, asked = answering(status, body)
    assert Webhook(url="http://judge").judge(told, window(), "").judgement is judgement
    assert json.loads(asked[0][3])["percent"] == 10


@pytest.mark.parametrize(
    "gate",
    [
        Alarms(names=("a", "b")),
        ErrorRate(maximum=1, limits=Limits(every=5, samples=3, failures=1, errors=2)),
        Latency(maximum=1, slower_by=1.5),
        Metric(namespace="N", metric="M", dimensions={"A": "b"}, maximum=1),
        Smoke(path="/", headers={"A": "b"}),
        Scan(allowed={"HIGH": 3}),
        Job(job="migrate", command=("rake", "db:migrate")),
        Webhook(url="http://judge"),
    ],
    ids=lambda gate: gate.name,
)
def test_a_gate_is_the_same_after_being_stored(gate: Any) -> None:
    assert gates.from_json(json.loads(json.dumps(gates.as_json(gate)))) == gate
