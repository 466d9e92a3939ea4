"""What a scan says about an image, and what is done about one that nobody has scanned."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from orchestrator.rollout.gates.base import Judgement, Reading
from orchestrator.rollout.gates.scan import Scan
from tests.rollout.windows import means, window


class Ecr:
    """Scans by their answer; one that was asked for is refused or accepted."""

    def __init__(self, answer: dict[str, Any] | None = None, refuses: str = "") -> None:
        self.answer = answer
        self.refuses = refuses
        self.asked = 0

    def client(self, _: str) -> Ecr:
        return self

    def describe_image_scan_findings(self, **_: Any) -> dict[str, Any]:
        if self.answer is None:
            raise _error("ScanNotFoundException", "DescribeImageScanFindings")
        return self.answer

    def start_image_scan(self, **_: Any) -> None:
        self.asked += 1
        if self.refuses:
            raise _error(self.refuses, "StartImageScan")


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def _judge(ecr: Ecr, memo: str = "") -> Reading:
    return Scan().judge(means(ecr), window(), memo)


def _finished(**counts: int) -> dict[str, Any]:
    return {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findingSeverityCounts": counts}}


def test_findings_above_what_is_put_up_with_fail_and_others_do_not_matter() -> None:
    assert _judge(Ecr(_finished(CRITICAL=1, HIGH=3))).judgement is Judgement.FAIL
    assert _judge(Ecr(_finished(HIGH=3))).judgement is Judgement.PASS


def test_an_image_that_nobody_scanned_is_scanned_now_and_asked_about_again() -> None:
    ecr = Ecr()
    first = _judge(ecr)
    assert first.judgement is Judgement.NOT_YET
    ecr.answer = _finished()
    assert _judge(ecr, first.memo).judgement is Judgement.PASS
    assert ecr.asked == 1


def test_a_scan_that_aws_does_not_make_leaves_the_question_open_and_says_why() -> None:
    ecr = Ecr(refuses="ValidationException")
    first = _judge(ecr)
    assert first.judgement is Judgement.INCONCLUSIVE
    assert first.words == "the image has not been scanned, and no scan can be asked for (ValidationException: no)"
    assert _judge(ecr, first.memo) == first
    assert ecr.asked == 1
