"""What ECR's scans find, and when."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.world import Aws


@pytest.fixture
def ecr(aws: Aws) -> Any:
    """A registry with a repository that scans what is pushed."""
    client = aws.client("ecr")
    client.create_repository(repositoryName="web", imageScanningConfiguration={"scanOnPush": True})
    return client


def _scan(ecr: Any, tag: str, repository: str = "web", **more: Any) -> Any:
    return ecr.describe_image_scan_findings(repositoryName=repository, imageId={"imageTag": tag}, **more)


def _refused(ecr: Any, tag: str, repository: str = "web") -> str:
    with pytest.raises(ClientError) as caught:
        _scan(ecr, tag, repository)
    return str(caught.value.response["Error"]["Code"])


def test_a_pushed_image_is_scanned_in_half_a_minute_and_its_findings_are_those_it_was_pushed_with(
    aws: Aws, ecr: Any
) -> None:
    digest = aws.sandbox.push("web", "v2", "findings=CRITICAL:1,findings=LOW:2")["digest"]
    assert _scan(ecr, "v2")["imageScanStatus"]["status"] == "IN_PROGRESS"
    assert "imageScanFindings" not in _scan(ecr, "v2")
    aws.sleep(31)
    found = _scan(ecr, "v2")
    assert (found["imageScanStatus"]["status"], found["imageId"]["imageDigest"]) == ("COMPLETE", digest)
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"CRITICAL": 1, "LOW": 2}
    assert [each["severity"] for each in found["imageScanFindings"]["findings"]] == ["CRITICAL", "LOW", "LOW"]
    assert len({each["name"] for each in found["imageScanFindings"]["findings"]}) == 3


def test_an_image_that_was_pushed_with_nothing_has_no_findings(aws: Aws, ecr: Any) -> None:
    aws.sleep(31)
    found = _scan(ecr, "v1")["imageScanFindings"]
    assert (found["findings"], found["findingSeverityCounts"]) == ([], {})


def test_findings_come_in_pages(aws: Aws, ecr: Any) -> None:
    aws.push("web", "v2", "findings=HIGH:3")
    aws.sleep(31)
    first = _scan(ecr, "v2", maxResults=2)
    rest = _scan(ecr, "v2", maxResults=2, nextToken=first["nextToken"])
    names = [each["name"] for page in (first, rest) for each in page["imageScanFindings"]["findings"]]
    assert len(set(names)) == 3
    assert "nextToken" not in rest


def test_a_description_of_images_counts_findings_by_severity(aws: Aws, ecr: Any) -> None:
    aws.push("web", "v2", "findings=HIGH:3")
    aws.sleep(31)
    aws.push("web", "v3")
    found = ecr.describe_images(repositoryName="web")["imageDetails"]
    by_tag = {each["imageTags"][-1]: each for each in found}
    assert by_tag["v2"]["imageScanFindingsSummary"]["findingSeverityCounts"] == {"HIGH": 3}
    assert by_tag["v3"]["imageScanStatus"]["status"] == "IN_PROGRESS"
    assert "imageScanFindingsSummary" not in by_tag["v3"]


def test_without_scan_on_push_an_image_is_scanned_when_somebody_asks_and_once_a_day(aws: Aws) -> None:
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="quiet")
    aws.push("quiet", "v2", "findings=HIGH:1")
    assert _refused(ecr, "v2", "quiet") == "ScanNotFoundException"
    assert "imageScanStatus" not in ecr.describe_images(repositoryName="quiet")["imageDetails"][0]

    def start() -> Any:
        return ecr.start_image_scan(repositoryName="quiet", imageId={"imageTag": "v2"})

    assert start()["imageScanStatus"]["status"] == "IN_PROGRESS"
    with pytest.raises(ClientError) as caught:
        start()
    assert caught.value.response["Error"]["Code"] == "LimitExceededException"
    aws.sleep(31)
    assert _scan(ecr, "v2", "quiet")["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 1}
    aws.sleep(86400)
    assert start()["imageScanStatus"]["status"] == "IN_PROGRESS"


def test_an_image_that_any_client_puts_is_scanned_too(aws: Aws, ecr: Any) -> None:
    media = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {"schemaVersion": 2, "mediaType": media, "config": {"digest": "sha256:a", "size": 1}, "layers": []}
    ecr.put_image(repositoryName="web", imageManifest=json.dumps(manifest), imageTag="put")
    aws.sleep(31)
    assert _scan(ecr, "put")["imageScanStatus"]["status"] == "COMPLETE"


def test_the_registry_can_have_every_push_scanned(aws: Aws) -> None:
    ecr = aws.client("ecr")
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=rules)
    ecr.create_repository(repositoryName="quiet")
    aws.push("quiet", "v2")
    assert _scan(ecr, "v2", "quiet")["imageScanStatus"]["status"] == "IN_PROGRESS"


def test_images_and_repositories_that_are_not_there_have_no_findings(ecr: Any) -> None:
    assert _refused(ecr, "none") == "ImageNotFoundException"
    assert _refused(ecr, "v1", "none") == "RepositoryNotFoundException"
