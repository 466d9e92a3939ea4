"""DynamoDB tables. AWS changes a table one thing at a time, and refuses the next one until it is ACTIVE again.

So every part of an update is a call of its own, and the engine, told ResourceInUseException, looks again and goes on
with what then still differs. Local indexes, replicas and resource policies are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of, message_of, unless_gone
from orchestrator.core.health import Health, Pending, Ready
from orchestrator.core.resource import Live, Resource
from orchestrator.kinds.base import Actions, Item, NamedKind
from orchestrator.kinds.dynamodb.requests import changes, creation
from orchestrator.kinds.dynamodb.values import Capacity, Index, Key, Table
from orchestrator.kinds.scope import Scope

_WORKING = frozenset({"ACTIVE"})


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
        """All that CreateTable takes."""
        made: Item = aws.client("dynamodb").create_table(
            TableName=want.aws_name, Tags=tags.as_list(want.tags), **creation(want)
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
        for change in changes(want, have, changed):
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


def _example_key(number: int) -> str:
    return f"arn:aws:kms:us-east-1:123456789012:key/{number}234abcd-12ab-34cd-56ef-1234567890ab"
