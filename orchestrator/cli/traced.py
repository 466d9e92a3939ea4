"""Spans of commands and of the daemon, where the standard variables ask for them and the extra is installed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orchestrator.core.clock import Clock
from orchestrator.core.events import Event, Sink
from orchestrator.tracing.wanted import collector, wanted

if TYPE_CHECKING:
    from orchestrator.daemon.reconciler import Ticked
    from orchestrator.tracing.export import Tracing


@contextlib.contextmanager
def traced(title: str, clock: Clock, *, sandbox: bool = False) -> Iterator[Sink | None]:
    """A sink that makes spans for the length of some work; None where nobody wants them.

    What is wrong with the collector is said when the work is over: until then the terminal is the work's. ``sandbox``:
    its load balancers are reached through a proxy, which the collector is not behind.
    """
    said: list[str] = []
    tracing = _begin(said.append)
    if tracing is None:
        yield None
        return
    if sandbox:
        host = urlsplit(collector(os.environ)).hostname or ""
        os.environ["no_proxy"] = ",".join(filter(None, (os.environ.get("no_proxy"), host)))
    try:
        with tracing.run(title, clock) as run:
            yield run
    finally:
        for line in said:
            print(f"warning: {line}", file=sys.stderr)


class DaemonSpans:
    """The spans of a daemon; none where nobody wants them."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._tracing = _begin(warn)
        self._ticks = self._tracing.ticks() if self._tracing else None

    def sink(self, event: Event) -> None:
        """Take notice of what happens in a stack."""
        if self._ticks:
            self._ticks(event)

    def ticked(self, ticked: Ticked) -> None:
        """A tick is over."""
        if self._ticks:
            self._ticks.ticked(ticked.key)

    def close(self) -> None:
        """Send what is left."""
        if self._tracing:
            self._tracing.close()


def _begin(warn: Callable[[str], None]) -> Tracing | None:
    if not wanted(os.environ):
        return None
    try:
        from orchestrator.tracing.export import Tracing
    except ImportError:  # the variables may be meant for other programs of a pipeline
        return None
    from orchestrator.aws.redact import Redactor

    return Tracing(os.environ, warn, Redactor())
