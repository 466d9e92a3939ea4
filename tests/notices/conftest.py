"""A receiver of webhooks on this machine, and what is needed to have something sent to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.plan.conftest import load, refusal

__all__ = ["load", "receivers", "refusal"]


class Receiver:
    """Takes what apprise's json:// posts. ``answers`` are the statuses of the next requests; then it takes all."""

    def __init__(self, *answers: int, hangs: bool = False) -> None:
        self.got: list[dict[str, Any]] = []
        self.asked = 0
        self.answers = list(answers)
        self.let_go = threading.Event()
        self._hangs = hangs
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that http.server calls
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(receiver.take(body))
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self._server.server_port}/hook"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.got]

    def take(self, body: dict[str, Any]) -> int:
        self.asked += 1
        if self._hangs:
            self.let_go.wait(60)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.got.append(body)
        return status

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    """Opens receivers, and closes them at the end."""
    opened: list[Receiver] = []

    def opens(*answers: int, hangs: bool = False) -> Receiver:
        opened.append(Receiver(*answers, hangs=hangs))
        return opened[-1]

    yield opens
    for receiver in opened:
        receiver.close()
