"""What DynamoDB refuses while a table is being made, changed or deleted, and what it lets be changed once an hour."""

from __future__ import annotations

from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.registry import note, rule
from orchestrator.sandbox.world import tables

_HOUR = 3600.0
_SINCE = "_sandbox_ttl_since"
_DATA = ("DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
_CHANGES = ("DeleteTable", "UpdateTable", "UpdateTimeToLive")
_DOING = {tables.CREATING: "created", tables.UPDATING: "updated", tables.DELETING: "deleted"}


@rule("DDB-01", "dynamodb", *_DATA, code="ResourceNotFoundException")
def not_yet_there(call: Call) -> str | None:
    """A table that is being made takes no items."""
    return "Requested resource not found" if _state(call) == tables.CREATING else None


@rule("DDB-03", "dynamodb", *_CHANGES, code="ResourceInUseException")
def being_changed(call: Call) -> str | None:
    """A table is changed and deleted only while it is ACTIVE."""
    state = _state(call)
    if state in (tables.ACTIVE, None):
        return None
    return f"Attempt to change a resource which is still in use: Table is being {_DOING[state]}: {_name(call)}"


@rule("DDB-03", "dynamodb", "CreateTable", code="ResourceInUseException")
def not_yet_gone(call: Call) -> str | None:
    """A table that is being deleted keeps its name."""
    if _state(call) == tables.DELETING:
        return f"Attempt to change a resource which is still in use: Table is being deleted: {_name(call)}"
    return None


@rule("DDB-04", "dynamodb", "UpdateContinuousBackups", code="ContinuousBackupsUnavailableException")
def no_backups_yet(call: Call) -> str | None:
    """A table that is being made has no backups to turn on."""
    if _state(call) == tables.CREATING:
        return f"Backups are being enabled for the table: {_name(call)}. Please retry later"
    return None


@rule("DDB-05", "dynamodb", "UpdateTimeToLive", code="ValidationException")
def as_it_is(call: Call) -> str | None:
    """Time to live is not turned on, or off, twice."""
    table, on = _table(call), call.params["TimeToLiveSpecification"]["Enabled"]
    if table is not None and on == (table.ttl["TimeToLiveStatus"] == "ENABLED"):
        return f"TimeToLive is already {'enabled' if on else 'disabled'}"
    return None


@rule("DDB-05", "dynamodb", "UpdateTimeToLive", code="ValidationException")
def once_an_hour(call: Call) -> str | None:
    """Time to live is changed once an hour."""
    if call.now < getattr(_table(call), _SINCE, -_HOUR) + _HOUR:
        return "Time to live has been modified multiple times within a fixed interval"
    return None


@note("dynamodb", "UpdateTimeToLive")
def remember_when(call: Call) -> None:
    """From now on it has to be left alone for an hour."""
    if (table := _table(call)) is not None:
        setattr(table, _SINCE, call.now)


def _name(call: Call) -> str:
    """By its name, or its ARN."""
    return str(call.params.get("TableName", "")).rpartition("/")[2]


def _table(call: Call) -> Any:
    going = {table.name: table for table in tables.going(call.backend(), call.now)}
    return {**going, **call.backend().tables}.get(_name(call))


def _state(call: Call) -> str | None:
    table = _table(call)
    return None if table is None else tables.state(table, call.now)
