"""S3 buckets: private, encrypted, and never mistaken for a stranger's of the same name."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify, code_of, message_of, raise_unsuccessful, unless_gone
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Initial, JsonDoc, Link, PolicyDoc
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.scope import Scope

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_OBJECTS_A_CALL = 1000
_STRANGERS = "stranger's"
_OLD_PLACES = {"": "us-east-1", "EU": "eu-west-1"}
"""What GetBucketLocation says of two regions that are older than their names."""
_EXAMPLE = "demo-trail-123456789012-us-east-1"


@dc.dataclass(frozen=True)
class Encryption:
    """How objects are encrypted: by S3's own keys (``AES256``), or by KMS with the account's key or a given one."""

    algorithm: str = "AES256"
    key: Link[Any] | None = None


@dc.dataclass(frozen=True, kw_only=True)
class Bucket(Named):
    """A bucket. AWS shares the names of buckets among all accounts and regions, so ours have both in theirs.

    ``lifecycle`` is the document with ``Rules`` that S3 takes. What is ``None`` is left as it is, and not even read.
    """

    kind: ClassVar[str] = "bucket"
    naming: ClassVar[str] = "{stack}-{name}-{account}-{region}"
    name_limit: ClassVar[int] = 63
    aws_name: str = attr("Name", immutable=True)
    encryption: Encryption | None = attr(default=Encryption())
    private: bool | None = attr(default=True)
    versioning: bool | None = attr(default=None)
    policy: PolicyDoc | None = attr(default=None)
    lifecycle: JsonDoc | None = attr(default=None)


class BucketKind(NamedKind[Bucket]):
    """Each part of a bucket's configuration takes a call of its own, to read as to write."""

    resource = Bucket
    service = "s3"
    find = ("list_buckets", "Buckets")
    outputs: ClassVar[Mapping[str, str]] = {"arn": "Arn", "name": "Name"}
    holds_data = True
    actions = Actions(
        read=(
            "s3:ListAllMyBuckets",
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:GetBucketLocation",
            "s3:GetBucketTagging",
            "s3:GetEncryptionConfiguration",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketVersioning",
            "s3:GetBucketPolicy",
            "s3:GetLifecycleConfiguration",
        ),
        create=(
            "s3:CreateBucket",
            "s3:TagResource",
            "s3:GetBucketTagging",
            "s3:PutBucketTagging",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketPolicy",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketVersioning",
            "s3:PutLifecycleConfiguration",
        ),
        update=(
            "s3:GetBucketTagging",
            "s3:PutBucketTagging",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketPolicy",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketVersioning",
            "s3:PutLifecycleConfiguration",
        ),
        delete=(
            "s3:DeleteBucket",
            "s3:ListBucketVersions",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:ListBucketMultipartUploads",
            "s3:AbortMultipartUpload",
        ),
    )
    arns: ClassVar[Mapping[str, str]] = {"s3:bucket": "{aws_name}", "s3:object": "{aws_name}/*"}

    # -- reading -------------------------------------------------------------------------------------------------------

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """One list call tells of all that bear the stack's name; only what it does not show is asked for by name.

        It tells of all regions at once. What bears the name elsewhere is the same stack's in that other region.
        """
        prefix = f"{scope.stack}-"
        listed = {b["Name"]: b for b in aws.pages("s3", "list_buckets", "Buckets", Prefix=prefix)}
        names = {str(getattr(want, "aws_name", "")) for want in scope.of(Bucket.kind)}
        names |= {arn.rpartition(":")[2] for arn in scope.proposed(aws, Bucket.kind)}
        asked = aws.each(lambda name: self._head(aws, name), sorted(names - listed.keys()))
        own = [
            self._item(aws, name)
            for name, bucket in listed.items()
            if name in names or (name.startswith(prefix) and self._place(aws, bucket) == aws.region)
        ]
        return self.candidates(aws, scope, [*own, *filter(None, asked)])

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """A bucket without tags answers NoSuchTagSet; a stranger's is not asked."""
        return {} if item.get(_STRANGERS) else tags.as_map(self._tag_set(aws, item["Name"]))

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """The parts that the plan has a say in: a bucket that is left over, or a stranger's, is not looked into."""
        wants = self.meant(aws, scope, item)
        if item.get(_STRANGERS) or not wants:
            return {}
        readers: Mapping[str, Callable[[Aws, str], Any]] = {
            "encryption": self._encryption,
            "private": self._private,
            "versioning": self._versioning,
            "policy": self._policy,
            "lifecycle": self._lifecycle,
        }
        ours = [f for f in readers if not isinstance(v := getattr(wants[0], f), Initial) and v is not None]
        return dict(zip(ours, aws.each(lambda f: readers[f](aws, item["Name"]), ours), strict=True))

    def holds(self, aws: Aws, live: Live[Bucket]) -> bool:
        """An empty bucket holds no data; old versions and delete markers count, since AWS does not delete over them."""
        return bool(self._objects(aws, live, most=1))

    def predict(self, want: Bucket, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """The ARN is made of the name."""
        return {"arn": f"arn:{partition}:s3:::{want.aws_name}", "name": want.aws_name}

    # -- writing -------------------------------------------------------------------------------------------------------

    def create(self, aws: Aws, want: Bucket) -> Item:
        """LocationConstraint is mandatory in all regions but us-east-1, where it is refused.

        S3 takes tags at creation only since lately; where it does not yet, it answers MalformedXML.
        """
        s3 = aws.client("s3")
        place = {} if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        configuration = {**place, "Tags": tags.as_list(want.tags)}
        try:
            s3.create_bucket(Bucket=want.aws_name, CreateBucketConfiguration=configuration)
        except Exception as error:
            if code_of(error) != "MalformedXML":
                raise
            s3.create_bucket(Bucket=want.aws_name, **({"CreateBucketConfiguration": place} if place else {}))
        return self._item(aws, want.aws_name)

    def complete(self, aws: Aws, want: Bucket, item: Item) -> None:
        """Tag it where its creation did not, and close it before anything else."""
        self._retag(aws, want)
        self._configure(aws, want, frozenset(field for field, _ in want.attrs()))

    def update(self, aws: Aws, want: Bucket, live: Live[Bucket], changed: frozenset[str]) -> None:
        """Configuration and tags."""
        if "tags" in changed:
            self._retag(aws, want)
        self._configure(aws, want, changed)

    def empty(self, aws: Aws, live: Live[Bucket]) -> None:
        """All objects in all their versions, and uploads that were begun and never finished."""
        s3, whose = aws.client("s3"), {"Bucket": live.resource.aws_name, "ExpectedBucketOwner": aws.account}
        while batch := self._objects(aws, live):
            answer = s3.delete_objects(Delete={"Objects": batch, "Quiet": True}, **whose)
            raise_unsuccessful("DeleteObjects", [{"Error": error} for error in answer.get("Errors", ())])
        for upload in list(aws.pages("s3", "list_multipart_uploads", "Uploads", **whose)):
            which = {"Key": upload["Key"], "UploadId": upload["UploadId"], **whose}
            unless_gone(lambda which=which: s3.abort_multipart_upload(**which))  # type: ignore[misc]

    def delete(self, aws: Aws, live: Live[Bucket]) -> None:
        """Refused by AWS (BucketNotEmpty) while anything is in it."""
        aws.client("s3").delete_bucket(Bucket=live.resource.aws_name, ExpectedBucketOwner=aws.account)

    def _configure(self, aws: Aws, want: Bucket, changed: frozenset[str]) -> None:
        """In the order in which it is safe: closed, then opened as far as the policy says, then all the rest."""
        s3, whose = aws.client("s3"), {"Bucket": want.aws_name, "ExpectedBucketOwner": aws.account}
        ours = {f for f in changed if getattr(want, f, None) is not None}
        if "private" in ours:
            s3.put_public_access_block(PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKS, want.private), **whose)
        if "policy" in ours and want.policy:
            s3.put_bucket_policy(Policy=want.policy.text(), **whose)
        if "encryption" in ours and want.encryption:
            key = {} if want.encryption.key is None else {"KMSMasterKeyID": want.encryption.key}
            rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": want.encryption.algorithm, **key}}
            s3.put_bucket_encryption(ServerSideEncryptionConfiguration={"Rules": [rule]}, **whose)
        if "versioning" in ours:
            status = "Enabled" if want.versioning else "Suspended"
            s3.put_bucket_versioning(VersioningConfiguration={"Status": status}, **whose)
        if "lifecycle" in ours and want.lifecycle:
            s3.put_bucket_lifecycle_configuration(LifecycleConfiguration=want.lifecycle.value, **whose)

    def _retag(self, aws: Aws, want: Bucket) -> None:
        """PutBucketTagging replaces all tags, and fails (InvalidTag) where it leaves out one that AWS has put there."""
        present = {tag["Key"]: tag["Value"] for tag in self._tag_set(aws, want.aws_name)}
        if not want.tags.items() <= present.items():
            tagging = {"TagSet": tags.as_list({**present, **want.tags})}
            whose = {"Bucket": want.aws_name, "ExpectedBucketOwner": aws.account}
            aws.client("s3").put_bucket_tagging(Tagging=tagging, **whose)

    # -- what S3 tells of one bucket -----------------------------------------------------------------------------------

    def _item(self, aws: Aws, name: str) -> Item:
        return {"Name": name, "Arn": f"arn:{aws.partition}:s3:::{name}"}

    def _place(self, aws: Aws, bucket: Mapping[str, str]) -> str:
        """The region of a listed bucket, which not every endpoint lists."""
        if region := bucket.get("BucketRegion"):
            return region
        told = str(self._ask(aws, "get_bucket_location", bucket["Name"]).get("LocationConstraint") or "")
        return _OLD_PLACES.get(told, told)

    def _head(self, aws: Aws, name: str) -> Item | None:
        """Whether a bucket of that name exists; one that answers 403 or 301 is somebody else's, or elsewhere."""
        try:
            aws.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=aws.account)
        except Exception as error:
            if classify(error) is ErrorClass.NOT_FOUND:
                return None
            if classify(error) is ErrorClass.DENIED or code_of(error) in ("301", "PermanentRedirect"):
                self._unless_not_allowed(aws, name)
                return {**self._item(aws, name), _STRANGERS: True}
            raise
        return self._item(aws, name)

    def _unless_not_allowed(self, aws: Aws, name: str) -> None:
        """Raise AccessDenied where it is the caller's policies that refuse: HEAD answers 403 without saying why."""
        try:
            aws.client("s3").list_objects_v2(Bucket=name, MaxKeys=1, ExpectedBucketOwner=aws.account)
        except Exception as error:
            if "no identity-based policy allows" in message_of(error):
                raise

    def _ask(self, aws: Aws, operation: str, name: str) -> Mapping[str, Any]:
        """One part of the configuration; S3 answers with a not-found error of its own where there is none."""
        call = getattr(aws.client("s3"), operation)
        return unless_gone(lambda: call(Bucket=name, ExpectedBucketOwner=aws.account)) or {}

    def _tag_set(self, aws: Aws, name: str) -> Sequence[Mapping[str, str]]:
        found: Sequence[Mapping[str, str]] = self._ask(aws, "get_bucket_tagging", name).get("TagSet", ())
        return found

    def _objects(self, aws: Aws, live: Live[Bucket], most: int = _OBJECTS_A_CALL) -> list[dict[str, str]]:
        """Some versions of some objects, as DeleteObjects takes them; never from a later page, for earlier ones go."""
        params = {"Bucket": live.resource.aws_name, "MaxKeys": most, "ExpectedBucketOwner": aws.account}
        found = aws.client("s3").list_object_versions(**params)
        versions = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
        return [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]

    def _encryption(self, aws: Aws, name: str) -> Encryption | None:
        rules = self._ask(aws, "get_bucket_encryption", name).get("ServerSideEncryptionConfiguration", {}).get("Rules")
        if not rules:
            return None
        default = rules[0]["ApplyServerSideEncryptionByDefault"]
        return Encryption(default["SSEAlgorithm"], default.get("KMSMasterKeyID"))

    def _private(self, aws: Aws, name: str) -> bool:
        blocks = self._ask(aws, "get_public_access_block", name).get("PublicAccessBlockConfiguration", {})
        return all(blocks.get(block) for block in _BLOCKS)

    def _versioning(self, aws: Aws, name: str) -> bool:
        return self._ask(aws, "get_bucket_versioning", name).get("Status") == "Enabled"

    def _policy(self, aws: Aws, name: str) -> PolicyDoc | None:
        text = self._ask(aws, "get_bucket_policy", name).get("Policy")
        return PolicyDoc(text) if text else None

    def _lifecycle(self, aws: Aws, name: str) -> JsonDoc | None:
        rules = self._ask(aws, "get_bucket_lifecycle_configuration", name).get("Rules")
        return JsonDoc({"Rules": rules}) if rules else None

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A bucket for a trail's records."""
        return [
            Bucket(
                name="trail",
                aws_name=_EXAMPLE,
                versioning=True,
                policy=_trailed("s3:GetBucketAcl"),
                lifecycle=_expiring(30),
            )
        ]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Encrypted by KMS, written to, and kept longer."""
        return {
            "encryption": Encryption("aws:kms"),
            "policy": _trailed("s3:PutObject"),
            "lifecycle": _expiring(90),
        }


def _trailed(action: str) -> PolicyDoc:
    arn = f"arn:aws:s3:::{_EXAMPLE}" + ("/*" if action == "s3:PutObject" else "")
    service = {"Service": "cloudtrail.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": service, "Action": action, "Resource": arn}
    return PolicyDoc({"Version": "2012-10-17", "Statement": [statement]})


def _expiring(days: int) -> JsonDoc:
    return JsonDoc(
        {"Rules": [{"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days}}]}
    )
