"""A rollout whose process dies at any call ends as it would have ended without: the same traffic, tasks and labels."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.state import Outcome
from tests.crash.rollouts import STRATEGIES, Patient
from tests.scenarios.rollouts.scene import Scene, scene
from tests.world import REGION, Aws, world

FULL = bool(os.environ.get("CRASH_AT_EVERY_CALL"))
SAMPLE = 10
BEFORE, AFTER = False, True
"""Whether AWS has done what the last call asked for."""


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Aws, Door]]:
    """A sandbox and a door to it."""
    with world() as aws:
        yield aws, Door(Access(region=REGION), aws.clock)


@pytest.fixture
def stage(account: tuple[Aws, Door], monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A stack without services."""
    aws, door = account
    aws.sandbox.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
    return scene(aws, door)


@pytest.fixture(params=["all-at-once", "canary", "rolling"])
def kind(request: pytest.FixtureRequest, stage: Scene) -> str:
    """A strategy, and a service that runs v1 and is released by it."""
    strategy = STRATEGIES[request.param]
    if strategy.in_place:
        stage.worker("posts", strategy=strategy)
    else:
        stage.service("posts", strategy=strategy)
    stage.deploy()
    return str(request.param)


def _points(calls: int, seed: str) -> list[tuple[int, bool]]:
    """Every call, before and after it is heard, in full; else a sample that is the same on every run."""
    everything = [(call, when) for call in range(1, calls + 1) for when in (BEFORE, AFTER)]
    return everything if FULL else sorted(random.Random(seed).sample(everything, min(SAMPLE, len(everything))))


def test_a_good_release_arrives_whatever_call_its_process_dies_at(stage: Scene, kind: str) -> None:
    patient = Patient(stage, "posts")
    _, calls, _ = patient.roll_out(None, after=AFTER)
    for call, after in _points(calls, f"good {kind}"):
        result, _, died = patient.roll_out(call, after=after)
        assert died, f"call {call} was never made"
        assert result.outcome is Outcome.SUCCEEDED, f"{call}: {result.why}\n{stage.told()}"
        _settled(stage, patient, f"r{patient.rounds}")


def test_a_bad_release_is_taken_back_whatever_call_its_process_dies_at(stage: Scene, kind: str) -> None:
    patient = Patient(stage, "posts", behaves="pull-error")
    _, calls, _ = patient.roll_out(None, after=AFTER)
    for call, after in _points(calls, f"bad {kind}"):
        result, _, died = patient.roll_out(call, after=after)
        assert died, f"call {call} was never made"
        assert result.outcome is Outcome.ROLLED_BACK, f"{call}: {result.outcome} {result.why}\n{stage.told()}"
        _settled(stage, patient, "v1")


def _settled(stage: Scene, patient: Patient, tag: str) -> None:
    """One side serves with its two tasks, runs what it should, and nothing is left over or suspended."""
    decision = stage.assess()[patient.name]
    live = decision.live
    assert live.active is not None
    assert live.unsettled == ()
    assert live.image.startswith(f"{tag}@"), live.image
    counts = stage.counts(patient.name)
    assert counts[live.active] == (2, 2)
    assert all(count == (0, 0) for colour, count in counts.items() if colour != live.active), counts
    assert stage.suspended(patient.name) == {}
    assert sorted(stage.scaling(patient.name)) == [live.active]
    assert unfinished(stage.store, "forum") == {}
