"""Rollouts that nobody works on: frozen for a person to decide, or left with nothing to go on with."""

from __future__ import annotations

import dataclasses as dc
import threading

import pytest

from orchestrator.rollout import history, orders
from orchestrator.rollout.driver import Job, unfinished
from orchestrator.rollout.gates.base import Answer, Limits
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.jobs import Result
from orchestrator.rollout.orders import Word
from orchestrator.rollout.release import OnConflict
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import canary
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def posts(stage: Scene) -> Scene:
    """Posts, running v1 on blue; what fails is left where it is."""
    stage.service(strategy=dc.replace(canary([(10, 300)], bake=30, hold=0), freeze=True))
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    return stage


def _told(posts: Scene, word: Word) -> Result:
    orders.give(posts.store, "forum", "posts", word, by="a person", at=posts.aws.clock.now(), reason="seen")
    return posts.drive([Job(spec=posts.specs["posts"])])["posts"]


def _frozen(posts: Scene) -> dict[str, object]:
    """A release that crashes under a tenth of the traffic."""
    before = posts.standing()
    result = posts.release("v2", "late-crash=120")
    assert (result.outcome, result.exit_code) == (Outcome.STOPPED, 17), posts.told()
    assert result.why.startswith("frozen: ")
    assert posts.weights() == {"blue": 90, "green": 10}
    assert posts.counts()["blue"] == (2, 2)
    return before


def test_a_frozen_failure_is_taken_back_when_a_person_says_so(posts: Scene) -> None:
    before = _frozen(posts)
    assert _told(posts, Word.ABORT).outcome is Outcome.ROLLED_BACK
    assert posts.standing() == before


def test_a_frozen_failure_goes_on_past_its_gates_when_a_person_says_so(posts: Scene) -> None:
    strict = Smoke(path="/api/posts", limits=Limits(every=60.0))
    posts.change(url="http://front.example", strategy=dc.replace(posts.specs["posts"].strategy, watch=(strict,)))
    posts.push("v2")
    frozen = posts.deploy({"posts": "v2"}, ask=lambda *_: Answer(404, "", 0.1))["posts"]
    assert (frozen.outcome, frozen.why) == (Outcome.STOPPED, "frozen: GET /api/posts: 404 in 0.10 s, wanted 200")
    assert _told(posts, Word.PROMOTE_FULLY).outcome is Outcome.SUCCEEDED, posts.told()
    assert posts.standing()["counts"] == {"green": (2, 2)}


def test_a_frozen_failure_that_goes_on_failing_stays_frozen(posts: Scene) -> None:
    _frozen(posts)
    assert posts.drive([Job(spec=posts.specs["posts"])])["posts"].outcome is Outcome.STOPPED
    assert posts.weights() == {"blue": 90, "green": 10}


def test_another_release_does_not_take_a_frozen_one_back_over_anybodys_head(posts: Scene) -> None:
    _frozen(posts)
    refused = posts.release("v3")
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, 16)
    assert refused.why.startswith("the rollout of v2 by a test stopped")
    assert posts.weights() == {"blue": 90, "green": 10}
    posts.change(on_conflict=OnConflict.SUPERSEDE)
    assert posts.deploy({"posts": "v3"})["posts"].outcome is Outcome.SUCCEEDED


def test_a_rollout_whose_ecs_services_are_gone_is_void_and_the_next_release_is_a_first_one(posts: Scene) -> None:
    stop = threading.Event()
    posts.push("v2")
    posts.deploy({"posts": "v2"}, sink=posts.when("bake", stop.set), stop=stop)
    for service in posts.specs["posts"].services.values():
        posts.aws.client("ecs").delete_service(cluster="main", service=service, force=True)
    posts.aws.sleep(300)
    result = posts.deploy({"posts": "v2"})["posts"]
    assert result.outcome is Outcome.SUCCEEDED, posts.told()
    assert unfinished(posts.store, "forum") == {}
    told = [(record["outcome"], record["why"]) for record in history.records(posts.store, "forum", "posts")]
    assert told[1] == ("stopped", "its ECS services are gone")
