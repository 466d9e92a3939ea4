"""What ``verify`` says about the scan of an image that is to be deployed, by the gate that the plan has for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.app.verification import Check, verify
from tests.daemon.stage import SHOP, Stage, stage

SCANNED = SHOP.replace("bake: 120", "bake: 120, gates: {preflight: [{scan: {critical: 0}}]}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A service that runs, whose releases are held to what their scans find."""
    with stage(tmp_path_factory.mktemp("shop")) as found:
        found.write(text=SCANNED)
        assert not found.apply().outcome
        yield found


def _scans(shop: Stage, **images: str) -> list[Check]:
    return [check for check in verify(shop.system(), images) if check.name.startswith("scan")]


@pytest.mark.parametrize(
    ("behaves", "good", "says"),
    [("ok", True, "nothing found"), ("findings=CRITICAL:2", False, "2 critical"), ("findings=HIGH:9", True, "9 high")],
)
def test_a_scan_that_a_push_has_begun_is_waited_for(shop: Stage, behaves: str, good: bool, says: str) -> None:
    shop.aws.push("shop/mailer", "candidate", behaves)
    (check,) = _scans(shop, mailer="candidate")
    assert (check.name, check.good, check.detail) == ("scan of mailer", good, says)


def test_an_image_that_nobody_has_scanned_is_no_good_and_no_scan_is_asked_for(shop: Stage) -> None:
    ecr = shop.aws.client("ecr")
    ecr.put_image_scanning_configuration(repositoryName="shop/mailer", imageScanningConfiguration={"scanOnPush": False})
    shop.aws.push("shop/mailer", "unseen")
    with shop.writes() as written:
        (check,) = _scans(shop, mailer="unseen")
    assert (check.good, check.detail) == (False, "nobody has scanned it")
    assert written == []
    shop.apply()


def test_nothing_is_waited_for_where_nothing_is_to_be_deployed(shop: Stage) -> None:
    assert _scans(shop) == []
