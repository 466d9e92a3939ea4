"""Services that need each other, and releases of several that are kept or undone as one."""

from __future__ import annotations

import pytest

from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.orders import Word, give
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import all_at_once, manual
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def pair(stage: Scene) -> Scene:
    """Posts needs users; both run v1."""
    stage.service("users", strategy=all_at_once(bake=0, hold=60))
    stage.service("posts", strategy=all_at_once(bake=0, hold=60), needs=("users",))
    assert {r.outcome for r in stage.deploy().values()} == {Outcome.SUCCEEDED}
    return stage


def _push(pair: Scene, users: str, posts: str) -> dict[str, str]:
    pair.push("v2", users, "users")
    pair.push("v2", posts, "posts")
    return {"users": "v2", "posts": "v2"}


def test_a_service_starts_first_when_what_it_needs_has_succeeded(pair: Scene) -> None:
    told = pair.told().splitlines()
    assert told.index("users done: succeeded") < next(
        n for n, line in enumerate(told) if line.startswith("posts started")
    )


def test_a_service_is_not_begun_when_what_it_needs_did_not_succeed(pair: Scene) -> None:
    results = pair.deploy(_push(pair, "crash", "ok"))
    assert results["users"].outcome is Outcome.ROLLED_BACK
    assert results["posts"].outcome is Outcome.REFUSED
    assert results["posts"].why == "not begun, because users did not succeed"
    assert list(pair.counts("posts")) == ["blue"]


def test_a_good_joint_release_arrives_as_a_whole_and_in_order(pair: Scene) -> None:
    results = pair.deploy(_push(pair, "ok", "ok"), joint=True)
    assert {r.outcome for r in results.values()} == {Outcome.SUCCEEDED}, pair.told()
    assert [pair.weights(name)["green"] for name in ("users", "posts")] == [100, 100]
    assert [pair.counts(name)["blue"] for name in ("users", "posts")] == [(0, 0), (0, 0)]


def test_one_bad_service_takes_the_whole_joint_release_back_by_weights_alone(pair: Scene) -> None:
    before = {name: pair.described(name)["blue"]["deployments"][0]["id"] for name in ("users", "posts")}
    results = pair.deploy(_push(pair, "ok", "crash"), joint=True)
    assert {r.outcome for r in results.values()} == {Outcome.ROLLED_BACK}, pair.told()
    assert results["users"].why == "released together with posts, which did not succeed"
    for name in ("users", "posts"):
        assert pair.weights(name) == {"blue": 100, "green": 0}
        assert pair.counts(name) == {"blue": (2, 2), "green": (0, 0)}
        assert pair.described(name)["blue"]["deployments"][0]["id"] == before[name]
        assert pair.suspended(name) == {}


def test_a_joint_release_waits_as_a_whole_for_one_that_needs_approval(pair: Scene) -> None:
    pair.change("posts", strategy=manual(bake=0, hold=0))
    images = _push(pair, "ok", "ok")
    results = pair.deploy(images, joint=True)
    assert {r.outcome for r in results.values()} == {Outcome.PAUSED}, pair.told()
    assert pair.counts("users") == {"blue": (2, 2), "green": (2, 2)}
    give(pair.store, "forum", "posts", Word.PROMOTE, by="a person", at=pair.aws.clock.now())
    results = pair.deploy(images)
    assert {r.outcome for r in results.values()} == {Outcome.SUCCEEDED}, pair.told()
    assert unfinished(pair.store, "forum") == {}
