"""Releases whose process died half-way: the next apply ends them, and scaling goes along."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.app.ending import Outcome
from tests.scenarios.forum import colours
from tests.scenarios.forum.forum import PLAN, Forum, edited


def _one_side_serves(stage: Forum, service: str, colour: str) -> None:
    """All of a service is on one of its colours, and nothing is left to do."""
    other = colours.other(colour)
    assert colours.shares(stage, service) == {colour: 100, other: 0}
    assert colours.counts(stage, service) == {colour: (2, 2), other: (0, 0)}
    assert {name for name in colours.scaled(stage) if service in name} == {f"{service}-{colour}"}
    outlook = stage.look()
    assert outlook.empty, outlook.headline()
    assert stage.wrong == []


@pytest.mark.parametrize("stage", ["provision", "bake", "hold"])
def test_a_good_release_that_died_is_brought_to_its_end(running: Forum, stage: str) -> None:
    before = colours.active(running, "posts")
    running.aws.push("forum/posts", stage)
    running.killed_at(stage, posts=stage)
    running.aws.sleep(300)
    ending = running.apply()
    assert not ending.outcome, ending
    _one_side_serves(running, "posts", colours.other(before))


@pytest.mark.parametrize(("stage", "behaves"), [("provision", "crash"), ("bake", "late-crash=100")])
def test_a_bad_release_that_died_is_taken_back(running: Forum, stage: str, behaves: str) -> None:
    before = colours.active(running, "users")
    running.aws.push("forum/users", stage, behaves)
    running.killed_at(stage, users=stage)
    ending = running.apply()
    assert ending.outcome is Outcome.ROLLED_BACK
    _one_side_serves(running, "users", before)


def test_a_changed_plan_goes_out_with_the_image_of_the_release_that_died(running: Forum, tmp_path: Path) -> None:
    before = colours.active(running, "threads")
    running.aws.push("forum/threads", "v2")
    running.killed_at("provision", threads="v2")
    running.plan = edited(tmp_path / "forum.yaml", {r"^  threads:$": "  threads:\n    env: {LOG_LEVEL: debug}"})
    try:
        assert not running.apply().outcome
        _one_side_serves(running, "threads", colours.other(before))
        assert running.look().decisions["threads"].live.image.startswith("v2@")
    finally:
        running.plan = PLAN
        running.apply()
