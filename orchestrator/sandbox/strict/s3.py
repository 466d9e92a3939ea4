"""What S3 refuses: names, ACLs where ownership is enforced, and policies that are public or about something else."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.lingering import Trace
from orchestrator.sandbox.strict.policies import Statement, parse, statements
from orchestrator.sandbox.strict.registry import note, rule

NAME_LINGERS = 30.0
_DELETED = "name of a deleted bucket"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP", "AccessControlPolicy")
_OBJECT_WRITES = ("PutObject", "CopyObject", "CreateMultipartUpload", "PutObjectAcl")
# conditions that keep a statement with principal * from being public
_NARROWING = ("aws:principal", "aws:source", "s3:dataaccesspoint", "aws:userid")


@rule("S3-01", "s3", "CreateBucket", code="InvalidBucketName")
def bucket_name(call: Call) -> str | None:
    """A bucket's name is 3 to 63 lower-case letters, digits, dots and hyphens, no address and nothing reserved."""
    name = call.params.get("Bucket", "")
    malformed = not _NAME.fullmatch(name) or ".." in name or _is_address(name)
    if malformed or name.startswith(_RESERVED_PREFIXES) or name.endswith(_RESERVED_SUFFIXES):
        return "The specified bucket is not valid."
    return None


@rule("S3-02", "s3", "CreateBucket", code="BucketAlreadyExists", status=409)
def bucket_of_somebody_else(call: Call) -> str | None:
    """Bucket names are shared by all accounts."""
    from moto.s3.models import s3_backends

    _, owner = s3_backends.bucket_accounts.get(call.params.get("Bucket"), ("", call.account))
    if owner == call.account:
        return None
    return (
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again."
    )


@rule("S3-07", "s3", "CreateBucket", code="OperationAborted", status=409)
def bucket_being_deleted(call: Call) -> str | None:
    """The name of a bucket is not free again right after its deletion."""
    if call.params.get("Bucket") in call.lingering.of(_DELETED, (call.account, call.partition), call.now):
        return "A conflicting conditional operation is currently in progress against this resource. Please try again."
    return None


@note("s3", "DeleteBucket")
def keep_name(call: Call) -> None:
    """Remember a deleted bucket's name for a while; one with objects in it is not deleted at all."""
    bucket = _bucket(call)
    if bucket is not None and not bucket.keys:
        call.lingering.keep(Trace(_DELETED, (call.account, call.partition), call.now + NAME_LINGERS, bucket.name))


@rule("S3-04", "s3", "PutBucketPolicy", code="MalformedPolicy")
def policy_about_something_else(call: Call) -> str | None:
    """A bucket policy is JSON and speaks of its own bucket and objects only."""
    policy = call.params.get("Policy")
    if parse(policy) is None:
        return "Policies must be valid JSON and the first byte must be '{'"
    arn = _arn(call)
    for statement in statements(policy):
        if not all(_within(resource, arn) for resource in statement.resources):
            return "Policy has invalid resource"
    return None


@rule("S3-03", "s3", "PutBucketPolicy", code="AccessDenied", status=403)
def public_policy_blocked(call: Call) -> str | None:
    """A public policy is refused while the bucket blocks public policies, which a new bucket does."""
    bucket = _bucket(call)
    block = bucket.public_access_block if bucket is not None else None
    if block is None or str(block.block_public_policy).lower() != "true":
        return None
    if not any(_is_public(statement) for statement in statements(call.params.get("Policy"))):
        return None
    return (
        f"User: arn:{call.partition}:iam::{call.account}:root is not authorized to perform: s3:PutBucketPolicy on "
        f'resource: "{_arn(call)}" because public policies are blocked by the BlockPublicPolicy block public access '
        "setting."
    )


@rule("S3-05", "s3", "PutBucketAcl", *_OBJECT_WRITES, code="AccessControlListNotSupported")
def acl_not_supported(call: Call) -> str | None:
    """A bucket whose owner is enforced has no ACLs; only the one that says so anyway is let through."""
    bucket = _bucket(call)
    if bucket is None or bucket.ownership_rule != "BucketOwnerEnforced":
        return None
    stated = {name: call.params[name] for name in _GRANTS if call.params.get(name)}
    if not stated or (call.operation != "PutBucketAcl" and stated == {"ACL": "bucket-owner-full-control"}):
        return None
    return "The bucket does not allow ACLs"


def _bucket(call: Call) -> Any | None:
    return call.backend().buckets.get(call.params.get("Bucket"))


def _arn(call: Call) -> str:
    return f"arn:{call.partition}:s3:::{call.params.get('Bucket')}"


def _within(resource: str, arn: str) -> bool:
    return resource == arn or resource.startswith(f"{arn}/") or resource == f"{arn}*"


def _is_public(statement: Statement) -> bool:
    if statement.effect != "Allow" or not statement.names():
        return False
    keys = [key.lower() for test in statement.condition.values() for key in test]
    return not any(key.startswith(_NARROWING) for key in keys)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
