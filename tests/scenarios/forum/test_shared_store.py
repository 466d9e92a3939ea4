"""Two machines with one table between them: what one leaves half-way, the other brings to its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.app import steering
from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.errors import LockHeld
from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.stores.dynamodb import DynamoDbStore, make_table
from tests.scenarios.forum import colours
from tests.scenarios.forum.forum import REGION, Forum, forum

KEPT = {"leases", "rollouts", "orders", "history", "refusals"}
"""What AWS itself cannot tell."""


def machine(stage: Forum, name: str) -> Forum:
    """Another machine that works on the same account and shares nothing with this one but the table."""
    door = Door(Access(region=REGION), stage.aws.clock)
    return Forum(stage.aws, store=DynamoDbStore(door, "team-locks", name))


@pytest.fixture(scope="module")
def one() -> Iterator[Forum]:
    with forum() as stage:
        make_table(Door(Access(region=REGION), stage.aws.clock), "team-locks")
        lost = Rule(fault=Fault.LOST_REPLY, service="dynamodb", operation="UpdateItem", rate=0.1)
        stage.aws.sandbox.faults.add(lost)
        stage.aws.sandbox.faults.add(Rule(fault=Fault.THROTTLE, service="dynamodb", rate=0.1))
        first = machine(stage, "one")
        assert not first.apply().outcome
        yield first


def test_a_release_that_one_machine_left_is_ended_and_told_by_another(one: Forum) -> None:
    other = machine(one, "other")
    before = colours.active(one, "posts")
    one.aws.push("forum/posts", "v2")
    one.killed_at("bake", posts="v2")
    assert not other.apply().outcome
    assert colours.shares(one, "posts")[before] == 0
    assert (one.wrong, one.look().empty) == ([], True)
    for seen in (one, other):
        told = next(steering.records(seen.system, "posts"))
        assert (told["outcome"], told["release"]["image"].partition("@")[0]) == ("succeeded", "v2")


def test_a_stack_that_one_machine_works_on_is_held_for_all(one: Forum) -> None:
    with one.system.hold("apply"), pytest.raises(LockHeld, match=r"forum is held by .*: apply"):
        machine(one, "other").apply()


def test_nothing_is_kept_that_aws_can_tell(one: Forum) -> None:
    keys = list(one.store.keys(""))
    assert keys
    assert {key.split("/")[0 if key.startswith("leases/") else 1].partition("@")[0] for key in keys} <= KEPT
