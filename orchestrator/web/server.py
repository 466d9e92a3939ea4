"""Serves the application from a thread of the daemon's process, on an address that is taken before anything begins."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from orchestrator.core.clock import Clock
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, Sink, State

STOPS_WITHIN = 2
"""Seconds for requests in flight, once the daemon has come to its end."""


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 for any that is free. Raises ``OrchestratorError`` when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
        # asyncio does so itself only for sockets made with a protocol number: each answer would wait 40 ms for an ACK
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        why = error.strerror or str(error)
        raise OrchestratorError(
            f"cannot listen on {host} port {port}: {why}", hint="choose another --port, or --no-web"
        ) from error


def address(listener: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class Server:
    """One server. What goes wrong in it is told as an event."""

    def __init__(self, app: ASGIApp, listener: socket.socket, sink: Sink, clock: Clock) -> None:
        self._listener = listener
        self._complaints = _Complaints(sink, clock)
        config = uvicorn.Config(
            app,
            http="h11",
            access_log=False,
            log_config=None,
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOPS_WITHIN,
            timeout_keep_alive=15,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        logger = logging.getLogger("uvicorn")
        logger.propagate = False
        logger.addHandler(self._complaints)
        self._thread.start()

    def stop(self) -> None:
        """Answer what was asked, then no more."""
        self._server.should_exit = True
        self._thread.join(2 * STOPS_WITHIN)
        self._listener.close()
        logging.getLogger("uvicorn").removeHandler(self._complaints)

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])


class _Complaints(logging.Handler):
    """The server's warnings and errors, but for listeners that were let go of."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        super().__init__(logging.WARNING)
        self._sink = sink
        self._clock = clock

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, asyncio.CancelledError):
            return
        said = f"{type(error).__name__}: {error}" if error else record.getMessage()
        now = self._clock.now()
        self._sink(Event(at=now, subject="web", action="serve", state=State.NOTE, message=said))
