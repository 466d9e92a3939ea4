"""The store in a DynamoDB table: what every store does, and what a table that others call, too, brings with it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.errors import AwsError, Conflict
from orchestrator.core.store import Store
from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.stores.dynamodb import DynamoDbStore, make_table
from orchestrator.stores.dynamodb.store import LARGEST
from tests.stores.conformance import Conformance
from tests.world import REGION, Aws, world

TABLE = "team-locks"


@pytest.fixture(scope="module")
def shared() -> Iterator[Aws]:
    """One account for all tests of a process; each has a table of its own."""
    with world() as aws:
        yield aws


@pytest.fixture
def aws(shared: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", shared.sandbox.url)
    shared.sandbox.reset()
    make_table(door(shared), TABLE)
    yield shared
    shared.sandbox.faults.clear()


def door(aws: Aws) -> Door:
    return Door(Access(region=REGION), aws.clock)


def opened(aws: Aws, writer: str = "ada") -> DynamoDbStore:
    """The store as another process would open it."""
    return DynamoDbStore(door(aws), TABLE, writer)


class TestDynamoDbStore(Conformance):
    @pytest.fixture
    def store(self, aws: Aws) -> Store:
        return opened(aws)


class TestDynamoDbStoreWhoseRepliesAreLost(Conformance):
    """So that writes are sent again that were carried out, also after somebody else has written."""

    @pytest.fixture
    def store(self, aws: Aws) -> Store:
        aws.sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, service="dynamodb", operation="UpdateItem", rate=0.3))
        aws.sandbox.faults.add(Rule(fault=Fault.THROTTLE, service="dynamodb", rate=0.1))
        return opened(aws)


def test_another_machine_sees_what_was_saved_and_cannot_overwrite_what_it_has_not_seen(aws: Aws) -> None:
    ada, bob = opened(aws, "ada"), opened(aws, "bob")
    first = ada.save("forum/rollouts/posts", {"stage": 1}, None)
    assert bob.load("forum/rollouts/posts") == first
    bob.save("forum/rollouts/posts", {"stage": 2}, first.version)
    with pytest.raises(Conflict, match="forum/rollouts/posts was changed by somebody else"):
        ada.save("forum/rollouts/posts", {"stage": 3}, first.version)


@pytest.mark.parametrize("expected", [None, 1])
def test_a_write_whose_reply_was_lost_is_no_conflict_with_itself(aws: Aws, expected: int | None) -> None:
    store = opened(aws)
    if expected:
        store.save("leases/forum", {"fence": 1}, None)
    lost = Rule(fault=Fault.LOST_REPLY, service="dynamodb", operation="UpdateItem", skip=0 if expected else 1, count=2)
    aws.sandbox.faults.add(lost)
    saved = store.save("leases/forum", {"fence": 2}, expected)
    assert store.load("leases/forum") == saved
    assert (saved.value, saved.version) == ({"fence": 2}, (expected or 0) + 1)


def test_the_same_value_written_by_two_is_a_conflict_all_the_same(aws: Aws) -> None:
    """Two that count up from the same number write the same: only one of them has counted."""
    ada, bob = opened(aws, "ada"), opened(aws, "bob")
    ada.save("counter", {"n": 1}, None)
    with pytest.raises(Conflict):
        bob.save("counter", {"n": 1}, None)


@pytest.mark.parametrize(("times", "known"), [(1, True), (15, True), (16, False)])
def test_a_write_that_was_overtaken_after_its_reply_was_lost_is_known_for_some_writes(
    aws: Aws, times: int, known: bool
) -> None:
    """Who is told of a conflict writes again: what was counted already would be counted twice."""
    ada, bob = opened(aws, "ada"), opened(aws, "bob")
    first = ada.save("counter", {"n": 1}, None)
    client = ada._aws.client("dynamodb")
    send = client._make_api_call

    def overtaken(operation: str, params: Any) -> Any:
        if operation == "UpdateItem":
            send(operation, params)
            for n in range(times):
                bob.save("counter", {"n": 3 + n}, first.version + 1 + n)
        return send(operation, params)

    client._make_api_call = overtaken
    if known:
        assert ada.save("counter", {"n": 2}, first.version).version == 2
    else:
        with pytest.raises(Conflict):
            ada.save("counter", {"n": 2}, first.version)
    left = bob.load("counter")
    assert left is not None
    assert left.value == {"n": 2 + times}


def test_keys_are_listed_by_query_over_all_pages(aws: Aws) -> None:
    store = opened(aws)
    wanted = [f"forum/history/posts/{n:03}" for n in range(7)]
    for n, key in enumerate(wanted):
        store.save(key, {"n": n}, None)
    store.save("forum-prod/history/posts/000", {}, None)
    client = store._aws.client("dynamodb")
    send, sent = client._make_api_call, list[str]()

    def one_a_page(operation: str, params: Any) -> Any:
        sent.append(operation)
        return send(operation, {**params, "Limit": 1} if operation == "Query" else params)

    client._make_api_call = one_a_page
    assert list(store.keys("forum/history/")) == wanted
    assert set(sent) == {"Query"}
    assert len(sent) >= len(wanted)


def test_every_read_is_strongly_consistent(aws: Aws) -> None:
    store = opened(aws)
    client = store._aws.client("dynamodb")
    send, reads = client._make_api_call, list[bool]()

    def watched(operation: str, params: Any) -> Any:
        if operation != "UpdateItem":
            reads.append(params["ConsistentRead"])
        return send(operation, params)

    client._make_api_call = watched
    store.save("forum/a", {}, None)
    store.load("forum/a")
    list(store.keys("forum/"))
    list(store.keys("fo"))
    assert len(reads) == 4
    assert all(reads)


def test_a_long_value_is_compressed_and_a_longer_one_refused_with_its_size(aws: Aws) -> None:
    store = opened(aws)
    journal = {"journal": [{"stage": "bake", "at": n, "percent": 10} for n in range(20_000)]}
    assert len(json.dumps(journal)) > LARGEST
    saved = store.save("forum/history/posts/1", journal, None)
    assert store.load("forum/history/posts/1") == saved
    again = store.save("forum/history/posts/1", {"short": True}, saved.version)
    assert store.load("forum/history/posts/1") == again
    noise = random.Random(1).randbytes(LARGEST).hex()
    with pytest.raises(AwsError, match=r"forum/history/posts/1 is too large for DynamoDB: \d+ bytes"):
        store.save("forum/history/posts/1", {"noise": noise}, again.version)
    assert store.load("forum/history/posts/1") == again


def test_a_table_that_is_not_there_is_named_with_the_command_that_makes_it(aws: Aws) -> None:
    store = DynamoDbStore(door(aws), "other-locks", "ada")
    for use in (lambda: store.load("a"), lambda: store.save("a", {}, None), lambda: store.keys("a/")):
        with pytest.raises(AwsError, match=f"no DynamoDB table other-locks in {REGION}") as error:
            use()
        assert f"orchestrator store init 'dynamodb://other-locks?region={REGION}'" in error.value.hint


def test_a_refusal_names_the_action_the_table_and_all_that_is_needed(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.DENIED, service="dynamodb", operation="UpdateItem"))
    with pytest.raises(AwsError, match=f"dynamodb:UpdateItem on the table {TABLE} in {REGION} was refused") as error:
        opened(aws).save("a", {}, None)
    assert "dynamodb:GetItem, dynamodb:Query, dynamodb:UpdateItem" in error.value.hint


def test_throttling_is_waited_out_and_said_when_it_does_not_end(aws: Aws) -> None:
    throttled = {"fault": Fault.THROTTLE, "service": "dynamodb", "code": "ProvisionedThroughputExceededException"}
    aws.sandbox.faults.add(Rule(**throttled, count=5))
    store = opened(aws)
    store.save("a", {}, None)
    aws.sandbox.faults.add(Rule(**throttled))
    with pytest.raises(AwsError, match=f"{TABLE} in {REGION} is throttled"):
        store.load("a")


def test_an_item_that_is_not_what_was_written_is_named_with_what_to_do(aws: Aws) -> None:
    item = {"scope": {"S": "forum"}, "key": {"S": "forum/rollout"}, "version": {"N": "1"}, "value": {"S": "{"}}
    aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
    with pytest.raises(AwsError, match="cannot read forum/rollout") as error:
        opened(aws).load("forum/rollout")
    assert "point in time" in error.value.hint
