"""Releases judged by what their users got: errors and latency by CloudWatch's metrics, under a canary's share."""

from __future__ import annotations

import dataclasses as dc

import pytest

from orchestrator.rollout.gates.base import Gate, Limits
from orchestrator.rollout.gates.metrics import ErrorRate, Latency
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import canary
from tests.scenarios.rollouts.scene import Scene

FEW_ERRORS = ErrorRate(maximum=1, requests=20, limits=Limits(every=60, errors=10))
QUICK = Latency(maximum=0.5, requests=20, limits=Limits(every=60, errors=10))


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue, asked a thousand times a minute."""
    stage.aws.sandbox.world.traffic.rate = 1000.0
    stage.service()
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    return stage


def _watched(posts: Scene, *gates: Gate) -> None:
    posts.change(strategy=dc.replace(canary([(10, 600)], bake=0, hold=0), watch=gates))


def test_a_release_that_errs_is_taken_back_before_most_users_have_met_it(posts: Scene) -> None:
    _watched(posts, FEW_ERRORS)
    result = posts.release("v2", "errors=10")
    assert result.outcome is Outcome.ROLLED_BACK, posts.told()
    assert result.why.startswith("5xx at most 1 %: ")
    ledger = posts.aws.sandbox.world.traffic.ledger
    assert 0 < ledger.failed < ledger.requests / 50
    assert posts.weights() == {"blue": 100, "green": 0}


def test_a_release_that_is_slow_to_answer_is_taken_back(posts: Scene) -> None:
    _watched(posts, QUICK)
    result = posts.release("v2", "latency=900")
    assert result.outcome is Outcome.ROLLED_BACK, posts.told()
    assert result.why.startswith("p99 latency at most 0.5 s: ")


def test_a_good_release_passes_both(posts: Scene) -> None:
    _watched(posts, FEW_ERRORS, QUICK)
    assert posts.release("v2").outcome is Outcome.SUCCEEDED, posts.told()


def test_a_release_that_nobody_uses_has_not_passed(posts: Scene) -> None:
    posts.aws.sandbox.world.traffic.rate = 0.0
    _watched(posts, FEW_ERRORS)
    result = posts.release("v2")
    assert result.outcome is Outcome.ROLLED_BACK
    assert "0 of 20 requests seen" in result.why
