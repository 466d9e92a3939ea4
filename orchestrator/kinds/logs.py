"""CloudWatch log groups: a task whose log group is missing does not start."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.scope import Scope

NEVER = 0
"""The retention of a log group that keeps its events for ever."""


@dc.dataclass(frozen=True, kw_only=True)
class LogGroup(Named):
    """A log group. ``retention`` is in days, and one of the figures that AWS knows; ``key`` is a KMS key's ARN."""

    kind: ClassVar[str] = "log-group"
    naming: ClassVar[str] = "/{stack}/{name}"
    name_limit: ClassVar[int] = 512
    aws_name: str = attr("logGroupName", immutable=True)
    retention: int = attr(f"retentionInDays||`{NEVER}`", default=NEVER)
    key: Link[Any] | None = attr("kmsKeyId", default=None)
    log_class: str = attr("logGroupClass||'STANDARD'", immutable=True, default="STANDARD")


class LogGroupKind(NamedKind[LogGroup]):
    """Retention and key are set by calls of their own, and read with all the rest."""

    resource = LogGroup
    service = "logs"
    find = ("describe_log_groups", "logGroups")
    outputs: ClassVar[Mapping[str, str]] = {"arn": "arn", "name": "logGroupName"}
    actions = Actions(
        read=("logs:DescribeLogGroups", "logs:ListTagsForResource"),
        create=("logs:CreateLogGroup", "logs:TagResource", "logs:PutRetentionPolicy"),
        update=("logs:TagResource", "logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy", "logs:AssociateKmsKey"),
        delete=("logs:DeleteLogGroup",),
    )
    arns: ClassVar[Mapping[str, str]] = {
        "logs:log-group": "log-group:{aws_name}",
        "logs:log-stream": "log-group:{aws_name}:*",
    }

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By prefix, which one call answers for all groups that are named after the stack."""
        names = [getattr(want, "aws_name", "") for want in scope.of(LogGroup.kind)]
        names += [arn.partition(":log-group:")[2] for arn in scope.proposed(aws, LogGroup.kind)]
        common = LogGroup.naming.format(stack=scope.stack, name="")
        prefixes = [common, *sorted({name for name in names if not name.startswith(common)})]
        operation, path = self.find
        found = {
            group["logGroupName"]: {**group, "arn": group["arn"].removesuffix(":*")}
            for prefix in prefixes
            for group in aws.pages("logs", operation, path, logGroupNamePrefix=prefix)
        }
        return self.candidates(aws, scope, found.values())

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """Tagged under its ARN without the ``:*`` that describing it shows."""
        return tags.as_map(aws.client("logs").list_tags_for_resource(resourceArn=arn)["tags"])

    def predict(self, want: LogGroup, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """The ARN is made of names."""
        arn = f"arn:{partition}:logs:{region}:{account}:log-group:{want.aws_name}"
        return {"arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: LogGroup) -> Item:
        """CreateLogGroup takes no retention, and answers nothing."""
        aws.client("logs").create_log_group(
            logGroupName=want.aws_name,
            logGroupClass=want.log_class,
            tags=dict(want.tags),
            **({} if want.key is None else {"kmsKeyId": want.key}),
        )
        arn = self.predict(want, aws.account, aws.region, aws.partition)["arn"]
        return {"logGroupName": want.aws_name, "arn": arn}

    def complete(self, aws: Aws, want: LogGroup, item: Item) -> None:
        """Say how long it keeps events."""
        if want.retention != NEVER:
            aws.client("logs").put_retention_policy(logGroupName=want.aws_name, retentionInDays=want.retention)

    def update(self, aws: Aws, want: LogGroup, live: Live[LogGroup], changed: frozenset[str]) -> None:
        """Retention, key, tags."""
        logs, group = aws.client("logs"), want.aws_name
        if "tags" in changed:
            logs.tag_resource(resourceArn=live.outputs["arn"], tags=dict(want.tags))
        if "retention" in changed and want.retention == NEVER:
            logs.delete_retention_policy(logGroupName=group)
        elif "retention" in changed:
            logs.put_retention_policy(logGroupName=group, retentionInDays=want.retention)
        if "key" in changed:
            logs.associate_kms_key(logGroupName=group, kmsKeyId=want.key)

    def delete(self, aws: Aws, live: Live[LogGroup]) -> None:
        """Its events go with it."""
        aws.client("logs").delete_log_group(logGroupName=live.resource.aws_name)

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A service's log group."""
        return [LogGroup(name="posts", aws_name="/demo/posts", retention=30)]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Kept for ever, and encrypted by a key of one's own."""
        key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        return {"retention": NEVER, "key": key}
