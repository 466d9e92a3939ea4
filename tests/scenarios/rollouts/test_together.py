"""Several services at once, and rollouts that are left and taken up again."""

from __future__ import annotations

import threading
from collections import Counter

from orchestrator.rollout.driver import Job, unfinished
from orchestrator.rollout.state import Outcome
from tests.scenarios.rollouts.scene import Scene


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


def test_one_look_at_one_rollout_costs_at_most_six_calls(stage: Scene) -> None:
    stage.service()
    stage.deploy()
    stage.push("v2")
    at: Counter[float] = Counter()
    before = len(stage.aws.sandbox.calls)
    stage.deploy({"posts": "v2"})
    reads = ("DescribeServices", "DescribeRules", "DescribeTargetHealth", "ListTasks", "DescribeTasks")
    for call in stage.aws.sandbox.calls[before:]:
        if call.operation in reads:
            at[call.at] += 1
    rounds = Counter(c.at for c in stage.aws.sandbox.calls[before:] if c.operation == "DescribeServices")
    assert max(at[instant] / rounds[instant] for instant in rounds) <= 6


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
