"""A browser for the tests that look at pages with one."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in _NAMES if (found := shutil.which(name))), None)
PATIENCE = 20_000
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
