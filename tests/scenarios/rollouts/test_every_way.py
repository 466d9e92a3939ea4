"""Every strategy with a good release, and with one that is bad in every way that a release can be.

One service for all of them: what a release that was taken back leaves behind would be in the way of the next one.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from orchestrator.aws.door import Aws as Door
from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Gate, Limits
from orchestrator.rollout.gates.job import Job as Migration
from orchestrator.rollout.gates.metrics import ErrorRate
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.jobs import Job, Result
from orchestrator.rollout.orders import Word, give
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import Strategy, all_at_once, canary, linear, manual, rolling
from tests.scenarios.rollouts.scene import Scene, scene
from tests.world import Aws

STRATEGIES = {
    "all-at-once": all_at_once(bake=300, hold=0),
    "canary": canary([(10, 300)], bake=0, hold=0),
    "linear": linear(50, 300, bake=0, hold=0),
    "manual": manual(bake=300, hold=0),
    "rolling": rolling(bake=300),
}


@dc.dataclass(frozen=True, kw_only=True)
class Bad:
    """A release that is taken back. ``harmless``: before anybody has met it, or anybody but its tests."""

    behaves: str
    why: str
    harmless: bool = True
    gates: Mapping[str, tuple[Gate, ...]] = dc.field(default_factory=dict)


BAD = {
    "crashes at its start": Bad(behaves="crash", why="crashes ("),
    "fails its health checks": Bad(behaves="unhealthy", why="fails load balancer checks ("),
    "takes longer than its deadline": Bad(behaves="slow=900", why=" not ready within 100 s: "),
    "cannot be pulled": Bad(behaves="pull-error", why="image cannot be pulled"),
    "finds no capacity": Bad(behaves="no-capacity", why="; behind it: no capacity"),
    "crashes late, while it is watched": Bad(behaves="late-crash=90", why="exited with 1", harmless=False),
    "answers a tenth with 500": Bad(
        behaves="errors=10",
        why="5xx at most 1 %: ",
        harmless=False,
        gates={"watch": (ErrorRate(maximum=1, limits=Limits(every=60, errors=10)),)},
    ),
    "sets off an alarm under traffic": Bad(
        behaves="errors=10",
        why="alarms errors: errors: ",
        harmless=False,
        gates={"watch": (Alarms(names=("errors",), limits=Limits(every=60)),)},
    ),
    "fails its smoke check": Bad(
        behaves="errors=100", why="GET /api/posts: 500 in ", gates={"test": (Smoke(path="/api/posts"),)}
    ),
    "has a migration that fails": Bad(
        behaves="job-fails",
        why="job migrate: exited with 1",
        gates={"check": (Migration(job="migrate", command=("rake", "db:migrate")),)},
    ),
    "has a critical finding": Bad(
        behaves="findings=CRITICAL:1", why="scan findings CRITICAL at most 0: 1 critical", gates={"check": (Scan(),)}
    ),
}


@pytest.fixture(scope="module")
def posts(account: tuple[Aws, Door]) -> Iterator[Scene]:
    """Posts, running v1 behind the balancer, asked a thousand times a minute, with an alarm on its errors."""
    aws, door = account
    aws.sandbox.reset()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        patch.setenv("http_proxy", aws.sandbox.url)
        aws.sandbox.world.traffic.rate = 1000.0
        made = scene(aws, door)
        made.service(deadline=100.0)
        made.tested()
        assert made.deploy()["posts"].outcome is Outcome.SUCCEEDED
        _alarm(made)
        yield made


def _alarm(posts: Scene) -> None:
    """More than five errors in each of two minutes, on the colour that runs."""
    spec = posts.specs["posts"]
    group = spec.colours["blue"].target_group or ""
    names = {
        "LoadBalancer": "/".join((spec.rule or "").partition("listener-rule/")[2].split("/")[:3]),
        "TargetGroup": group.rpartition(":")[2],
    }
    posts.aws.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=2,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )


def _release(posts: Scene, strategy: Strategy, tag: str, behaves: str = "ok", **gates: Any) -> tuple[Result, int]:
    """Released, and approved where somebody has to; how it ended, and the requests that failed meanwhile."""
    posts.change(strategy=dc.replace(strategy, **gates))
    posts.push(tag, behaves)
    before = _failed(posts)
    result = posts.deploy({"posts": tag})["posts"]
    if result.outcome is Outcome.PAUSED:
        give(posts.store, "forum", "posts", Word.PROMOTE, by="a person", at=posts.aws.clock.now())
        result = posts.drive([Job(spec=posts.specs["posts"])])["posts"]
    posts.aws.sleep(60)
    return result, _failed(posts) - before


def _failed(posts: Scene) -> int:
    """Customers' requests that failed, those of tests left out."""
    posts.counts()  # the world catches up when it is asked something
    failures = posts.aws.sandbox.world.traffic.ledger.failures()
    return sum(number for fate, number in failures.items() if fate.rule == posts.specs["posts"].rule)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_good_release_arrives_and_no_request_fails(posts: Scene, name: str) -> None:
    active = next(colour for colour, weight in posts.weights().items() if weight)
    arrives = active if name == "rolling" else {"blue": "green", "green": "blue"}[active]
    result, failed = _release(posts, STRATEGIES[name], f"good-{name}")
    assert (result.outcome, result.exit_code, failed) == (Outcome.SUCCEEDED, 0, 0), posts.told()
    after = posts.standing()
    assert after["weights"] == {"blue": 0, "green": 0} | {arrives: 100}
    assert after["counts"] == {arrives: (2, 2)}
    assert after["tasks"] == {(f"service:posts-{arrives}", after["serving"][arrives]): 2}
    free = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}
    assert after["scaling"] == {arrives: {"MinCapacity": 2, "MaxCapacity": 10, "SuspendedState": free}}
    assert posts.tags(arrives)["orchestrator:image"].startswith(f"good-{name}@")


@pytest.mark.parametrize("way", BAD)
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_bad_release_ends_with_everything_as_it_was(posts: Scene, name: str, way: str) -> None:
    bad, before = BAD[way], posts.standing()
    result, failed = _release(posts, STRATEGIES[name], f"{name}-{list(BAD).index(way)}", bad.behaves, **bad.gates)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, 10), posts.told()
    assert bad.why in result.why
    assert posts.standing() == before
    assert not posts.assess()["posts"].acts
    if bad.harmless and not (name == "rolling" and "test" in bad.gates):  # in place, tests come when tasks are replaced
        assert failed == 0
