"""The table that a store needs, made on request: guarded, once, whatever becomes of the calls."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.errors import AwsError
from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.stores.dynamodb import make_table
from tests.world import REGION, Aws, world

ALL = ("created", "point-in-time recovery turned on")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    with world() as started:
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.sandbox.url)
        yield started


def made(aws: Aws, name: str = "locks") -> tuple[str, ...]:
    return make_table(Door(Access(region=REGION), aws.clock), name)


def table(aws: Aws) -> dict[str, Any]:
    client = aws.client("dynamodb")
    found = client.describe_table(TableName="locks")["Table"]
    backups = client.describe_continuous_backups(TableName="locks")["ContinuousBackupsDescription"]
    return {
        "billing": found["BillingModeSummary"]["BillingMode"],
        "protected": found["DeletionProtectionEnabled"],
        "restorable": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "tags": client.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"],
    }


GUARDED = {
    "billing": "PAY_PER_REQUEST",
    "protected": True,
    "restorable": "ENABLED",
    "tags": [{"Key": "orchestrator:store", "Value": "locks"}],
}


def test_it_is_billed_on_demand_restorable_protected_and_tagged(aws: Aws) -> None:
    assert made(aws) == ALL
    assert table(aws) == GUARDED


def test_made_twice_there_is_nothing_to_do(aws: Aws) -> None:
    made(aws)
    assert made(aws) == ()


@pytest.mark.parametrize("fault", [Fault.LOST_REPLY, Fault.TRUNCATED, Fault.THROTTLE, Fault.ERROR])
@pytest.mark.parametrize("operation", ["CreateTable", "UpdateContinuousBackups", "Describe*"])
def test_whatever_becomes_of_a_call_the_table_is_whole_at_the_second_try(
    aws: Aws, fault: Fault, operation: str
) -> None:
    aws.sandbox.faults.add(Rule(fault=fault, service="dynamodb", operation=operation, count=1))
    try:
        made(aws)
    except AwsError:
        made(aws)
    assert table(aws) == GUARDED


def test_what_a_table_of_ours_lacks_is_put_right(aws: Aws) -> None:
    made(aws)
    client = aws.client("dynamodb")
    client.update_table(TableName="locks", DeletionProtectionEnabled=False)
    off = {"PointInTimeRecoveryEnabled": False}
    client.update_continuous_backups(TableName="locks", PointInTimeRecoverySpecification=off)
    assert made(aws) == ("protected against deletion", "point-in-time recovery turned on")
    assert table(aws) == GUARDED


def test_recovery_that_is_not_to_be_had_yet_is_waited_for(aws: Aws) -> None:
    early = Rule(
        fault=Fault.DENIED,
        service="dynamodb",
        operation="UpdateC*",
        code="ContinuousBackupsUnavailableException",
        count=3,
    )
    aws.sandbox.faults.add(early)
    before = aws.clock.now()
    assert made(aws) == ALL
    assert aws.clock.now() - before == 3 + 9, "until it is seen ACTIVE, and once more for each refusal"


def test_a_table_is_used_only_once_it_is_active_and_may_be_unknown_at_first(aws: Aws) -> None:
    door = Door(Access(region=REGION), aws.clock)
    client = door.client("dynamodb")
    send, told, changed = client._make_api_call, [None, "CREATING", "CREATING"], list[float]()

    def early(operation: str, params: Any) -> Any:
        answer = send(operation, params)  # raises until the table is made
        if operation == "UpdateContinuousBackups":
            changed.append(aws.clock.now())
        if operation == "DescribeTable" and told:
            status = told.pop(0)
            if status is None:
                raise client.exceptions.ResourceNotFoundException(
                    {"Error": {"Code": "ResourceNotFoundException"}}, operation
                )
            answer["Table"]["TableStatus"] = status
        return answer

    client._make_api_call = early
    began = aws.clock.now()
    assert make_table(door, "locks") == ALL
    assert changed == [began + 9]


def test_a_table_that_does_not_become_active_ends_the_wait(aws: Aws) -> None:
    made(aws)
    door = Door(Access(region=REGION), aws.clock)
    client = door.client("dynamodb")
    send = client._make_api_call

    def never(operation: str, params: Any) -> Any:
        answer = send(operation, params)
        if operation == "DescribeTable":
            answer["Table"]["TableStatus"] = "UPDATING"
        return answer

    client._make_api_call = never
    with pytest.raises(AwsError, match="was not ACTIVE after 600 s") as error:
        make_table(door, "locks")
    assert "run the same again" in error.value.hint


def test_a_table_of_somebody_else_is_left_alone(aws: Aws) -> None:
    key = {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "id", "AttributeType": "S"}
    client = aws.client("dynamodb")
    client.create_table(
        TableName="locks", KeySchema=[key[0]], AttributeDefinitions=[key[1]], BillingMode="PAY_PER_REQUEST"
    )
    with pytest.raises(AwsError, match="exists with the keys id: it is for something else"):
        made(aws)
    assert not client.describe_table(TableName="locks")["Table"]["DeletionProtectionEnabled"]


def test_a_table_with_our_keys_and_without_our_tag_is_not_looked_after(aws: Aws) -> None:
    made(aws)
    client = aws.client("dynamodb")
    arn = client.describe_table(TableName="locks")["Table"]["TableArn"]
    client.untag_resource(ResourceArn=arn, TagKeys=["orchestrator:store"])
    with pytest.raises(AwsError, match="does not carry the tag") as error:
        made(aws)
    assert "can be used as it is" in error.value.hint
