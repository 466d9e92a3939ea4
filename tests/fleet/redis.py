"""A Redis of a test's own: on a free port of 127.0.0.1, with nothing kept on disk, stopped by its process."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVER = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(
    SERVER is None, reason="NO REDIS: install Debian's redis-server (scripts/ensure-redis does) to have this tested"
)
_READY = "Ready to accept connections"


class Redis:
    """One that can go away and come back at the same address."""

    def __init__(self, home: Path) -> None:
        self.port = _free_port()
        self._home = home
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        told = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        command = [str(SERVER), *told, "--dir", str(self._home), "--daemonize", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if _READY in line:
                return
        raise AssertionError("".join(said))

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.communicate()
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis(home: Path) -> Iterator[Redis]:
    """One that runs until the end of the block."""
    server = Redis(home)
    server.start()
    try:
        yield server
    finally:
        server.stop()
