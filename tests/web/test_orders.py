"""Who may steer, from where and with what; and that what they say is kept where every process hears it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.app import pausing
from orchestrator.web.guard import LARGEST_BODY
from orchestrator.web.tokens import Tokens
from tests.daemon.stage import BUCKET
from tests.web.stand import TOKEN, Stand, serving, stand

STACK = "/api/stacks/shop.yaml"
ORDERS = [f"{STACK}/{name}" for name in ("sync", "pause", "resume")]
SERVICE = """\
name: mail
region: eu-west-1
daemon: {mode: off}
network:
  subnets:
    public: {a: 10.0.0.0/24, b: 10.0.1.0/24}
services:
  mailer: {subnets: public, public_ip: true}
"""
ALL_ORDERS = [*ORDERS, *(f"/api/stacks/mail.yaml/services/mailer/{name}" for name in ("promote", "abort", "undo"))]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A stack that is looked at, and one with a service."""
    with stand(tmp_path_factory.mktemp("orders")) as found:
        found.stage.write(text=BUCKET)
        found.stage.write("mail", SERVICE)
        found.run(62)
        yield found


@pytest.fixture
def shop(ground: Stand) -> Stand:
    """The same, with nothing said yet."""
    ground.stage.events.clear()
    return ground


@pytest.mark.parametrize("order", ALL_ORDERS)
@pytest.mark.parametrize("token", [None, "", "ann", TOKEN[:-1], f"{TOKEN}x", f"ann:{TOKEN}"])
def test_without_a_token_of_ours_every_order_is_refused(shop: Stand, order: str, token: str | None) -> None:
    answer = shop.post(order, token=token)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert shop.stage.events == []


def test_a_token_counts_in_its_header_alone_since_browsers_send_the_rest_by_themselves(shop: Stand) -> None:
    for given in ({"Cookie": f"token={TOKEN}"}, {"Authorization": f"Basic {TOKEN}"}, {"X-Token": TOKEN}):
        assert shop.post(f"{STACK}/sync?token={TOKEN}", token=None, **given).status_code == 401
    assert "set-cookie" not in shop.post(f"{STACK}/sync").headers


@pytest.mark.parametrize("order", ALL_ORDERS)
def test_a_daemon_without_tokens_refuses_every_order_and_says_how_to_give_it_some(shop: Stand, order: str) -> None:
    with serving(shop.stage, Tokens()) as silent:
        answer = silent.post(order)
    assert answer.status_code == 403
    assert "ORCHESTRATOR_WEB_TOKEN" in answer.json()["error"]


@pytest.mark.parametrize(
    "told",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_what_another_sites_page_sends_is_refused_even_with_a_token(shop: Stand, told: dict[str, str]) -> None:
    assert shop.post(f"{STACK}/pause", **told).status_code == 403
    assert shop.stage.events == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/x-www-form-urlencoded", b"reason=x", 415),
        ("application/json", b"{", 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"reason": 1}', 400),
        ("application/json", b'{"full": "yes"}', 400),
        ("application/json", b'{"resaon": "typo"}', 400),
        ("application/json", b'{"reason": "' + b"x" * 501 + b'"}', 400),
        ("application/json", b"[" * 15_000, 400),
        ("application/json", b'{"reason": "' + b"x" * LARGEST_BODY + b'"}', 413),
    ],
)
def test_what_cannot_be_an_order_is_refused_in_words(shop: Stand, kind: str, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    answer = shop.http.post(f"{STACK}/pause", content=body, headers=headers)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert shop.stage.events == []


def test_a_body_without_end_is_not_read_to_its_end(shop: Stand) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            sent.append(1)
            yield b" " * 4096

    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        status: Any = shop.http.post(f"{STACK}/pause", content=endless(), headers=headers).status_code
    except Exception as error:  # the server may close before the client has sent all
        status = type(error).__name__
    assert status in (413, "WriteError", "ReadError", "RemoteProtocolError")
    assert len(sent) < 10_000 or status == 413


@pytest.mark.parametrize("path", ["nothing.yaml/sync", "mail.yaml/services/nobody/abort", "..%2Fshop.yaml/sync"])
def test_orders_to_what_is_not_there_say_so(shop: Stand, path: str) -> None:
    answer = shop.post(f"/api/stacks/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


def test_a_pause_holds_for_every_process_with_who_and_why_until_it_is_resumed(shop: Stand) -> None:
    answer = shop.post(f"{STACK}/pause", json={"reason": "audit"})
    assert (answer.status_code, answer.json()["by"]) == (202, "ann")
    assert shop.get("/api/stacks/shop.yaml").json()["state"] == "paused"
    pause = pausing.paused(shop.stage.system())
    assert pause and (pause.by, pause.reason) == ("ann", "audit")
    shop.run(2)
    assert shop.daemon.views.view("shop.yaml").paused.endswith(": audit")
    assert shop.post(f"{STACK}/resume", json={"reason": "done"}).json()["message"] == "Daemons go on with it."
    assert pausing.paused(shop.stage.system()) is None
    assert shop.stage.told()[0] == "shop.yaml: pause by ann: audit"


def test_who_shares_a_token_may_say_their_name_and_the_tokens_stays_beside_it(shop: Stand) -> None:
    told = shop.post(f"{STACK}/sync", json={"by": "eve", "reason": "look\n at\tthis \u202e"}).json()
    assert (told["by"], told["reason"]) == ("eve (token ann)", "look at this [U+202E]")
    assert [event.details["by"] for event in shop.stage.events] == ["eve (token ann)"]


def test_sync_has_the_stack_looked_at_at_the_next_turn(shop: Stand) -> None:
    shop.run(2)
    before = shop.daemon.views.view("shop.yaml").ticks
    shop.run(5)
    assert shop.daemon.views.view("shop.yaml").ticks == before, "it is not due by itself"
    assert shop.post(f"{STACK}/sync").status_code == 202
    shop.run(2)
    assert shop.daemon.views.view("shop.yaml").ticks == before + 1


def test_orders_that_make_no_sense_now_are_refused_with_the_reason(shop: Stand) -> None:
    mailer = "/api/stacks/mail.yaml/services/mailer"
    assert shop.post("/api/stacks/mail.yaml/sync").status_code == 409
    assert shop.post(f"{mailer}/promote", json={"full": True}).status_code == 400
    for name in ("promote", "abort"):
        answer = shop.post(f"{mailer}/{name}", json={"reason": "x"})
        assert (answer.status_code, "is not being rolled out" in answer.json()["error"]) == (409, True)
    undo = shop.post(f"{mailer}/undo", json={"reason": "x"})
    assert (undo.status_code, undo.json()["error"]) == (409, "what mailer stands on is not all there")


def test_a_token_is_never_told_again(shop: Stand) -> None:
    shop.post(f"{STACK}/sync", json={"reason": "fine"})
    assert shop.get("/api/me", headers={"Authorization": f"Bearer {TOKEN}"}).json() == {"name": "ann"}
    assert shop.get("/api/me").status_code == 401
    texts = [shop.get(path).text for path in ("/", "/api/stacks", "/api/stacks/shop.yaml", "/readyz")]
    assert not [text for text in [*texts, repr(shop.stage.events), repr(Tokens({"a": TOKEN}))] if TOKEN in text]
