"""What ECR's scan found in the image."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import ClassVar

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of, message_of
from orchestrator.rollout.gates.base import Judgement, Limits, Means, Reading, Window

_FINISHED = ("COMPLETE", "ACTIVE")
_AT_WORK = ("IN_PROGRESS", "PENDING")


@dc.dataclass(frozen=True, kw_only=True)
class Scan:
    """Findings by severity that are put up with; a severity that is not named does not matter."""

    name: ClassVar[str] = "scan"
    looks: ClassVar[tuple[str, ...]] = ("ecr:DescribeImageScanFindings",)
    actions: ClassVar[tuple[str, ...]] = (*looks, "ecr:StartImageScan")
    allowed: Mapping[str, int] = dc.field(default_factory=lambda: {"CRITICAL": 0})
    limits: Limits = dc.field(default_factory=lambda: Limits(every=10.0, once=True))

    @property
    def title(self) -> str:
        return "scan findings " + ", ".join(f"{s} at most {n}" for s, n in self.allowed.items())

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        if not window.digest:
            return Reading(judgement=Judgement.ERROR, words=f"{window.image} is not an image in ECR")
        return self.look(means.aws, window.repository, window.digest) or _asked_for(means, window, memo)

    def look(self, aws: Aws, repository: str, digest: str) -> Reading | None:
        """What is known of an image; None when nobody has scanned it. Reads only."""
        try:
            found = aws.client("ecr").describe_image_scan_findings(
                repositoryName=repository, imageId={"imageDigest": digest}
            )
        except Exception as error:
            if code_of(error) != "ScanNotFoundException":
                raise
            return None
        status = found["imageScanStatus"]["status"]
        if status in _AT_WORK:
            return Reading(judgement=Judgement.NOT_YET, words="the scan is at work")
        if status not in _FINISHED:
            return Reading(
                judgement=Judgement.ERROR, words=f"{status}: {found['imageScanStatus'].get('description', '')}"
            )
        counts = found.get("imageScanFindings", {}).get("findingSeverityCounts", {})
        over = {s: counts[s] for s, most in self.allowed.items() if counts.get(s, 0) > most}
        words = ", ".join(f"{n} {s.lower()}" for s, n in (over or counts).items()) or "nothing found"
        return Reading(judgement=Judgement.FAIL if over else Judgement.PASS, words=words)


def _asked_for(means: Means, window: Window, memo: str) -> Reading:
    """Ask for the scan that nobody has made: the image may be older than scanning on push. It is asked for once."""
    if not memo:
        means.guard()
        try:
            means.aws.client("ecr").start_image_scan(
                repositoryName=window.repository, imageId={"imageDigest": window.digest}
            )
        except Exception as error:
            if getattr(error, "response", None) is None:
                raise
            memo = f"no scan can be asked for ({code_of(error)}: {message_of(error)})"
        else:
            return Reading(judgement=Judgement.NOT_YET, words="a scan is asked for", memo="a scan was asked for")
    return Reading(judgement=Judgement.INCONCLUSIVE, words=f"the image has not been scanned, and {memo}", memo=memo)
