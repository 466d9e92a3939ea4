"""How to put something into a thing that holds data, for each kind that does: what makes deleting it a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live

Fill = Callable[[Aws, Live[Any]], None]


def _objects(aws: Aws, live: Live[Any]) -> None:
    """An object in two versions, one that is hidden by a delete marker, and an upload that nobody finished."""
    s3, bucket = aws.client("s3"), live.resource.aws_name
    for body in (b"first", b"second"):
        s3.put_object(Bucket=bucket, Key="release.zip", Body=body)
    s3.put_object(Bucket=bucket, Key="old.zip", Body=b"old")
    s3.delete_object(Bucket=bucket, Key="old.zip")
    s3.create_multipart_upload(Bucket=bucket, Key="half.zip")


FILL: Mapping[str, Fill] = {"bucket": _objects}
