"""The stream of what changed: each change once, also for who comes back, and nobody waits for who does not read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from orchestrator.core.events import State
from orchestrator.daemon.views import Views
from orchestrator.web.feed import QUEUED, Feed
from tests.daemon.stage import BUCKET
from tests.web.stand import Stand, serving, stand


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A stack that is known and was never looked at."""
    with stand(tmp_path_factory.mktemp("feed")) as found:
        found.stage.write(text=BUCKET)
        found.daemon.turn()
        yield found


@contextmanager
def _listening(shop: Stand, path: str = "/events", last: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    headers = {"Last-Event-ID": last} if last else {}
    with shop.http.stream("GET", path, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield _events(stream)


def _events(stream: httpx.Response) -> Iterator[dict[str, Any]]:
    told: dict[str, Any] = {}
    for line in stream.iter_lines():
        name, _, value = line.partition(": ")
        if not line and "event" in told:
            yield {**told, "data": json.loads(told["data"])}
        told = {**told, name: value} if line else {}


def test_a_change_is_told_as_it_happens_and_what_was_missed_once_more(shop: Stand) -> None:
    with _listening(shop) as events:
        assert next(events)["event"] == "hello"
        shop.daemon.views.update("shop.yaml", trouble="first")
        first = next(events)
    assert (first["event"], first["data"]["trouble"], first["data"]["state"]) == ("stack", "first", "failed")
    shop.daemon.views.update("shop.yaml", trouble="second")
    with _listening(shop, last=first["id"]) as events:
        assert next(events)["event"] == "hello"
        second = next(events)
    assert (second["data"]["trouble"], second["id"] > first["id"]) == ("second", True)


def test_who_has_missed_more_than_is_remembered_is_told_to_begin_anew(shop: Stand) -> None:
    for last in ("another-daemon-7", "x", "1-1", "-", f"x-{'9' * 5000}"):
        with _listening(shop, last=last) as events:
            assert next(events)["event"] == "reset"


def test_who_asks_about_one_stack_hears_of_no_other(shop: Stand) -> None:
    with _listening(shop, "/events?stack=shop.yaml") as events:
        assert next(events)["event"] == "hello"
        shop.daemon.views.update("other.yaml", trouble="not ours")
        shop.daemon.views.keep(["shop.yaml"])
        shop.daemon.views.update("shop.yaml", trouble="third")
        assert next(events)["data"]["key"] == "shop.yaml"


def test_the_stream_ends_when_the_daemon_is_told_to_stop(shop: Stand) -> None:
    with serving(shop.stage) as found, _listening(found) as events:
        assert next(events)["event"] == "hello"
        found.means.stop.set()
        assert list(events) == []


def test_pages_that_keep_up_no_more_are_told_of_and_let_go(shop: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_feed: Feed) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(Feed, "compare", broken)
    with serving(shop.stage) as found, _listening(found) as events:
        assert [event for event in events if event["event"] == "stack"] == []
        assert found.get("/").status_code == 200
    assert "web: pages do not keep up any more: RuntimeError: a defect" in shop.stage.told(State.FAILED)


# -- by itself -------------------------------------------------------------------------------------------------------

ROLLOUT = {
    "id": "1",
    "service": "posts",
    "strategy": "canary",
    "phase": "forward",
    "stage": "bake",
    "percent": 10,
    "outcome": None,
    "why": "",
    "asks": False,
    "order": "",
    "release": {},
    "driven": 1.0,
}


async def _nothing(_key: str) -> Mapping[str, Mapping[str, Any]]:
    return {}


def _feed(views: Views) -> Feed:
    return Feed(views.all, _nothing, lambda: 1000.0)


async def _told(stream: AsyncIterator[bytes]) -> list[str]:
    found = []
    async for chunk in stream:
        found += [line.removeprefix("event: ") for line in chunk.decode().splitlines() if line.startswith("event: ")]
    return found


def test_a_listener_that_does_not_read_is_let_go_of_and_the_others_hear_everything() -> None:
    async def story() -> tuple[list[str], bool]:
        views = Views()
        feed = _feed(views)
        stuck = asyncio.Event()

        async def deaf() -> None:
            async for _ in feed.listen("", ""):
                await stuck.wait()

        slow = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        heard: list[str] = []
        for number in range(QUEUED + 10):
            if number == QUEUED:  # who comes now has room for the rest
                good = asyncio.create_task(_told(feed.listen("", "")))
                await asyncio.sleep(0)
            views.update("shop.yaml", ticks=number)
            feed.compare()
        await asyncio.wait({slow})
        feed.close()
        heard = await good
        return heard, slow.cancelled()

    heard, dropped = asyncio.run(story())
    assert (heard, dropped) == (["hello", *["stack"] * 10], True)


def test_the_same_is_not_told_twice_and_what_is_gone_is_told() -> None:
    views = Views()
    feed = _feed(views)

    async def story() -> list[str]:
        listening = asyncio.create_task(_told(feed.listen("", "")))
        await asyncio.sleep(0)
        for change in ({"ticks": 1}, {"ticks": 1}, {"ticks": 2}):
            views.update("shop.yaml", **change)
            feed.compare()
        views.keep([])
        feed.compare()
        feed.close()
        return await listening

    assert asyncio.run(story()) == ["hello", "stack", "stack", "gone"]


def test_a_rollout_is_told_when_it_moves_not_when_its_driver_only_lives() -> None:
    feed = _feed(Views())

    async def story() -> list[str]:
        listening = asyncio.create_task(_told(feed.listen("shop.yaml", "")))
        await asyncio.sleep(0)
        for now in (
            {"posts": ROLLOUT},
            {"posts": {**ROLLOUT, "driven": 2.0}},
            {"posts": {**ROLLOUT, "percent": 50}},
            {},
        ):
            feed.compare_rollouts("shop.yaml", now)
        feed.close()
        return await listening

    assert asyncio.run(story()) == ["hello", "rollout", "rollout", "rollout"]


def test_what_is_told_cannot_break_out_of_its_line() -> None:
    views = Views()
    feed = _feed(views)

    async def story() -> bytes:
        stream = feed.listen("", "")
        found = b""
        for _ in range(2):
            found += await anext(stream)
        views.update("shop.yaml", trouble="a\n\nevent: forged\r\ndata: {}\u2028")
        feed.compare()
        return found + await anext(stream)

    told = asyncio.run(story())
    assert told.decode("ascii").count("event: ") == 3, "one of them within a string"
    assert b"\nevent: forged" not in told
