"""What CreateTable and UpdateTable are asked for. UpdateTable takes one change at a time, so there is one for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.kinds.dynamodb.values import ON_DEMAND, Capacity, Index, Key, Table


def creation(want: Table) -> Mapping[str, Any]:
    """What CreateTable is asked for. Backups and time to live can only be set on a table that is there."""
    optional = {
        "GlobalSecondaryIndexes": [_write_index(n, i, want.capacity) for n, i in sorted(want.indexes.items())],
        "ProvisionedThroughput": _write_capacity(want.capacity),
        "StreamSpecification": _write_stream(want.stream) if want.stream else None,
        "SSESpecification": _write_key(want.key),
    }
    return {
        "KeySchema": _write_keys(want.keys),
        "AttributeDefinitions": _definitions(want.keys, want.indexes.values()),
        "BillingMode": want.billing,
        "TableClass": want.table_class,
        "DeletionProtectionEnabled": want.deletion_protection,
        **{name: value for name, value in optional.items() if value},
    }


def changes(want: Table, have: Table, changed: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    """What UpdateTable is asked for, call by call; it takes no two of these at once."""
    if "deletion_protection" in changed:
        yield {"DeletionProtectionEnabled": want.deletion_protection}
    if changed & {"billing", "capacity"}:
        yield _billing(want, have)
    if "table_class" in changed:
        yield {"TableClass": want.table_class}
    if "key" in changed:
        yield {"SSESpecification": _write_key(want.key)}
    if "stream" in changed and have.stream:
        yield {"StreamSpecification": {"StreamEnabled": False}}
    if "stream" in changed and want.stream:
        yield {"StreamSpecification": _write_stream(want.stream)}
    if "indexes" in changed:
        yield from _index_changes(want, have)


def _billing(want: Table, have: Table) -> Mapping[str, Any]:
    """A capacity is refused for what is billed on demand, and demanded for every index of what no longer is."""
    capacity = _write_capacity(want.capacity) if want.billing != ON_DEMAND else None
    units = {"ProvisionedThroughput": capacity} if capacity else {}
    if want.billing == have.billing:
        return units
    indexes = [{"Update": {"IndexName": name, **units}} for name in sorted(have.indexes)] if units else []
    return {"BillingMode": want.billing, **units, **({"GlobalSecondaryIndexUpdates": indexes} if indexes else {})}


def _index_changes(want: Table, have: Table) -> Iterator[Mapping[str, Any]]:
    """New ones are made before old ones go; one that is another now has to go before it can be made again."""
    gone = [{"Delete": {"IndexName": name}} for name in sorted(have.indexes.keys() - want.indexes.keys())]
    differing = {name for name, index in want.indexes.items() if have.indexes.get(name, index) != index}
    for name, index in sorted(want.indexes.items()):
        if have.indexes.get(name) == index:
            continue
        if name in differing:
            yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
        staying = [i for n, i in have.indexes.items() if n not in differing]
        yield {
            "AttributeDefinitions": _definitions(want.keys, [*staying, index]),
            "GlobalSecondaryIndexUpdates": [{"Create": _write_index(name, index, want.capacity)}],
        }
    yield from ({"GlobalSecondaryIndexUpdates": [deletion]} for deletion in gone)


def _definitions(keys: tuple[Key, ...], indexes: Iterable[Index]) -> list[dict[str, str]]:
    """Each attribute once, and none that is no key (ValidationException)."""
    used = {k.name: k.type for some in (keys, *(index.keys for index in indexes)) for k in some}
    return [{"AttributeName": name, "AttributeType": type_} for name, type_ in sorted(used.items())]


def _write_keys(keys: tuple[Key, ...]) -> list[dict[str, str]]:
    roles = itertools.chain(["HASH"], itertools.repeat("RANGE"))
    return [{"AttributeName": k.name, "KeyType": role} for k, role in zip(keys, roles, strict=False)]


def _write_index(name: str, index: Index, capacity: Capacity | None) -> dict[str, Any]:
    known = {"NonKeyAttributes": sorted(index.include)} if index.include else {}
    units = _write_capacity(capacity)
    return {
        "IndexName": name,
        "KeySchema": _write_keys(index.keys),
        "Projection": {"ProjectionType": index.projection, **known},
        **({"ProvisionedThroughput": units} if units else {}),
    }


def _write_capacity(capacity: Capacity | None) -> dict[str, int] | None:
    return {"ReadCapacityUnits": capacity.read, "WriteCapacityUnits": capacity.write} if capacity else None


def _write_stream(view: str) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": view}


def _write_key(key: object) -> dict[str, Any] | None:
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else None
