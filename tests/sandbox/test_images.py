"""What is in the registry, who put it there, and how it behaves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.sandbox.world.behaviours import UnknownBehaviour
from orchestrator.sandbox.world.images import UnknownRepository
from tests.sandbox.system import System
from tests.world import Aws, world


def _tags(aws: Aws, repository: str = "web") -> list[list[str]]:
    found = aws.client("ecr").describe_images(repositoryName=repository)["imageDetails"]
    return sorted(sorted(each.get("imageTags", [])) for each in found)


def _manifest(content: str) -> str:
    layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1, "digest": f"sha256:{content}"}
    media = "application/vnd.docker.distribution.manifest.v2+json"
    config: dict[str, Any] = {"mediaType": "x", "size": 1, "digest": "sha256:same"}
    return json.dumps({"schemaVersion": 2, "mediaType": media, "config": config, "layers": [layer]})


def test_a_new_repository_holds_one_good_image_with_two_tags(aws: Aws) -> None:
    aws.client("ecr").create_repository(repositoryName="web")
    assert _tags(aws) == [["latest", "v1"]]


def test_a_new_repository_can_be_empty_as_on_aws() -> None:
    with world(empty_repositories=True) as aws:
        aws.client("ecr").create_repository(repositoryName="web")
        assert _tags(aws) == []


def test_every_push_is_an_image_of_its_own_and_the_old_one_stays_without_the_tag(aws: Aws) -> None:
    aws.client("ecr").create_repository(repositoryName="web")
    first = aws.sandbox.push("web", "v2")
    second = aws.sandbox.push("web", "v2", "crash")
    assert first["digest"] != second["digest"]
    assert _tags(aws) == [[], ["latest", "v1"], ["v2"]]
    found = aws.client("ecr").describe_images(repositoryName="web", imageIds=[{"imageDigest": first["digest"]}])
    assert len(found["imageDetails"]) == 1
    listed = {each["digest"]: each["behaves"] for each in aws.sandbox.images()}
    assert listed[second["digest"]] == "crash"


def test_a_repository_goes_by_its_last_part_where_that_is_unique(aws: Aws) -> None:
    for name in ("shop/api", "shop/web", "forum/web"):
        aws.client("ecr").create_repository(repositoryName=name)
    assert aws.sandbox.push("api", "v2")["repository"] == "shop/api"
    assert aws.sandbox.push("forum/web", "v2")["uri"].endswith("/forum/web:v2")
    with pytest.raises(UnknownRepository, match=r"several .* 'web'; there are: forum/web \(eu-west-1\), shop/web"):
        aws.sandbox.push("web", "v2")
    with pytest.raises(UnknownRepository, match=r"no repository is called 'x'; there are: forum/web .*, shop/api"):
        aws.sandbox.push("x", "v2")
    with pytest.raises(UnknownBehaviour, match="no behaviour is called 'odd'; known are crash, "):
        aws.sandbox.push("api", "v2", "odd")


def test_an_image_put_by_any_client_is_good_has_its_manifest_s_digest_and_displaces_only_the_tag(aws: Aws) -> None:
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="web")
    digests = [
        ecr.put_image(repositoryName="web", imageManifest=_manifest(content), imageTag="v2")["image"]["imageId"][
            "imageDigest"
        ]
        for content in ("a", "b")
    ]
    assert len(set(digests)) == 2
    assert _tags(aws) == [[], ["latest", "v1"], ["v2"]]
    assert {each["behaves"] for each in aws.sandbox.images()} == {"ok"}


def test_an_immutable_tag_still_can_not_be_moved(aws: Aws) -> None:
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="web", imageTagMutability="IMMUTABLE")
    with pytest.raises(ClientError) as caught:
        ecr.put_image(repositoryName="web", imageManifest=_manifest("a"), imageTag="v1")
    assert caught.value.response["Error"]["Code"] == "ImageTagAlreadyExistsException"


def test_a_task_runs_by_digest_and_its_behaviour_is_found_by_it(system: System) -> None:
    repository = system.repository()
    pushed = system.aws.sandbox.push("web", "v2", "crash")
    system.aws.sandbox.push("web", "v2")
    system.service(system.definition(f"{repository}@{pushed['digest']}"), count=1)
    system.aws.sleep(60)
    task = system.tasks(status="STOPPED")[0]
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["containers"][0]["imageDigest"] == pushed["digest"]
