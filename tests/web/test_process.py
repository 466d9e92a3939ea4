"""The command ``daemon`` with its page: where it listens, what it says of that, and that it ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import httpx

from orchestrator.settings import SettingsError, load_settings
from tests.system.commands import finish, terminal

PLAN = "name: shop\nregion: eu-west-1\ndaemon: {mode: off}\n"
TOKEN = "a-long-enough-token"


def test_the_page_is_served_until_sigterm_which_ends_streams_too(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(PLAN)
    with terminal(tmp_path / "home") as typed:
        process = typed.start(
            "daemon", "--plans", str(tmp_path), "--port", "0", "--json", ORCHESTRATOR_WEB_TOKEN=f"ann:{TOKEN}"
        )
        assert process.stdout
        url = json.loads(process.stdout.readline())["event"].removeprefix("serves ")
        with httpx.Client(base_url=url, timeout=20) as http, http.stream("GET", "/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 2000"
            assert http.get("/healthz").status_code == 200
            assert "orchestrator_" in http.get("/metrics").text
            page = http.get("/")
            assert page.status_code == 200 and "connect-src 'self'" in page.headers["content-security-policy"]
            assert http.get("/api/me", headers={"Authorization": f"Bearer {TOKEN}"}).json() == {"name": "ann"}
            process.send_signal(signal.SIGTERM)
            assert "event: forged" not in list(lines)
        ended = finish(process)
    assert (ended.code, ended.err) == (0, "")
    assert TOKEN not in ended.out


def test_an_address_that_somebody_else_has_is_told_before_anything_begins(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, terminal(tmp_path / "home") as typed:
        port = str(taken.getsockname()[1])
        done = typed.run("daemon", "--plans", str(tmp_path), "--port", port)
    assert (done.code, done.out) == (1, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in done.err and "--no-web" in done.err


def test_tokens_that_could_be_guessed_or_mean_two_are_refused_without_showing_them() -> None:
    home = {"HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull + "x"}
    for text in ("ann:short", "no-name-at-all-here", f"ann:{TOKEN},ann:{TOKEN}x", f":{TOKEN}", f"ann:{TOKEN} x", ""):
        try:
            load_settings({**home, "ORCHESTRATOR_WEB_TOKEN": text})
        except SettingsError as error:
            assert not text or text not in error.message
        else:
            raise AssertionError(text)
    settings = load_settings({**home, "ORCHESTRATOR_WEB_TOKEN": f"ann:{TOKEN}, bob@x:{TOKEN}2"})
    assert settings.web_tokens == {"ann": TOKEN, "bob@x": f"{TOKEN}2"}
    assert TOKEN not in repr(settings) + str(settings.values["web_token"])
    assert load_settings(home).web_tokens == {}
