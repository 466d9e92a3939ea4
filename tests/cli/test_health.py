"""``health`` says by its exit code what a daemon answers, asks nobody but that daemon, and never waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orchestrator.cli.commands.health import health
from orchestrator.core.errors import OrchestratorError


class _Daemon(BaseHTTPRequestHandler):
    """Lives, and is not ready."""

    def do_GET(self) -> None:
        status, said = (200, b'{"ok":true}') if self.path == "/healthz" else (503, b'{"ok":false,"why":"no store"}')
        self.send_response(status)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *told: object) -> None:
        """Nothing."""


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # nobody is there: whoever asked it would fail
    server = HTTPServer(("127.0.0.1", 0), _Daemon)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_daemon_that_lives_is_healthy(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert health(port=port) == 0
    assert capsys.readouterr().out == '{"ok":true}\n'


def test_a_daemon_that_is_not_ready_says_why(port: int) -> None:
    with pytest.raises(OrchestratorError, match=r'answers 503: \{"ok":false,"why":"no store"\}') as refused:
        health(port=port, ready=True)
    assert refused.value.exit_code == 1


def test_where_nobody_listens_nobody_is_healthy() -> None:
    with pytest.raises(OrchestratorError, match=r"no daemon answers on 127.0.0.1:1: .*refused"):
        health(port=1)
