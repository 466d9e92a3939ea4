"""DynamoDB tables. AWS changes a table one thing at a time, and refuses the next one until it is ACTIVE again.

So every part of an update is a call of its own, and the engine, told ResourceInUseException, looks again and goes on
with what then still differs. Local indexes, replicas and resource policies are not looked at.
"""

from __future__ import annotations

import dataclasses as dc
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of, message_of, unless_gone
from orchestrator.core.health import Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.scope import Scope

_ON_DEMAND = "PAY_PER_REQUEST"
_WORKING = frozenset({"ACTIVE"})


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

    ``capacity`` goes with PROVISIONED and holds for the indexes too when it is set; ``None`` leaves it to auto
    scaling. ``recovery`` is point-in-time recovery; ``ttl`` and ``stream`` are off when empty. ``key`` is the ARN of
    a KMS key; ``None`` leaves the encryption as it is, which at first is by DynamoDB's own.
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
        "BillingModeSummary.BillingMode || 'PROVISIONED'", default=_ON_DEMAND
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


class TableKind(NamedKind[Table]):
    """Found by name, one description each. It counts as holding data even while it is empty."""

    resource = Table
    service = "dynamodb"
    outputs: ClassVar[Mapping[str, str]] = {
        "arn": "TableArn",
        "name": "TableName",
        "stream": "LatestStreamArn",
        "status": "[TableStatus, GlobalSecondaryIndexes[].IndexStatus][] | [?@] | join(' ', @)",
    }
    actions = Actions(
        read=(
            "dynamodb:DescribeTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource",
        ),
        create=(
            "dynamodb:CreateTable",
            "dynamodb:TagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTimeToLive",
        ),
        update=(
            "dynamodb:UpdateTable",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTimeToLive",
            "dynamodb:TagResource",
        ),
        delete=("dynamodb:DeleteTable", "dynamodb:UpdateTable"),
    )
    arns: ClassVar[Mapping[str, str]] = {"dynamodb:table": "table/{aws_name}"}
    holds_data = True
    settles = True
    deadline = 1800.0  # a new index is filled from all that the table holds

    # -- reading -------------------------------------------------------------------------------------------------------

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By name: what is wanted, and what the tagging API proposes. What is being deleted has no tags any more."""
        names = {str(getattr(want, "aws_name", "")) for want in scope.of(Table.kind)}
        names |= {arn.rpartition("/")[2] for arn in scope.proposed(aws, Table.kind)}
        client = aws.client("dynamodb")

        def describe(name: str) -> Item | None:
            return unless_gone(lambda: client.describe_table(TableName=name)["Table"])

        found = aws.each(describe, sorted(names))
        return [table for table in found if table and table["TableStatus"] != "DELETING"]

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """One table's; there are none to be told of one that is only just being made, or no more."""
        found = unless_gone(lambda: list(aws.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn)))
        return tags.as_map(found)

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """What takes a call each, of tables that the plan has a say in."""
        if not self.meant(aws, scope, item):
            return {}
        client, table = aws.client("dynamodb"), {"TableName": item["TableName"]}
        backups = unless_gone(lambda: client.describe_continuous_backups(**table)["ContinuousBackupsDescription"])
        recovery = (backups or {}).get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        ttl = unless_gone(lambda: client.describe_time_to_live(**table)["TimeToLiveDescription"]) or {}
        lives = ttl.get("TimeToLiveStatus") in ("ENABLING", "ENABLED")
        return {"recovery": recovery == "ENABLED", "ttl": ttl["AttributeName"] if lives else ""}

    def health(self, live: Live[Table]) -> Health:
        """Whatever becomes of it, it is never broken: that would have it made again, without what it holds."""
        status = str(live.outputs["status"])
        return Ready() if _WORKING.issuperset(status.split()) else Pending(f"the table and its indexes, now {status}")

    def predict(self, want: Table, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """The ARN is made of names."""
        return {"arn": f"arn:{partition}:dynamodb:{region}:{account}:table/{want.aws_name}", "name": want.aws_name}

    # -- writing -------------------------------------------------------------------------------------------------------

    def create(self, aws: Aws, want: Table) -> Item:
        """All that CreateTable takes; backups and time to live can only be set on a table that is there."""
        indexes = [_write_index(name, index, want.capacity) for name, index in sorted(want.indexes.items())]
        optional = {
            "GlobalSecondaryIndexes": indexes,
            "ProvisionedThroughput": _write_capacity(want.capacity),
            "StreamSpecification": _write_stream(want.stream) if want.stream else None,
            "SSESpecification": _write_key(want.key),
        }
        made: Item = aws.client("dynamodb").create_table(
            TableName=want.aws_name,
            KeySchema=_write_keys(want.keys),
            AttributeDefinitions=_definitions(want.keys, want.indexes.values()),
            BillingMode=want.billing,
            TableClass=want.table_class,
            DeletionProtectionEnabled=want.deletion_protection,
            Tags=tags.as_list(want.tags),
            **{name: value for name, value in optional.items() if value},
        )["TableDescription"]
        return made

    def complete(self, aws: Aws, want: Table, item: Item) -> None:
        """Refused until the table is ACTIVE (ContinuousBackupsUnavailableException, TableNotFoundException)."""
        if want.recovery:
            self._set_recovery(aws, want)
        if want.ttl:
            self._set_ttl(aws, want.aws_name, want.ttl, on=True)

    def update(self, aws: Aws, want: Table, live: Live[Table], changed: frozenset[str]) -> None:
        """Time to live comes last: AWS lets it be changed once an hour, and all else should not wait for that."""
        client, have = aws.client("dynamodb"), live.resource
        if "tags" in changed:
            client.tag_resource(ResourceArn=live.outputs["arn"], Tags=tags.as_list(want.tags))
        if "recovery" in changed:
            self._set_recovery(aws, want)
        for change in _changes(want, have, changed):
            client.update_table(TableName=want.aws_name, **change)
        if "ttl" in changed and have.ttl:
            self._set_ttl(aws, want.aws_name, have.ttl, on=False)
        if "ttl" in changed and want.ttl:
            self._set_ttl(aws, want.aws_name, want.ttl, on=True)

    def empty(self, aws: Aws, live: Live[Table]) -> None:
        """Items go with their table; what stands before that is the protection (ValidationException)."""
        client, table = aws.client("dynamodb"), {"TableName": live.resource.aws_name}
        if client.describe_table(**table)["Table"].get("DeletionProtectionEnabled"):
            client.update_table(DeletionProtectionEnabled=False, **table)

    def delete(self, aws: Aws, live: Live[Table]) -> None:
        """Refused while it is changing (ResourceInUseException), and while it is protected."""
        try:
            aws.client("dynamodb").delete_table(TableName=live.resource.aws_name)
        except Exception as error:
            if code_of(error) != "ResourceInUseException" or "being deleted" not in message_of(error):
                raise

    def _set_recovery(self, aws: Aws, want: Table) -> None:
        wanted = {"PointInTimeRecoveryEnabled": want.recovery}
        client = aws.client("dynamodb")
        client.update_continuous_backups(TableName=want.aws_name, PointInTimeRecoverySpecification=wanted)

    def _set_ttl(self, aws: Aws, name: str, attribute: str, *, on: bool) -> None:
        client, wanted = aws.client("dynamodb"), {"Enabled": on, "AttributeName": attribute}
        try:
            client.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
        except Exception as error:
            # ValidationException: TimeToLive is already enabled, when the reply to an earlier call was lost
            if code_of(error) != "ValidationException" or "already" not in message_of(error):
                raise

    # -- proof ---------------------------------------------------------------------------------------------------------

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """What a shop would keep its orders in."""
        return [
            Table(
                name="orders",
                aws_name="demo-orders",
                keys=(Key("customer"), Key("placed", "N")),
                indexes={"by-state": Index((Key("state"),))},
                billing="PROVISIONED",
                capacity=Capacity(5, 5),
                deletion_protection=False,
                ttl="expires",
                key=_example_key(1),
            )
        ]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Another index beside the first, faster, cheaper, and watched."""
        by_day = Index((Key("day"), Key("placed", "N")), "INCLUDE", frozenset({"total"}))
        return {
            "indexes": {"by-state": Index((Key("state"),)), "by-day": by_day},
            "capacity": Capacity(10, 20),
            "table_class": "STANDARD_INFREQUENT_ACCESS",
            "stream": "NEW_IMAGE",
            "key": _example_key(2),
        }


def _changes(want: Table, have: Table, changed: frozenset[str]) -> Iterator[Mapping[str, Any]]:
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
    """A capacity is refused where it stays as it was (ValidationException), and for what is billed on demand."""
    mode = {"BillingMode": want.billing} if want.billing != have.billing else {}
    capacity = _write_capacity(want.capacity)
    if want.billing == _ON_DEMAND or capacity is None:
        return mode
    updates = [{"Update": {"IndexName": n, "ProvisionedThroughput": capacity}} for n in sorted(have.indexes)]
    found = {**mode, "ProvisionedThroughput": capacity}
    return {**found, "GlobalSecondaryIndexUpdates": updates} if updates else found


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


def _example_key(number: int) -> str:
    return f"arn:aws:kms:us-east-1:123456789012:key/{number}234abcd-12ab-34cd-56ef-1234567890ab"
