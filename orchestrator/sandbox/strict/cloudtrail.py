"""What CloudTrail refuses: a bucket that it may not write to."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.policies import grants
from orchestrator.sandbox.strict.registry import rule

_TRAIL = "cloudtrail.amazonaws.com"


@rule("CTR-01", "cloudtrail", "CreateTrail", "UpdateTrail", code="InsufficientS3BucketPolicyException")
def bucket_policy_insufficient(call: Call) -> str | None:
    """The bucket of a trail lets CloudTrail read its ACL and write below AWSLogs."""
    name = call.params.get("S3BucketName")
    bucket = call.backend("s3").buckets.get(name)
    if bucket is None:
        return None
    arn = f"arn:{call.partition}:s3:::{name}"
    prefix = f"{call.params['S3KeyPrefix']}/" if call.params.get("S3KeyPrefix") else ""
    written = f"{arn}/{prefix}AWSLogs/{call.account}/CloudTrail"
    if grants(bucket.policy, "s3:GetBucketAcl", arn, _TRAIL) and grants(bucket.policy, "s3:PutObject", written, _TRAIL):
        return None
    return f"Incorrect S3 bucket policy is detected for bucket: {name}"
