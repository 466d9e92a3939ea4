"""How long DynamoDB takes over a table: being made, changed and deleted, which moto does in no time at all.

AWS takes 5 to 20 s. Here it is less, so that whoever tries something in real time does not wait for a figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ACTIVE, CREATING, UPDATING, DELETING = "ACTIVE", "CREATING", "UPDATING", "DELETING"
_TAKES = {CREATING: 2.0, UPDATING: 1.0, DELETING: 1.0}
_FILLING = 20.0
"""What a new index takes, beyond the change of its table."""

_STATE = "_sandbox_state"
_INDEXES = "_sandbox_indexes"
_GONE = "_sandbox_gone"


def begin(table: Any, doing: str, now: float) -> None:
    """From now on AWS is at it."""
    setattr(table, _STATE, (doing, now + _TAKES[doing]))


def state(table: Any, now: float) -> str:
    """What DescribeTable calls it."""
    doing, until = getattr(table, _STATE, (ACTIVE, 0.0))
    return doing if now < until else ACTIVE


def fill(table: Any, index: str, now: float) -> None:
    """From now on a new index is filled with what the table holds."""
    vars(table).setdefault(_INDEXES, {})[index] = now + _TAKES[UPDATING] + _FILLING


def filling(table: Any, index: str, now: float) -> bool:
    """Whether an index is not complete yet."""
    return bool(now < getattr(table, _INDEXES, {}).get(index, 0.0))


def bury(backend: Any, table: Any, now: float) -> None:
    """Keep what moto has forgotten for as long as AWS takes to delete it."""
    begin(table, DELETING, now)
    vars(backend).setdefault(_GONE, {})[table.name] = table


def going(backend: Any, now: float) -> Iterator[Any]:
    """The tables that are being deleted."""
    yield from (t for t in vars(backend).get(_GONE, {}).values() if state(t, now) == DELETING)
