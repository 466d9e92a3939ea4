"""A rollout whose process dies at any call ends as it would have ended without: the same traffic, tasks and record."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orchestrator.sandbox.clock import VirtualClock
from orchestrator.sandbox.server import Sandbox
from tests.crash.inline import InlineAws
from tests.crash.rollouts import STRATEGIES, InlineDoor, Patient, Point
from tests.scenarios.rollouts.scene import Scene, scene

FULL = bool(os.environ.get("CRASH_AT_EVERY_CALL"))
SAMPLE = 9
ROLLOUTS = [
    ("all-at-once", "ok", "succeeded"),
    ("canary", "ok", "succeeded"),
    ("rolling", "ok", "succeeded"),
    ("all-at-once", "pull-error", "rolled back"),
    ("canary", "pull-error", "rolled back"),
    ("watched canary", "latency=900", "rolled back"),
    ("rolling", "pull-error", "rolled back"),
]
"""Strategies, how the image behaves, and how that ends. Slow answers are found under traffic, the others before it."""


@pytest.fixture(scope="module")
def account() -> Iterator[InlineAws]:
    with Sandbox(clock=VirtualClock(), traffic=1000.0) as sandbox:
        yield InlineAws(sandbox, sandbox.clock)


@pytest.fixture
def stage(account: InlineAws, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A stack without services."""
    account.sandbox.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.sandbox.url)
    return scene(account, InlineDoor(account.sandbox))


def _points(calls: int, seed: str) -> set[Point]:
    """Every call, before and after it is heard, in full; else a sample that is the same on every run."""
    everything = [Point(call, after) for call in range(1, calls + 1) for after in (False, True)]
    return set(everything if FULL else random.Random(seed).sample(everything, SAMPLE))


@pytest.mark.parametrize(("strategy", "behaves", "outcome"), ROLLOUTS, ids=lambda each: each)
def test_whatever_call_its_process_dies_at_a_rollout_ends_as_if_it_had_lived(
    stage: Scene, strategy: str, behaves: str, outcome: str, record_property: Callable[[str, object], None]
) -> None:
    plan = STRATEGIES[strategy]
    (stage.worker if plan.in_place else stage.service)("posts", strategy=plan)
    stage.deploy()
    stage.push("next", behaves)
    patient = Patient(stage, "posts", "next")
    points = _points(patient.calls(), f"{strategy} {behaves}")
    record = patient.dies_at(points)
    record_property("crash", {"points": len(record.points), "calls": record.calls, "failures": len(record.failures)})
    assert record.failures == [], "\n".join(record.failures)
    assert set(record.points) == points
    _settled(patient.end(), outcome)


def _settled(end: dict[str, Any], outcome: str) -> None:
    """The end that all have in common is the one that was to be: one side serves, and nothing is held or left over."""
    assert end["history"][0][0] == outcome
    assert sorted(end["weights"].values()) in ([], [0, 100])
    assert sorted(end["counts"].values()) in ([[2, 2]], [[0, 0], [2, 2]])
    assert set(end["deployments"].values()) == {1}
    assert [suspended for _, _, suspended in end["scaling"].values()] == [[]]
    assert len(end["tasks"]) == 2
    assert end["unfinished"] == []
    assert end["failed requests"] == 0
