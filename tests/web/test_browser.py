"""A release as a person sees it: in a browser, against a daemon on the sandbox whose time the test lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from orchestrator.rollout.driver import unfinished
from tests.web.conftest import Open
from tests.web.stand import CANARY, HOSTILE, TOKEN, Stand, stand

POSTS = "/stacks/shop.yaml/rollouts/posts"


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
