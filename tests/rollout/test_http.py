"""Asking over HTTP: nobody there is told apart from somebody who does not answer."""

from __future__ import annotations

import socket
import threading

import pytest

from orchestrator.core.clock import SystemClock
from orchestrator.rollout.gates.base import Unreachable
from orchestrator.rollout.http import asker


def test_nobody_at_that_address_is_told_apart_from_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"

        def hang_up() -> None:
            server.accept()[0].close()

        hangs_up = threading.Thread(target=hang_up)
        hangs_up.start()
        with pytest.raises(OSError, match=r".") as silent:
            asker(SystemClock())("GET", address, {}, None, 5.0)
        hangs_up.join()
    assert not isinstance(silent.value, Unreachable)
    with pytest.raises(Unreachable, match="Connection refused"):
        asker(SystemClock())("GET", address, {}, None, 5.0)
