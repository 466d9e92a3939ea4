"""A store that several machines share: conditional writes, strongly consistent reads, listing by Query.

An item's partition is the first name of its key (a stack, or ``leases``), so what is listed together lies together; the
partition ``/`` lists the others. Each write leaves a mark of its own beside those of the last few before it: one whose
reply was lost is sent again, its condition then fails on what we wrote ourselves or on what somebody has since made of
it, and the mark tells that it was written.
"""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify, code_of, message_of
from orchestrator.aws.redact import Redactor
from orchestrator.core.clock import Clock
from orchestrator.core.errors import AwsError, Conflict, OrchestratorError
from orchestrator.core.store import Stored, names_of
from orchestrator.stores.dynamodb.skew import checked
from orchestrator.stores.dynamodb.table import KEY, SCOPE

READING = frozenset({"dynamodb:GetItem", "dynamodb:Query"})
WRITING = frozenset({"dynamodb:UpdateItem"})
LARGEST = 400_000
"""Bytes of a value. An item holds 400 KB (409600 bytes), its attributes' names and its key included."""
_SCOPES = "/"
_MARKS = tuple(f"write{n}" for n in range(16))
_NAMES = {"#scope": SCOPE, "#key": KEY}


class DynamoDbStore:
    """Compare-and-swap over the items of a table. ``writer`` is a text that no other process has.

    One of ``clocks``, where any are given, has to agree with AWS's: ours, or the endpoint's where that runs faster.
    """

    def __init__(self, aws: Aws, table: str, writer: str, clocks: tuple[Clock, ...] = ()) -> None:
        self._aws = aws
        self._table = table
        self._writer = writer
        self._unchecked = clocks
        self._writes = itertools.count(1)
        self._listed: set[str] = set()

    def load(self, key: str) -> Stored | None:
        item = self._item(key)
        return _stored(item) if item else None

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        scope, text = names_of(key)[0], json.dumps(dict(value))
        if expected is None:
            self._list(scope)
        version, mark = (expected or 0) + 1, f"{self._writer}.{next(self._writes)}"
        try:
            self._ask("UpdateItem", Key=_place(scope, key), **_change(key, text, version, expected, mark))
        except Conflict:
            found = self._item(key) or {}
            if not any(found.get(name) == {"S": mark} for name in _MARKS):
                raise Conflict(
                    f"{key} was changed by somebody else meanwhile", hint="look again, then try again"
                ) from None
        return Stored(json.loads(text), version)

    def keys(self, prefix: str) -> Iterator[str]:
        scope, slash, _ = prefix.partition("/")
        scopes = [scope] if slash else list(self._query(_SCOPES, prefix))
        return iter(sorted(key for scope in scopes for key in self._query(scope, prefix)))

    def _item(self, key: str) -> Mapping[str, Any] | None:
        place = _place(names_of(key)[0], key)
        found: Mapping[str, Any] | None = self._ask("GetItem", Key=place, ConsistentRead=True).get("Item")
        return found

    def _list(self, scope: str) -> None:
        """Put a partition on the list of them, before there is anything in it."""
        if scope not in self._listed:
            self._ask(
                "UpdateItem",
                Key=_place(_SCOPES, scope),
                UpdateExpression=f"SET {_MARKS[0]} = :writer",
                ExpressionAttributeValues={":writer": {"S": self._writer}},
            )
            self._listed.add(scope)

    def _query(self, scope: str, prefix: str) -> Iterator[str]:
        """The keys of a partition that begin with a prefix. A condition on an empty text is not allowed."""
        condition, values = "#scope = :scope", {":scope": {"S": scope}}
        if prefix:
            condition, values = f"{condition} AND begins_with(#key, :prefix)", {**values, ":prefix": {"S": prefix}}
        start: dict[str, Any] = {}
        while True:
            page = self._ask(
                "Query",
                KeyConditionExpression=condition,
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues=values,
                ProjectionExpression="#key",
                ConsistentRead=True,
                **start,
            )
            yield from (item[KEY]["S"] for item in page.get("Items") or ())
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    @cached_property
    def _operations(self) -> Mapping[str, Any]:
        client = self._aws.client("dynamodb")
        return {"GetItem": client.get_item, "UpdateItem": client.update_item, "Query": client.query}

    def _ask(self, operation: str, **params: Any) -> Mapping[str, Any]:
        """One answer of the table. Raises ``Conflict`` when a condition does not hold, else ``AwsError``."""
        clocks, self._unchecked = self._unchecked, ()
        try:
            answer: Mapping[str, Any] = checked(
                lambda: self._operations[operation](TableName=self._table, **params), clocks
            )
        except OrchestratorError:
            raise
        except Exception as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise Conflict(message_of(error)) from error
            raise self._explained(operation, error) from error
        return answer

    def _explained(self, operation: str, error: Exception) -> AwsError:
        table, region = self._table, self._aws.region
        match classify(error):
            case ErrorClass.NOT_FOUND:  # ResourceNotFoundException, also while the table is being created
                return AwsError(
                    f"there is no DynamoDB table {table} in {region}, or it is not ready yet",
                    hint=f"make it: orchestrator store init 'dynamodb://{table}?region={region}'",
                )
            case ErrorClass.DENIED:
                return AwsError(
                    f"dynamodb:{operation} on the table {table} in {region} was refused: "
                    + Redactor()(message_of(error)),
                    hint=f"allow the caller {', '.join(sorted(READING | WRITING))} on the table, as orchestrator "
                    "iam-policy does",
                )
            case ErrorClass.THROTTLED:
                return AwsError(
                    f"the DynamoDB table {table} in {region} is throttled ({code_of(error)})",
                    hint="bill it on demand or provide more capacity, then run the same again",
                )
        said = f"{code_of(error)}: {Redactor()(message_of(error))}"
        return AwsError(f"dynamodb:{operation} on the table {table} in {region} failed: {said}")


