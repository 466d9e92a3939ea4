"""Several services at once, and rollouts that are left and taken up again."""

from __future__ import annotations

import math
import threading
from collections import Counter

import pytest

from orchestrator.rollout.driver import Job, unfinished
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import all_at_once, canary
from tests.scenarios.rollouts.scene import Scene

LOOKS = frozenset({"DescribeServices", "DescribeRules", "DescribeTargetHealth", "ListTasks", "DescribeTasks"})


def test_one_bad_service_does_not_keep_the_others_from_succeeding(stage: Scene) -> None:
    stage.service("posts")
    stage.service("users")
    assert {r.outcome for r in stage.deploy().values()} == {Outcome.SUCCEEDED}
    stage.push("v2", "crash", "posts")
    stage.push("v2", "ok", "users")
    results = stage.deploy({"posts": "v2", "users": "v2"})
    assert results["posts"].outcome is Outcome.ROLLED_BACK
    assert results["users"].outcome is Outcome.SUCCEEDED
    assert stage.weights("posts") == {"blue": 100, "green": 0}
    assert stage.weights("users") == {"blue": 0, "green": 100}


@pytest.mark.parametrize(("services", "most"), [(1, 6), (10, 20)])
def test_one_look_costs_few_calls_however_many_rollouts_there_are(stage: Scene, services: int, most: int) -> None:
    names = [f"posts-{n}" for n in range(services)]
    for name in names:
        stage.service(name, strategy=all_at_once(bake=30, hold=0))
    stage.deploy()
    for name in names:
        stage.push("v2", name=name)
    before = len(stage.aws.sandbox.calls)
    results = stage.deploy(dict.fromkeys(names, "v2"))
    assert {r.outcome for r in results.values()} == {Outcome.SUCCEEDED}
    calls = stage.aws.sandbox.calls[before:]
    reads = Counter(c.at for c in calls if c.operation in LOOKS)
    surveys = Counter(c.at for c in calls if c.operation == "DescribeServices")
    looks = {at: count / math.ceil(2 * services / 10) for at, count in surveys.items()}
    assert max(reads[at] / looks[at] for at in looks) <= most


def test_a_canary_of_half_an_hour_is_looked_at_a_few_dozen_times(stage: Scene) -> None:
    stage.service(strategy=canary([(10, 600), (50, 600)], bake=600, hold=0))
    stage.deploy()
    stage.push("v2")
    before, began = len(stage.aws.sandbox.calls), stage.aws.clock.now()
    assert stage.deploy({"posts": "v2"})["posts"].outcome is Outcome.SUCCEEDED
    assert stage.aws.clock.now() - began > 1800
    surveys = [c for c in stage.aws.sandbox.calls[before:] if c.operation == "DescribeServices"]
    assert len(surveys) < 100
    assert len(stage.aws.sandbox.calls) - before < 350


def test_a_rollout_that_is_stopped_stays_as_it_is_and_is_taken_up_where_it_stands(stage: Scene) -> None:
    stage.service()
    stage.deploy()
    stage.push("v2")
    stop = threading.Event()
    result = stage.deploy({"posts": "v2"}, sink=stage.when("bake", stop.set), stop=stop)["posts"]
    assert (result.outcome, result.exit_code) == (Outcome.STOPPED, 17)
    assert stage.weights() == {"blue": 0, "green": 100}
    assert stage.counts() == {"blue": (2, 2), "green": (2, 2)}
    assert list(unfinished(stage.store, "forum")) == ["posts"]
    taken_up = stage.drive([Job(spec=stage.specs["posts"])])["posts"]
    assert taken_up.outcome is Outcome.SUCCEEDED
    assert stage.counts() == {"blue": (0, 0), "green": (2, 2)}
    assert unfinished(stage.store, "forum") == {}


def test_a_caller_who_cannot_wait_is_told_that_it_goes_on(stage: Scene) -> None:
    stage.service()
    result = stage.deploy(patience=5.0)["posts"]
    assert (result.outcome, result.exit_code) == (Outcome.TIMED_OUT, 14)
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED


def test_a_newer_release_sends_an_unfinished_one_back_before_it_starts(stage: Scene) -> None:
    stage.service()
    stage.deploy()
    stage.push("v2")
    stage.push("v3")
    stop = threading.Event()
    stage.deploy({"posts": "v2"}, sink=stage.when("provision", stop.set), stop=stop)
    result = stage.deploy({"posts": "v3"})["posts"]
    assert result.outcome is Outcome.SUCCEEDED, stage.told()
    assert stage.tags("green")["orchestrator:image"].startswith("v3@")
    assert stage.counts() == {"blue": (0, 0), "green": (2, 2)}


def test_what_is_stopped_before_it_began_says_so_and_touches_nothing(stage: Scene) -> None:
    stage.service()
    stop = threading.Event()
    stop.set()
    result = stage.deploy(stop=stop)["posts"]
    assert (result.outcome, result.why) == (Outcome.STOPPED, "not begun")
    assert stage.counts() == {}
    assert unfinished(stage.store, "forum") == {}
