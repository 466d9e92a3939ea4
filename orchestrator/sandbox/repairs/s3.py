"""S3: what a new bucket has from its first moment, who may ask for it, and documents returned as they were sent."""

from __future__ import annotations

from functools import wraps
from typing import Any

from moto.core.responses import ActionResult, BaseResponse
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response

from orchestrator.sandbox.repairs.operations import (
    AwsError,
    Call,
    Proceed,
    Reply,
    Wire,
    around,
    guard,
    operation,
    repair,
)

SSE_S3 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}}
_SENT = "_sent_documents"


def _lead_through_repairs(name: str) -> None:
    """S3 is routed by hand in moto, past ``call_action``, which all other services pass."""
    original = getattr(S3Response, name)

    @wraps(original)
    def respond(self: S3Response, request: Any, full_url: str) -> Any:
        def proceed() -> Wire:
            try:
                answer: Wire | str = original(self, request, full_url)
            except S3ClientError as error:
                answer = self.serialized(ActionResult(error))
            return answer if isinstance(answer, tuple) else (200, {}, answer)

        return around(self, proceed)

    setattr(S3Response, name, respond)


_lead_through_repairs("_bucket_response")
_lead_through_repairs("_key_response")


def _bucket(call: Call) -> Any:
    return s3_backends[call.account][call.partition].get_bucket(call.params["Bucket"])


@guard("s3")
def only_the_owner(response: BaseResponse) -> None:
    """Another account's bucket, or one that is not whose the caller expects, is a 403; moto lets everybody in."""
    owned = s3_backends.bucket_accounts.get(response.bucket_name)
    if owned is None or (response.method == "PUT" and response._get_action() == "CreateBucket"):
        return
    owner = owned[1]
    expected = response.headers.get("x-amz-expected-bucket-owner", owner)
    bucket = s3_backends[owner][owned[0]].get_bucket(response.bucket_name)
    stranger = response.current_account != owner and bucket.policy is None
    if expected != owner or stranger:
        raise AwsError("AccessDenied", "Access Denied", status=403)


@repair("s3", "CreateBucket")
def born_private(call: Call, proceed: Proceed) -> Reply:
    """Every new bucket is encrypted, blocks public access and ignores ACLs; moto's has none of it, nor its tags."""
    known = call.params["Bucket"] in s3_backends.bucket_accounts
    reply = proceed()
    if known:
        return reply
    bucket = _bucket(call)
    bucket.encryption = SSE_S3
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    backend = s3_backends[call.account][call.partition]
    flags = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), "true")
    backend.put_public_access_block(bucket.name, flags)
    tags = call.params.get("CreateBucketConfiguration", {}).get("Tags", [])
    if tags:
        backend.put_bucket_tagging(bucket.name, {tag["Key"]: tag["Value"] for tag in tags})
    return reply


@operation("s3", "ListBuckets")
def listed_with_region(call: Call) -> Reply:
    """Each bucket tells its region, and a cut list has a token; moto cuts without one."""
    prefix, region = call.params.get("Prefix", ""), call.params.get("BucketRegion")
    owned = sorted(s3_backends[call.account][call.partition].buckets.items())
    shown = [
        {"Name": name, "CreationDate": bucket.creation_date, "BucketRegion": bucket.region_name}
        for name, bucket in owned
        if name.startswith(prefix) and region in (None, bucket.region_name)
    ]
    return {"Buckets": shown, "Owner": {"ID": call.account.rjust(64, "0")}, **({"Prefix": prefix} if prefix else {})}


@repair("s3", "DeleteBucketEncryption")
def never_unencrypted(call: Call, proceed: Proceed) -> Reply:
    """Deleting the encryption goes back to SSE-S3; on moto it leaves none."""
    reply = proceed()
    _bucket(call).encryption = SSE_S3
    return reply


def _kept_as_sent(put: str, get: str, delete: str | None, document: str | None) -> None:
    """Answer with what was sent: moto rebuilds the document from the parts it models and loses the others."""

    @repair("s3", put)
    def keep(call: Call, proceed: Proceed) -> Reply:
        reply = proceed()
        sent = next(value for key, value in call.params.items() if key.endswith("Configuration"))
        vars(_bucket(call)).setdefault(_SENT, {})[get] = sent
        return reply

    @repair("s3", get)
    def answer(call: Call, proceed: Proceed) -> Reply:
        reply = proceed()
        sent = vars(_bucket(call)).get(_SENT, {}).get(get)
        if sent is None:
            return reply
        return {**reply, **({document: sent} if document else sent)}

    if delete is not None:

        @repair("s3", delete)
        def forget(call: Call, proceed: Proceed) -> Reply:
            reply = proceed()
            vars(_bucket(call)).get(_SENT, {}).pop(get, None)
            return reply


_kept_as_sent("PutBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration", "DeleteBucketLifecycle", None)
_kept_as_sent("PutBucketReplication", "GetBucketReplication", "DeleteBucketReplication", "ReplicationConfiguration")
_kept_as_sent("PutBucketNotificationConfiguration", "GetBucketNotificationConfiguration", None, None)
