"""ECR's scans: begun by a push where the repository or the registry says so, finished half a minute later.

What a scan finds is part of how the image behaves.
"""

from __future__ import annotations

from typing import Any

from moto.ecr.models import ecr_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair
from orchestrator.sandbox.world.ecs.model import stamp
from orchestrator.sandbox.world.world import present

SCANNING = 30.0
_A_DAY = 24 * 3600.0
_PAGE = 100
_BEGUN = "scan_begun_at"
_ON_PUSH = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")


def pushed(repository: Any, image: Any) -> None:
    """Begin a scan of an image that has just been pushed, where that is configured."""
    configured = str(repository.image_scanning_configuration.get("scanOnPush", "")).lower() == "true"
    wanted = configured or repository.scanning_config.get("scanFrequency") in _ON_PUSH
    if wanted and not hasattr(image, _BEGUN):
        setattr(image, _BEGUN, present().now())


@repair("ecr", "StartImageScan")
def start_image_scan(call: Call, proceed: Proceed) -> Reply:
    """An image is scanned once in 24 hours, by the sandbox's clock and however the scan began."""
    image = _image(call)
    begun = getattr(image, _BEGUN, None)
    if begun is not None and call.now - begun < _A_DAY:
        message = "The scan quota per image has been exceeded. Wait and try again."
        raise AwsError("LimitExceededException", message)
    if image is not None:
        image.last_scan = None
    reply = proceed()
    setattr(image, _BEGUN, call.now)
    return reply


@repair("ecr", "DescribeImageScanFindings")
def describe_image_scan_findings(call: Call, proceed: Proceed) -> Reply:
    """What the scan of an image has found; moto makes up one vulnerability for every image."""
    image = _image(call)
    begun = getattr(image, _BEGUN, None)
    if image is not None:
        image.last_scan = None if begun is None else stamp(begun)
    reply = proceed()
    image_id = {"imageDigest": image.image_digest, **({"imageTag": image.image_tag} if image.image_tag else {})}
    shown = {**{name: reply[name] for name in ("registryId", "repositoryName")}, "imageId": image_id}
    if begun is None or call.now - begun < SCANNING:
        return {**shown, "imageScanStatus": _status("IN_PROGRESS")}
    found, start = _findings(image), int(call.params.get("nextToken") or 0)
    end = start + int(call.params.get("maxResults") or _PAGE)
    findings = {**_summary(image, begun), "findings": found[start:end]}
    more = {"nextToken": str(end)} if end < len(found) else {}
    return {**shown, "imageScanStatus": _status("COMPLETE"), "imageScanFindings": findings, **more}


@repair("ecr", "DescribeImages")
def describe_images_with_scans(call: Call, proceed: Proceed) -> Reply:
    """Each image that was scanned says so, with the number of findings by severity; moto leaves both out."""
    reply = proceed()
    images = {image.image_digest: image for image in _images(call)}
    for detail in reply.get("imageDetails", []):
        image = images.get(detail["imageDigest"])
        begun = getattr(image, _BEGUN, None)
        if begun is None:
            continue
        finished = call.now - begun >= SCANNING
        detail["imageScanStatus"] = _status("COMPLETE" if finished else "IN_PROGRESS")
        if finished:
            detail["imageScanFindingsSummary"] = _summary(image, begun)
    return reply


def _images(call: Call) -> list[Any]:
    repository = ecr_backends[call.account][call.region].repositories.get(call.params["repositoryName"])
    return list(repository.images) if repository is not None else []


def _image(call: Call) -> Any:
    """The image that a call names; moto answers for one that is not there."""
    wanted = call.params.get("imageId") or {}
    digest, tag = wanted.get("imageDigest"), wanted.get("imageTag")
    found = (image for image in _images(call) if image.image_digest == digest or tag in image.image_tags)
    return next(found, None)


def _status(status: str) -> Reply:
    told = {"COMPLETE": "The scan was completed successfully.", "IN_PROGRESS": "The scan is in progress."}
    return {"status": status, "description": told[status]}


def _summary(image: Any, begun: float) -> Reply:
    counts = {name: number for name, number in present().images.findings(image.image_digest).items() if number}
    return {
        "imageScanCompletedAt": stamp(begun + SCANNING),
        "vulnerabilitySourceUpdatedAt": stamp(begun),
        "findingSeverityCounts": counts,
    }


def _findings(image: Any) -> list[Reply]:
    counts = present().images.findings(image.image_digest)
    severities = [severity for severity, number in counts.items() for _ in range(number)]
    return [
        {
            "name": f"CVE-2024-{10_000 + number}",
            "description": "A vulnerability that this image was pushed with.",
            "uri": f"https://nvd.nist.gov/vuln/detail/CVE-2024-{10_000 + number}",
            "severity": severity,
            "attributes": [
                {"key": "package_name", "value": f"library-{number}"},
                {"key": "package_version", "value": "1.0.0"},
            ],
        }
        for number, severity in enumerate(severities)
    ]
