"""CloudTrail: who did what in the account, written to a bucket."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Join, Link, PolicyDoc
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.iam import Role, allow, trust
from orchestrator.kinds.logs import LogGroup
from orchestrator.kinds.scope import Scope
from orchestrator.kinds.storage import Bucket

_STREAMS = ":*"


@dc.dataclass(frozen=True)
class Logs:
    """A log group that gets the records too, and the role that CloudTrail takes to write them."""

    group: Link[LogGroup]
    role: Link[Role]


def _parse_logs(trail: Item) -> Logs | None:
    """CloudTrail names all streams of the group, log groups are known without."""
    group = trail.get("CloudWatchLogsLogGroupArn")
    return Logs(group.removesuffix(_STREAMS), trail.get("CloudWatchLogsRoleArn", "")) if group else None


@dc.dataclass(frozen=True, kw_only=True)
class Trail(Named):
    """A trail. The bucket's policy has to let CloudTrail in before. ``logs`` of ``None`` are left alone."""

    kind: ClassVar[str] = "trail"
    name_limit: ClassVar[int] = 128
    aws_name: str = attr("Name", immutable=True)
    bucket: Link[Bucket] = attr("S3BucketName")
    prefix: str = attr("S3KeyPrefix || ''", default="")
    every_region: bool = attr("IsMultiRegionTrail || `false`", default=True)
    global_services: bool = attr("IncludeGlobalServiceEvents || `false`", default=True)
    validated: bool = attr("LogFileValidationEnabled || `false`", default=True)
    key: Link[Any] | None = attr("KmsKeyId", default=None)
    logs: Logs | None = attr("@", parse=_parse_logs, default=None)
    recording: bool = attr(default=True)


class TrailKind(NamedKind[Trail]):
    """A new trail records nothing until it is started."""

    resource = Trail
    service = "cloudtrail"
    outputs: ClassVar[Mapping[str, str]] = {"id": "TrailARN", "arn": "TrailARN", "name": "Name"}
    actions = Actions(
        read=("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags"),
        create=("cloudtrail:CreateTrail", "cloudtrail:AddTags", "cloudtrail:StartLogging"),
        update=(
            "cloudtrail:UpdateTrail",
            "cloudtrail:StartLogging",
            "cloudtrail:StopLogging",
            "cloudtrail:AddTags",
            "iam:PassRole",
        ),
        delete=("cloudtrail:DeleteTrail",),
    )
    arns: ClassVar[Mapping[str, str]] = {"cloudtrail:trail": "trail/{aws_name}"}
    passes_to = "cloudtrail.amazonaws.com"

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Of all trails whose home is here; elsewhere they show as shadows."""
        listed = aws.pages("cloudtrail", "describe_trails", "trailList", includeShadowTrails=False)
        return self.candidates(aws, scope, listed)

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """One trail's."""
        listed = aws.pages("cloudtrail", "list_tags", "ResourceTagList[].TagsList[]", ResourceIdList=[arn])
        return tags.as_map(listed)

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """Whether it is started."""
        return {"recording": aws.client("cloudtrail").get_trail_status(Name=item["TrailARN"])["IsLogging"]}

    def predict(self, want: Trail, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its ARN is made of its name."""
        arn = f"arn:{partition}:cloudtrail:{region}:{account}:trail/{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: Trail) -> Item:
        """Until the bucket's policy is known AWS says InsufficientS3BucketPolicyException."""
        made: Item = aws.client("cloudtrail").create_trail(**_input(want), TagsList=tags.as_list(want.tags))
        return made

    def complete(self, aws: Aws, want: Trail, item: Item) -> None:
        """Start it."""
        if want.recording:
            aws.client("cloudtrail").start_logging(Name=item["TrailARN"])

    def update(self, aws: Aws, want: Trail, live: Live[Trail], changed: frozenset[str]) -> None:
        """Settings in one call; recording and tags by calls of their own."""
        client, arn = aws.client("cloudtrail"), live.outputs["arn"]
        if changed - {"tags", "recording"}:
            cleared = {"S3KeyPrefix": ""} if "prefix" in changed and not want.prefix else {}
            client.update_trail(**_input(want), **cleared)
        if "recording" in changed:
            (client.start_logging if want.recording else client.stop_logging)(Name=arn)
        if "tags" in changed:
            client.add_tags(ResourceId=arn, TagsList=tags.as_list(want.tags))

    def delete(self, aws: Aws, live: Live[Trail]) -> None:
        """What it has recorded stays in the bucket."""
        aws.client("cloudtrail").delete_trail(Name=live.outputs["name"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Everything, into a bucket that lets CloudTrail in."""
        buckets = [_open_bucket(name) for name in ("one", "two")]
        group = LogGroup(name="trail", aws_name="/contract/trail")
        role = Role(
            name="trail",
            aws_name="contract-trail",
            trust=trust("cloudtrail.amazonaws.com"),
            inline={"logs": allow(["logs:CreateLogStream", "logs:PutLogEvents"], ["*"])},
        )
        trail = Trail(name="main", aws_name="contract", bucket=buckets[0].out("name"))
        return [*buckets, group, role, trail]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """To another place, and to a log group too."""
        example = cls.example()
        _, second = (r for r in example if isinstance(r, Bucket))
        (group,) = (r for r in example if isinstance(r, LogGroup))
        (role,) = (r for r in example if isinstance(r, Role))
        return {
            "bucket": second.out("name"),
            "prefix": "contract",
            "key": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "logs": Logs(group.out("arn"), role.out("arn")),
        }


def _open_bucket(name: str) -> Bucket:
    bucket = f"contract-{name}-123456789012-us-east-1"
    service = {"Service": "cloudtrail.amazonaws.com"}
    arn = f"arn:aws:s3:::{bucket}"
    looks = {"Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": arn}
    writes = {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": Join((arn, "/*"))}
    return Bucket(name=name, aws_name=bucket, policy=PolicyDoc({"Version": "2012-10-17", "Statement": [looks, writes]}))


def _input(want: Trail) -> dict[str, Any]:
    optional: dict[str, Any] = {"KmsKeyId": want.key} if want.key else {}
    if want.prefix:
        optional["S3KeyPrefix"] = want.prefix
    if want.logs:
        optional["CloudWatchLogsLogGroupArn"] = f"{want.logs.group}{_STREAMS}"
        optional["CloudWatchLogsRoleArn"] = want.logs.role
    return {
        "Name": want.aws_name,
        "S3BucketName": want.bucket,
        "IsMultiRegionTrail": want.every_region,
        "IncludeGlobalServiceEvents": want.global_services,
        "EnableLogFileValidation": want.validated,
        **optional,
    }
