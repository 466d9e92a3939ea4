"""Who did what: CloudTrail, and the bucket that it records into."""

from __future__ import annotations

from orchestrator.core.resource import Resource
from orchestrator.kinds.audit import Trail
from orchestrator.kinds.storage import Bucket
from orchestrator.plan.compile import policies
from orchestrator.plan.compile.context import Context


def compile_trail(context: Context) -> tuple[Resource, ...]:
    """A trail of the account's API calls. CloudTrail is refused a bucket whose policy does not let it in."""
    bucket_name, trail_name = context.name(Bucket, "trail"), context.name(Trail, "main")
    bucket_arn = context.arn("s3", bucket_name, region=False, account=False)
    writes = policies.trail_writes(bucket_arn, context.arn("cloudtrail", f"trail/{trail_name}"), context.account)
    bucket = Bucket(name="trail", aws_name=bucket_name, policy=policies.encrypted_transport(bucket_arn, *writes))
    return bucket, Trail(name="main", aws_name=trail_name, bucket=bucket.out("name"))
