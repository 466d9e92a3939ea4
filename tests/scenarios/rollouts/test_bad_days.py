"""AWS on a bad day: throttled, cut off, replies lost, lists in pages of one, permissions missing half-way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import canary
from orchestrator.sandbox.faults import Fault, Rule
from tests.scenarios.rollouts.scene import Scene

WRITES = ("RegisterTaskDefinition", "CreateService", "UpdateService", "ModifyRule", "Register*Target")


@pytest.fixture
def posts(stage: Scene) -> Iterator[Scene]:
    """Posts, running v1 on blue."""
    stage.service(strategy=canary([(10, 30)], bake=0, hold=0))
    assert stage.deploy()["posts"].outcome is Outcome.SUCCEEDED
    stage.events.clear()
    yield stage
    stage.aws.sandbox.faults.clear()


def _arrives(posts: Scene, tag: str) -> None:
    result = posts.release(tag)
    assert result.outcome is Outcome.SUCCEEDED, f"{result.why}\n{posts.told()}"
    decision = posts.assess()["posts"]
    assert (decision.live.unsettled, decision.acts) == ((), False)
    assert posts.suspended() == {}


@pytest.mark.parametrize("fault", [Fault.LOST_REPLY, Fault.RESET, Fault.ERROR])
def test_every_write_that_fails_once_or_whose_reply_is_lost_is_made_good(posts: Scene, fault: Fault) -> None:
    faults = posts.aws.sandbox.faults
    for operation in WRITES:
        faults.add(Rule(fault=fault, operation=operation, count=1))
    _arrives(posts, "v2")
    assert {rule.operation: taken for rule, taken in faults.taken()} == dict.fromkeys(WRITES, 1)


def test_a_label_that_could_not_be_written_is_written_again(posts: Scene) -> None:
    _arrives(posts, "v2")
    posts.aws.sandbox.faults.add(Rule(fault=Fault.ERROR, operation="TagResource", count=1))
    _arrives(posts, "v3")
    assert posts.aws.sandbox.faults.taken()[0][1] == 1


def test_a_lost_reply_to_a_registration_leaves_no_revision_that_nobody_uses(posts: Scene) -> None:
    posts.aws.sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, operation="RegisterTaskDefinition", count=1))
    _arrives(posts, "v2")
    listed = posts.aws.client("ecs").list_task_definitions(familyPrefix="forum-posts")["taskDefinitionArns"]
    assert len(listed) == 2


def test_a_third_of_all_calls_throttled_only_takes_longer(posts: Scene) -> None:
    posts.aws.sandbox.faults.add(Rule(fault=Fault.THROTTLE, service="e[cl]*", rate=0.33))
    _arrives(posts, "v2")


def test_a_tenth_of_all_replies_cut_off_only_takes_longer(posts: Scene) -> None:
    posts.aws.sandbox.faults.add(Rule(fault=Fault.TRUNCATED, service="e[cl]*", rate=0.1, seed=7))
    _arrives(posts, "v2")


def test_a_permission_that_is_missing_when_traffic_is_to_move_takes_the_release_back(posts: Scene) -> None:
    posts.aws.sandbox.faults.add(Rule(fault=Fault.DENIED, operation="ModifyRule", count=1))
    result = posts.release("v2")
    assert result.outcome is Outcome.ROLLED_BACK
    assert "AccessDenied" in result.why
    assert posts.weights() == {"blue": 100, "green": 0}
    assert posts.counts() == {"blue": (2, 2), "green": (0, 0)}
    assert posts.suspended() == {}


def test_a_way_back_that_aws_refuses_is_reported_as_failed_and_goes_on_when_it_is_allowed(posts: Scene) -> None:
    faults = posts.aws.sandbox.faults
    posts.push("v2", "late-crash=60")
    refuse = posts.when("bake", lambda: faults.add(Rule(fault=Fault.DENIED, operation="ModifyRule")))
    posts.change(strategy=canary([(10, 600)], bake=0, hold=0))
    result = posts.deploy({"posts": "v2"}, sink=refuse)["posts"]
    assert (result.outcome, result.exit_code) == (Outcome.ROLLBACK_FAILED, 11), posts.told()
    assert posts.counts()["blue"] == (2, 2)
    tried = [call.at for call in posts.aws.sandbox.calls if call.operation == "ModifyRule" and call.struck]
    assert 120 < tried[-1] - tried[0] < 240, "IAM takes up to two minutes; after that a person is told"
    assert posts.deploy({"posts": "v2"})["posts"].outcome is Outcome.ROLLBACK_FAILED
    again = [call.at for call in posts.aws.sandbox.calls if call.operation == "ModifyRule" and call.struck]
    assert again[-1] - again[len(tried)] > 120, "whoever takes it up again may have given the permission just before"
    faults.clear()
    assert posts.deploy({"posts": "v2"})["posts"].outcome is Outcome.ROLLED_BACK
    assert posts.weights() == {"blue": 100, "green": 0}
