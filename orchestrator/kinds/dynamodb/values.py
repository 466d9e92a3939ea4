"""A DynamoDB table as a plan states it, and as AWS's description of one is read."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from orchestrator.core.resource import attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Named

ON_DEMAND = "PAY_PER_REQUEST"


@dc.dataclass(frozen=True)
class Key:
    """An attribute by which items are found: text (``S``), a number (``N``) or binary (``B``)."""

    name: str
    type: Literal["S", "N", "B"] = "S"


@dc.dataclass(frozen=True)
class Index:
    """A global secondary index: its partition key, its sort key if it has one, and what it knows beside the keys."""

    keys: tuple[Key, ...]
    projection: Literal["ALL", "KEYS_ONLY", "INCLUDE"] = "ALL"
    include: frozenset[str] = frozenset()


@dc.dataclass(frozen=True)
class Capacity:
    """Units of reading and writing a second, for what is not billed on demand."""

    read: int
    write: int


def _parse_keys(schema: Iterable[Mapping[str, str]], types: Iterable[Mapping[str, str]]) -> tuple[Key, ...]:
    type_of: dict[str, Any] = {a["AttributeName"]: a["AttributeType"] for a in types}
    partition_first = sorted(schema, key=lambda key: key["KeyType"] != "HASH")
    return tuple(Key(k["AttributeName"], type_of[k["AttributeName"]]) for k in partition_first)


def _parse_index(index: Mapping[str, Any], types: Sequence[Mapping[str, str]]) -> Index:
    projection = index["Projection"]
    known = frozenset(projection.get("NonKeyAttributes") or ())
    return Index(_parse_keys(index["KeySchema"], types), projection["ProjectionType"], known)


def _parse_indexes(told: Mapping[str, Any]) -> dict[str, Index]:
    """One that is being deleted is as good as gone."""
    lasting = [i for i in told["indexes"] or () if i.get("IndexStatus") != "DELETING"]
    return {index["IndexName"]: _parse_index(index, told["types"]) for index in lasting}


@dc.dataclass(frozen=True, kw_only=True)
class Table(Named):
    """A table. ``keys`` are the partition key and, if there is one, the sort key.

    ``capacity`` goes with PROVISIONED; an index has it too when it is made, and its own from then on. ``None`` leaves
    it to auto scaling. ``recovery`` is point-in-time recovery; ``ttl`` and ``stream`` are off when empty. ``key`` is
    the ARN of a KMS key; ``None`` leaves the encryption as it is, which at first is by DynamoDB's own.
    """

    kind: ClassVar[str] = "table"
    name_limit: ClassVar[int] = 255
    aws_name: str = attr("TableName", immutable=True)
    keys: tuple[Key, ...] = attr(
        "{keys: KeySchema, types: AttributeDefinitions}",
        parse=lambda told: _parse_keys(told["keys"], told["types"]),
        immutable=True,
    )
    indexes: Mapping[str, Index] = attr(
        "{indexes: GlobalSecondaryIndexes, types: AttributeDefinitions}", parse=_parse_indexes, factory=dict
    )
    billing: Literal["PAY_PER_REQUEST", "PROVISIONED"] = attr(
        "BillingModeSummary.BillingMode || 'PROVISIONED'", default=ON_DEMAND
    )
    capacity: Capacity | None = attr(
        "ProvisionedThroughput",
        parse=lambda told: Capacity(told["ReadCapacityUnits"], told["WriteCapacityUnits"]),
        default=None,
    )
    table_class: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] = attr(
        "TableClassSummary.TableClass || 'STANDARD'", default="STANDARD"
    )
    deletion_protection: bool = attr("DeletionProtectionEnabled || `false`", default=True)
    recovery: bool = attr(default=True)
    ttl: str = attr(default="")
    stream: Literal["", "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"] = attr(
        "StreamSpecification.StreamViewType || ''", default=""
    )
    key: Link[Any] | None = attr("SSEDescription.KMSMasterKeyArn", default=None)
