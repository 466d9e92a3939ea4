"""A rollout whose process dies at any call ends as it would have ended without: the same traffic, tasks and labels."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.state import Outcome
from tests.crash.rollouts import Patient, quick
from tests.scenarios.rollouts.scene import Scene, scene
from tests.world import world

FULL = bool(os.environ.get("CRASH_AT_EVERY_CALL"))
SAMPLE = 4


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A stack without services."""
    with world() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        yield scene(aws)


def _points(calls: int, seed: int) -> list[int]:
    """Every call in full, else a sample that is the same on every run."""
    everything = range(1, calls + 1)
    return list(everything) if FULL else sorted(random.Random(seed).sample(everything, min(SAMPLE, calls)))


@pytest.mark.parametrize("after", [False, True], ids=["before-aws-hears", "after-aws-has-done-it"])
@pytest.mark.parametrize("kind", ["colours", "rolling"])
def test_a_good_release_arrives_whatever_call_its_process_dies_at(stage: Scene, kind: str, after: bool) -> None:
    stage.service("posts", strategy=quick(kind)) if kind == "colours" else stage.worker("posts", strategy=quick(kind))
    stage.deploy()
    patient = Patient(stage, "posts")
    _, calls, _ = patient.roll_out(None, after=after)
    for point in _points(calls, seed=1 + after):
        result, _, died = patient.roll_out(point, after=after)
        assert died, f"call {point} was never made"
        assert result.outcome is Outcome.SUCCEEDED, f"{point}: {result.why}\n{stage.told()}"
        _settled(stage, patient, f"r{patient.rounds}")


@pytest.mark.parametrize("after", [False, True], ids=["before-aws-hears", "after-aws-has-done-it"])
@pytest.mark.parametrize("kind", ["colours", "rolling"])
def test_a_bad_release_is_taken_back_whatever_call_its_process_dies_at(stage: Scene, kind: str, after: bool) -> None:
    stage.service("posts", strategy=quick(kind)) if kind == "colours" else stage.worker("posts", strategy=quick(kind))
    stage.deploy()
    patient = Patient(stage, "posts", behaves="pull-error")
    _, calls, _ = patient.roll_out(None, after=after)
    for point in _points(calls, seed=3 + after):
        result, _, died = patient.roll_out(point, after=after)
        assert died, f"call {point} was never made"
        assert result.outcome is Outcome.ROLLED_BACK, f"{point}: {result.outcome} {result.why}\n{stage.told()}"
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
