"""DynamoDB: tables come, change and go in their own time, and their class and key are not forgotten."""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import dynamodb_backends

from orchestrator.sandbox.repairs.operations import Call, Proceed, Reply, repair
from orchestrator.sandbox.world import tables

_CLASS = "_sandbox_class"


def _backend(call: Call) -> Any:
    return dynamodb_backends[call.account][call.region]


def _table(call: Call) -> Any:
    """The table that a call is about, by its name or its ARN."""
    name = str(call.params["TableName"]).rpartition("/")[2]
    return _backend(call).tables.get(name)


def _told(call: Call, table: Any, description: Reply) -> Reply:
    """A description as AWS gives it: with states, and without empty lists."""
    chosen = getattr(table, _CLASS, None)
    summary = {"TableClassSummary": {"TableClass": chosen}} if chosen else {}
    indexes = [
        {**index, "IndexStatus": tables.CREATING if tables.filling(table, index["IndexName"], call.now) else "ACTIVE"}
        for index in description.get("GlobalSecondaryIndexes", ())
    ]
    kept = {name: value for name, value in description.items() if value not in ([], {})}
    listed = {"GlobalSecondaryIndexes": indexes} if indexes else {}
    return {**kept, **summary, **listed, "TableStatus": tables.state(table, call.now)}


@repair("dynamodb", "CreateTable")
def takes_a_while(call: Call, proceed: Proceed) -> Reply:
    """Moto's tables are ACTIVE at once, and have forgotten their class."""
    description = proceed()["TableDescription"]
    table = _table(call)
    setattr(table, _CLASS, call.params.get("TableClass"))
    tables.begin(table, tables.CREATING, call.now)
    return {"TableDescription": _told(call, table, description)}


@repair("dynamodb", "DescribeTable")
def told_with_its_state(call: Call, proceed: Proceed) -> Reply:
    """Also while it is being deleted, when moto knows of it no more."""
    if (table := _table(call)) is not None:
        return {"Table": _told(call, table, proceed()["Table"])}
    name = str(call.params["TableName"]).rpartition("/")[2]
    for table in tables.going(_backend(call), call.now):
        if table.name == name:
            return {"Table": _told(call, table, table.describe()["TableDescription"])}
    return proceed()


@repair("dynamodb", "UpdateTable")
def changed_in_its_time(call: Call, proceed: Proceed) -> Reply:
    """Moto overlooks class and key, and takes a stream that was ended for one that is there."""
    table, asked = _table(call), call.params
    if table is not None and not (table.stream_specification or {}).get("StreamEnabled"):
        table.latest_stream_label = None
    proceed()
    tables.begin(table, tables.UPDATING, call.now)
    if "TableClass" in asked:
        setattr(table, _CLASS, asked["TableClass"])
    if "SSESpecification" in asked:
        table.sse_specification = asked["SSESpecification"] if asked["SSESpecification"].get("Enabled") else None
    for change in asked.get("GlobalSecondaryIndexUpdates", ()):
        if "Create" in change:
            tables.fill(table, change["Create"]["IndexName"], call.now)
    return {"TableDescription": _told(call, table, table.describe()["TableDescription"])}


@repair("dynamodb", "DeleteTable")
def going_for_a_while(call: Call, proceed: Proceed) -> Reply:
    """Moto's is gone at once."""
    table = _table(call)
    description = proceed()["TableDescription"]
    tables.bury(_backend(call), table, call.now)
    return {"TableDescription": _told(call, table, description)}
