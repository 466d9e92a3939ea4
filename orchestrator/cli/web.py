"""Serves a daemon's web page for as long as the daemon runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.core.events import Event, State
from orchestrator.settings import Settings

if TYPE_CHECKING:
    from orchestrator.daemon.daemon import Daemon
    from orchestrator.daemon.reconciler import Means
    from orchestrator.web.site import Metrics

_READ_ONLY = ", read-only: ORCHESTRATOR_WEB_TOKEN is not set"


@contextlib.contextmanager
def served(
    daemon: Daemon, means: Means, settings: Settings, host: str, port: int, metrics: Metrics | None = None
) -> Iterator[None]:
    """The page, inside the block. Raises when its address cannot be had, before anything begins."""
    from orchestrator.web.app import create_app
    from orchestrator.web.guard import hosts_for
    from orchestrator.web.server import Server, address, listening
    from orchestrator.web.tokens import Tokens

    listener = listening(host, port)
    hosts = hosts_for(host, settings.web_hosts)
    app = create_app(daemon, means, tokens=Tokens(settings.web_tokens), hosts=hosts, metrics=metrics)
    server = Server(app, listener, means.sink, means.clock)
    server.start()
    said = f"serves {address(listener)}" + ("" if settings.web_tokens else _READ_ONLY)
    means.sink(Event(at=means.clock.now(), subject="web", action="serve", state=State.STARTED, message=said))
    try:
        yield
    finally:
        server.stop()