def _place(scope: str, key: str) -> dict[str, Any]:
    return {SCOPE: {"S": scope}, KEY: {"S": key}}


def _change(key: str, text: str, version: int, expected: int | None, mark: str) -> dict[str, Any]:
    """The parameters that make a value the next version, if the one before it is still there.

    Marks move up by one, the oldest first, so that it makes no difference whether what is set is seen at once.
    """
    name, value = _packed(key, text)
    other = "value" if name == "packed" else "packed"
    moves = [f"{after} = if_not_exists({before}, :none)" for before, after in reversed(list(pairwise(_MARKS)))]
    settings = [*moves, f"{_MARKS[0]} = :mark", "#version = :version", f"#{name} = :value"]
    values = {":none": {"S": ""}, ":mark": {"S": mark}, ":version": {"N": str(version)}, ":value": value}
    names = {"#version": "version", f"#{name}": name, f"#{other}": other}
    if expected is None:
        condition = "attribute_not_exists(#version)"
    else:
        condition, values[":expected"] = "#version = :expected", {"N": str(expected)}
    return {
        "UpdateExpression": f"SET {', '.join(settings)} REMOVE #{other}",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _packed(key: str, text: str) -> tuple[str, dict[str, Any]]:
    """The value as an attribute, its name first: readable in the console unless it is too long for that."""
    if len(text) <= LARGEST:  # json.dumps writes ASCII: as many bytes as characters
        return "value", {"S": text}
    packed = zlib.compress(text.encode())
    if len(packed) > LARGEST:
        raise AwsError(
            f"{key} is too large for DynamoDB: {len(packed)} bytes compressed, allowed: {LARGEST}",
            hint="what was there is untouched",
        )
    return "packed", {"B": packed}


def _stored(item: Mapping[str, Any]) -> Stored:
    try:
        text = item["value"]["S"] if "value" in item else zlib.decompress(item["packed"]["B"])
        return Stored(dict(json.loads(text)), int(item["version"]["N"]))
    except (KeyError, ValueError, TypeError, zlib.error) as error:
        raise AwsError(
            f"cannot read {item[KEY]['S']}: it is not what was written ({error!r})",
            hint="restore the table to a point in time, or delete the item: live AWS is the truth, only history and "
            "progress are lost",
        ) from error
