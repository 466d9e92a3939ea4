"""The page as a person uses it: in a browser, against a daemon on the sandbox whose time the test lets pass."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from orchestrator.rollout.driver import unfinished
from tests.daemon.stage import BUCKET
from tests.web.stand import CANARY, TOKEN, Stand, stand

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in _NAMES if (found := shutil.which(name))), None)
POSTS = "/stacks/shop.yaml/rollouts/posts"
PATIENCE = 20_000
ORDERS = [
    *(f"/api/stacks/shop.yaml/{name}" for name in ("sync", "pause", "resume")),
    *(f"/api/stacks/shop.yaml/services/posts/{name}" for name in ("promote", "abort", "undo")),
]
HOSTILE = '<img src=x onerror="window.owned=1">'

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    if CHROMIUM is None:
        warnings.warn("NO CHROMIUM FOUND: the web page is not tested in a browser", stacklevel=1)
        pytest.skip("no chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens pages; whatever one of them complains of fails the test, above all what the policy has stopped."""
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error" and "401" not in message.text:
            complaints.append(message.text)

    def open_(url: str, **settings: object) -> Page:
        page = browser.new_page(**settings)  # type: ignore[arg-type]
        page.set_default_timeout(PATIENCE)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    expect.set_options(timeout=PATIENCE)
    yield open_
    for context in browser.contexts:
        context.close()
    assert complaints == []


def _share(page: Page, percent: str) -> None:
    expect(page.locator(".chart")).to_have_attribute("data-percent", percent)


def _until(shop: Stand, stage: str, percent: float) -> None:
    """Let the daemon work until the rollout stands at a stage, with a share; "" once there is none."""
    for _ in range(100):
        left = unfinished(shop.stage.system().store, "shop").get("posts")
        if (left.stage.name if left and left.stage else "", left.facts.percent if left else 0) == (stage, percent):
            return
        shop.run(1)
    raise AssertionError(f"never at {stage} with {percent} %: {shop.stage.told()}")


def _begin(shop: Stand, tag: str, behaves: str = "ok") -> None:
    """A pipeline begins a release and goes away; the daemon takes it up, until it waits for a person."""
    shop.stage.aws.push("shop/posts", tag, behaves)
    shop.stage.leave(posts=tag)
    shop.daemon.sync("shop.yaml")


def test_a_canary_is_watched_and_approved_and_the_next_one_is_seen_to_fail(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.daemon.reconciler.PATIENCE", 100.0)
    with stand(tmp_path, traffic=1000.0) as shop:
        shop.stage.write(text=CANARY)
        assert not shop.stage.apply().outcome
        shop.run(35)
        _begin(shop, "v2")
        page = opened(shop.url + POSTS)
        page.evaluate("window.never_left = true")
        _approved(page, shop)
        _until(shop, "bake", 10)
        _share(page, "10")
        before = page.locator(".chart .line").get_attribute("d")
        expect(page.locator(".tasks tbody tr")).to_have_count(2)
        _until(shop, "bake", 50)
        _share(page, "50")
        assert page.locator(".chart .line").get_attribute("d") != before, "the picture has moved"
        expect(page.locator(".gates .dots .pass").first).to_be_attached()
        _until(shop, "", 0)
        expect(page.locator("h1 .pill")).to_have_text("succeeded")
        _begin(shop, "v3", "errors=10")
        _taken_back(page, shop)
        assert page.evaluate("window.never_left"), "all of this without loading the page again"
        _found_in_history(page)


def _approved(page: Page, shop: Stand) -> None:
    expect(page.locator("h1 .pill")).to_have_text("rolling out")
    _until(shop, "approve", 0)
    expect(page.locator("h1 .pill")).to_have_text("waits for a person")
    _share(page, "0")
    page.get_by_role("button", name="Promote", exact=True).click()
    page.get_by_role("textbox", name="Token").fill("nobody's-token-at-all")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#token-problem")).to_have_text("This is not a token of this daemon's.")
    page.get_by_role("textbox", name="Token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Reason").fill(f"looks good {HOSTILE}")
    page.locator("#order-go").click()
    expect(page.locator("#toast")).to_contain_text("Told.")
    expect(page.locator(".notice")).to_contain_text(f"promote by ann: looks good {HOSTILE}")


def _taken_back(page: Page, shop: Stand) -> None:
    expect(page.locator("h1 .pill")).to_have_text("rolling out")
    _until(shop, "approve", 0)
    expect(page.locator("h1 .pill")).to_have_text("waits for a person")
    page.keyboard.press("p")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("Told.")
    _until(shop, "", 0)
    expect(page.locator("h1 .pill")).to_have_text("rolled back")
    expect(page.locator(".notice.bad")).to_contain_text("5xx at most 1 %")


def _found_in_history(page: Page) -> None:
    rows = page.locator(".history tbody tr")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("link").click()
    expect(page.locator("h1")).to_contain_text("v3")
    expect(page.locator(".notice.bad")).to_contain_text("5xx at most 1 %")
    expect(page.locator(".chart .mark.fail")).to_have_count(1)
    assert page.evaluate("window.owned") is None


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
    opened: Open, media: Stand, browser: Browser
) -> None:
    page = opened(media.url + "/stacks/shop.yaml", java_script_enabled=False)
    expect(page.locator(".diff del")).to_contain_text("false")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.goto(media.url)
    expect(page.locator(".stacks tbody tr")).to_have_count(2)
