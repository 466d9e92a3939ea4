"""Gates on AWS: what is found before the start stops it there, what is found under traffic takes it back."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

import pytest

from orchestrator.rollout import history
from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Answer, Gate, Limits
from orchestrator.rollout.gates.job import Job
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import all_at_once, canary
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue."""
    stage.service()
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    return stage


def _gated(posts: Scene, **gates: tuple[Gate, ...]) -> None:
    posts.change(strategy=dc.replace(canary([(10, 300)], bake=0, hold=0), **gates))


def _alarm(posts: Scene, state: str) -> None:
    cloudwatch = posts.aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="N",
        MetricName="M",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="Threshold crossed")


def test_an_alarm_that_rings_during_the_shift_takes_the_traffic_back(posts: Scene) -> None:
    _alarm(posts, "OK")
    _gated(posts, watch=(Alarms(names=("errors",), limits=Limits(every=30)),))
    posts.push("v2")
    result = posts.deploy({"posts": "v2"}, sink=posts.when("bake", lambda: _alarm(posts, "ALARM")))["posts"]
    assert result.outcome is Outcome.ROLLED_BACK, posts.told()
    assert result.why == "alarms errors: errors: Threshold crossed"
    measured = next(history.records(posts.store, "forum", "posts"))["gates"]
    assert [(entry["gate"], entry["judgement"]) for entry in measured] == [("alarms errors", "fail")]
    assert posts.weights() == {"blue": 100, "green": 0}
    assert posts.suspended() == {}


def test_an_alarm_without_data_is_not_a_pass(posts: Scene) -> None:
    _alarm(posts, "INSUFFICIENT_DATA")
    _gated(posts, watch=(Alarms(names=("errors",), limits=Limits(every=30)),))
    result = posts.release("v2")
    assert result.outcome is Outcome.ROLLED_BACK
    assert "no data for errors" in result.why


def test_an_alarm_that_rings_before_the_start_lets_nothing_start(posts: Scene) -> None:
    _alarm(posts, "ALARM")
    _gated(posts, check=(Alarms(names=("errors",)),))
    result = posts.release("v2")
    assert result.outcome is Outcome.ROLLED_BACK
    assert posts.counts() == {"blue": (2, 2)}


def test_an_alarm_that_rings_already_is_named_among_the_reasons_before_anything_begins(posts: Scene) -> None:
    _alarm(posts, "ALARM")
    _gated(posts, watch=(Alarms(names=("errors",)),))
    posts.push("v2")
    assert posts.assess({"posts": "v2"})["posts"].reasons == (
        "image: v1 → v2",
        "alarm errors: Threshold crossed: it rings already",
    )


@pytest.mark.parametrize(("behaves", "outcome"), [("ok", Outcome.SUCCEEDED), ("crash", Outcome.ROLLED_BACK)])
def test_a_migration_runs_once_in_the_new_image_and_its_exit_code_decides(
    posts: Scene, behaves: str, outcome: Outcome
) -> None:
    _gated(posts, check=(Job(job="migrate", command=("rake", "db:migrate")),))
    result = posts.release("v2", behaves)
    assert result.outcome is outcome, posts.told()
    calls = [c for c in posts.aws.sandbox.calls if c.operation == "RunTask"]
    assert len(calls) == 1
    if outcome is Outcome.ROLLED_BACK:
        assert "job migrate: exited with 1" in result.why
        assert "green" not in posts.counts()


def test_smoke_checks_reach_the_new_side_before_anybody_else_does(posts: Scene) -> None:
    shares: list[int] = []

    def ask(*_: Any) -> Answer:
        shares.append(posts.weights()["green"])
        return Answer(500 if len(shares) > 2 else 200, "", 0.1)

    posts.change(url="http://front.example", strategy=dc.replace(all_at_once(), test=(Smoke(path="/api/posts"),)))
    posts.push("v2")
    result = posts.deploy({"posts": "v2"}, ask=ask)["posts"]
    assert result.outcome is Outcome.ROLLED_BACK
    assert result.why == "GET /api/posts: 500 in 0.10 s, wanted 200"
    assert set(shares) == {0}
    assert posts.counts() == {"blue": (2, 2), "green": (0, 0)}
