"""How to put something into a thing that holds data, for each kind that does: what makes deleting it a loss."""

from __future__ import annotations

import json
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


def _images(aws: Aws, live: Live[Any]) -> None:
    """An image under two tags, and one that has lost its own."""
    for number, tag in ((1, "1"), (1, "latest"), (2, "latest")):
        config = {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 1,
            "digest": f"sha256:{number:064}",
        }
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
        name = live.outputs["name"]
        aws.client("ecr").put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag)


FILL: Mapping[str, Fill] = {"bucket": _objects, "repository": _images}
