"""The page as a person uses it who has a keyboard, a phone, no token, no script, or two hundred stacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.daemon.stage import BUCKET
from tests.web.conftest import Open
from tests.web.stand import HOSTILE, Stand, stand

ORDERS = [
    *(f"/api/stacks/shop.yaml/{name}" for name in ("sync", "pause", "resume")),
    *(f"/api/stacks/shop.yaml/services/posts/{name}" for name in ("promote", "abort", "undo")),
]


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Stacks without services, one of which has drifted."""
    with stand(tmp_path_factory.mktemp("media")) as found:
        found.stage.write(text=BUCKET)
        found.stage.apply()
        found.stage.write("logs", BUCKET, mode="off")
        s3 = found.stage.aws.client("s3")
        (bucket,) = s3.list_buckets()["Buckets"]
        s3.put_bucket_versioning(Bucket=bucket["Name"], VersioningConfiguration={"Status": "Suspended"})
        found.run(35)
        yield found


def test_a_drift_is_read_by_who_uses_the_keyboard_alone(opened: Open, media: Stand) -> None:
    page = opened(media.url)
    expect(page.locator("#live")).to_have_text("live")
    page.keyboard.press("/")
    page.keyboard.type("drifted")
    expect(page.locator(".stacks tbody tr:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="shop", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".diff .field .label")).to_have_text("versioning")
    expect(page.locator(".diff del")).to_contain_text("false")
    expect(page.locator(".diff ins")).to_contain_text("true")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("h1")).to_have_text("Stacks")


def test_without_a_token_every_action_is_refused_and_the_page_asks_for_one(opened: Open, media: Stand) -> None:
    page = opened(media.url + "/stacks/shop.yaml")
    for order in ORDERS:
        send = "([path]) => fetch(path, {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json'}})"
        assert page.evaluate(f"{send[:-1]}).then((a) => a.status)", [order]) == 401, order
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("dialog", name="Your token")).to_be_visible()
    assert media.daemon.views.view("shop.yaml").paused == ""


def test_stacks_come_and_change_and_go_on_a_page_that_is_open(opened: Open, media: Stand) -> None:
    page = opened(media.url)
    expect(page.locator(".stacks tbody tr")).to_have_count(2)
    for number in range(200):
        media.daemon.views.update(f"team-{number:03}.yaml", stack=f"team-{number}", looked=0.0)
    media.daemon.views.update("team-007.yaml", trouble=HOSTILE)
    row = page.locator('tr[data-key="team-007.yaml"]')
    expect(row.locator(".pill")).to_have_text("failed")
    expect(row).to_contain_text(HOSTILE)
    expect(page.locator(".stacks tbody tr")).to_have_count(202)
    page.get_by_label("Filter stacks").fill("team-10")
    expect(page.locator(".stacks tbody tr:visible")).to_have_count(11)
    media.daemon.views.update("team-100.yaml", differences=(), paused="by somebody")
    expect(page.locator('tr[data-key="team-100.yaml"] .pill')).to_have_text("paused")
    expect(page.locator(".stacks tbody tr:visible")).to_have_count(11)
    media.daemon.views.keep(["shop.yaml", "logs.yaml"])
    expect(page.locator(".stacks tbody tr")).to_have_count(2)
    assert page.evaluate("window.owned") is None


def test_on_a_phone_no_page_is_wider_than_it(opened: Open, media: Stand) -> None:
    page = opened(media.url, viewport={"width": 390, "height": 844})
    media.daemon.views.update("logs.yaml", trouble="arn:aws:ecs:eu-west-1:123456789012:" + "x" * 120)
    for path in ("/", "/stacks/shop.yaml", "/stacks/logs.yaml", "/locks"):
        page.goto(media.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    media.daemon.views.update("logs.yaml", trouble="")


def test_without_a_script_everything_can_be_read_and_nothing_looks_as_if_it_could_be_done(
    opened: Open, media: Stand
) -> None:
    page = opened(media.url + "/stacks/shop.yaml", java_script_enabled=False)
    expect(page.locator(".diff del")).to_contain_text("false")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.goto(media.url)
    expect(page.locator(".stacks tbody tr")).to_have_count(2)
