"""The table that a store needs: what it is like, and how it is made for those who ask for it.

Its keys are all that the store relies on. What guards it (point-in-time recovery, protection against deletion) is put
on tables that we made; one that somebody else looks after is used as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from orchestrator.aws.door import Aws, UnknownOutcome
from orchestrator.aws.errors import ErrorClass, classify, code_of, unless_gone
from orchestrator.aws.tags import as_list, as_map
from orchestrator.core.errors import AwsError

T = TypeVar("T")

SCOPE = "scope"
KEY = "key"
STORE_TAG = "orchestrator:store"
_KEYS = {SCOPE: "HASH", KEY: "RANGE"}
_POLL = 3.0
_PATIENCE = 600.0


def make_table(aws: Aws, name: str) -> tuple[str, ...]:
    """Make the table, or what it lacks; what was done, in order. Done twice, the second time does nothing.

    Raises ``AwsError`` when a table of that name is not ours.
    """
    client, done = aws.client("dynamodb"), list[str]()
    if _described(client, name) is None and _create(client, name):
        done.append("created")
    table = _active(aws, name)
    _check_keys(name, table)
    if not done:  # the tag of one just made may not be listed yet
        _check_ours(client, name, table["TableArn"])
    if not table.get("DeletionProtectionEnabled"):
        client.update_table(TableName=name, DeletionProtectionEnabled=True)
        _active(aws, name)
        done.append("protected against deletion")
    if _recover(aws, name):
        done.append("point-in-time recovery turned on")
    return tuple(done)


def _described(client: Any, name: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = unless_gone(lambda: client.describe_table(TableName=name)["Table"])
    return found


def _create(client: Any, name: str) -> bool:
    """Whether it was us; somebody else may be at it, or our own call whose reply was lost."""
    try:
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": a, "KeyType": k} for a, k in _KEYS.items()],
            AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in _KEYS],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=True,
            Tags=as_list({STORE_TAG: name}),
        )
    except UnknownOutcome:
        if _described(client, name) is None:
            raise
    except Exception as error:
        if classify(error) is ErrorClass.BUSY:  # ResourceInUseException: Table already exists
            return False
        raise
    return True


def _active(aws: Aws, name: str) -> Mapping[str, Any]:
    """The table once it can be used. DescribeTable may not know a table yet that CreateTable has just made."""
    for table in _looks(aws, lambda: _described(aws.client("dynamodb"), name)):
        if table and table["TableStatus"] == "ACTIVE":
            return dict(table)
    raise AwsError(
        f"the DynamoDB table {name} was not ACTIVE after {_PATIENCE:.0f} s", hint="run the same again, it goes on"
    )


def _looks(aws: Aws, look: Callable[[], T]) -> Iterator[T]:
    """What is seen now and every few seconds, for as long as it is worth waiting."""
    end = aws.clock.now() + _PATIENCE
    while True:
        yield look()
        if aws.clock.now() >= end:
            return
        aws.clock.sleep(_POLL)


def _check_keys(name: str, table: Mapping[str, Any]) -> None:
    keys = {k["AttributeName"]: k["KeyType"] for k in table["KeySchema"]}
    types = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
    if keys != _KEYS or any(types.get(k) != "S" for k in _KEYS):
        raise AwsError(
            f"the DynamoDB table {name} exists with the keys {', '.join(sorted(keys))}: it is for something else",
            hint="choose another name; nothing was changed",
        )


def _check_ours(client: Any, name: str, arn: str) -> None:
    pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    if STORE_TAG not in as_map([tag for page in pages for tag in page.get("Tags") or ()]):
        raise AwsError(
            f"the DynamoDB table {name} exists and does not carry the tag {STORE_TAG}",
            hint="its keys are right: it can be used as it is, or tagged to be looked after; nothing was changed",
        )


def _recover(aws: Aws, name: str) -> bool:
    """Turn point-in-time recovery on; whether it was off. A new table has no backups to turn on for a while."""
    client = aws.client("dynamodb")

    def turn_on() -> bool:
        try:
            client.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
        except Exception as error:
            if code_of(error) in ("ContinuousBackupsUnavailableException", "TableNotFoundException"):
                return False
            raise
        return True

    told = unless_gone(lambda: client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"])
    if told and told.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED":
        return False
    if any(_looks(aws, turn_on)):
        return True
    raise AwsError(
        f"point-in-time recovery of the DynamoDB table {name} cannot be turned on yet", hint="run the same again later"
    )
