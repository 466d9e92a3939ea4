"""DynamoDB refuses what comes while it is at a table, and a second change of the time to live within an hour."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.strict.network import refused
from tests.world import Aws

NAME = {"TableName": "orders"}
ITEM = {"id": {"S": "1"}}
MAKING, CHANGING, GOING, FILLING = 2, 1, 1, 20


@pytest.fixture
def client(aws: Aws) -> Any:
    made: Any = aws.client("dynamodb")
    make(made)
    return made


def make(client: Any) -> None:
    client.create_table(
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        TableClass="STANDARD_INFREQUENT_ACCESS",
        **NAME,
    )


def told(client: Any) -> Any:
    return client.describe_table(**NAME)["Table"]


def live(client: Any, attribute: str, *, on: bool) -> None:
    client.update_time_to_live(TimeToLiveSpecification={"Enabled": on, "AttributeName": attribute}, **NAME)


def test_a_table_that_is_being_made_takes_no_items_no_changes_and_no_backups(aws: Aws, client: Any) -> None:
    recovery = {"PointInTimeRecoveryEnabled": True}
    assert (told(client)["TableStatus"], told(client)["TableClassSummary"]["TableClass"]) == (
        "CREATING",
        "STANDARD_INFREQUENT_ACCESS",
    )
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.put_item(Item=ITEM, **NAME)
    with refused("ResourceInUseException", "Table is being created: orders"):
        client.update_table(DeletionProtectionEnabled=True, **NAME)
    with refused("ContinuousBackupsUnavailableException"):
        client.update_continuous_backups(PointInTimeRecoverySpecification=recovery, **NAME)
    aws.sleep(MAKING)
    assert told(client)["TableStatus"] == "ACTIVE"
    client.put_item(Item=ITEM, **NAME)
    client.update_continuous_backups(PointInTimeRecoverySpecification=recovery, **NAME)


def test_a_table_takes_one_change_at_a_time_and_fills_a_new_index_in_the_end(aws: Aws, client: Any) -> None:
    aws.sleep(MAKING)
    keys = [{"AttributeName": "state", "KeyType": "HASH"}]
    index = {"IndexName": "by-state", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    attributes = [{"AttributeName": a, "AttributeType": "S"} for a in ("id", "state")]
    client.update_table(
        AttributeDefinitions=attributes, GlobalSecondaryIndexUpdates=[{"Create": index}], TableName="orders"
    )
    with refused("ResourceInUseException", "Table is being updated: orders"):
        client.update_table(DeletionProtectionEnabled=True, **NAME)
    client.put_item(Item=ITEM, **NAME)
    aws.sleep(CHANGING)
    assert [i["IndexStatus"] for i in told(client)["GlobalSecondaryIndexes"]] == ["CREATING"]
    aws.sleep(FILLING)
    assert [i["IndexStatus"] for i in told(client)["GlobalSecondaryIndexes"]] == ["ACTIVE"]


def test_a_deleted_table_is_told_and_keeps_its_name_until_it_is_gone(aws: Aws, client: Any) -> None:
    aws.sleep(MAKING)
    client.delete_table(**NAME)
    assert told(client)["TableStatus"] == "DELETING"
    with refused("ResourceInUseException", "Table is being deleted: orders"):
        make(client)
    aws.sleep(GOING)
    with refused("ResourceNotFoundException"):
        told(client)
    make(client)


def test_the_time_to_live_is_changed_once_an_hour_and_to_something_else(aws: Aws, client: Any) -> None:
    aws.sleep(MAKING)
    live(client, "expires", on=True)
    with refused("ValidationException", "TimeToLive is already enabled"):
        live(client, "expires", on=True)
    with refused("ValidationException", "Time to live has been modified multiple times within a fixed interval"):
        live(client, "expires", on=False)
    aws.sleep(3600)
    live(client, "expires", on=False)


def test_a_changed_key_is_told(aws: Aws, client: Any) -> None:
    aws.sleep(MAKING)
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    wanted = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    client.update_table(SSESpecification=wanted, **NAME)
    assert told(client)["SSEDescription"]["KMSMasterKeyArn"] == key
