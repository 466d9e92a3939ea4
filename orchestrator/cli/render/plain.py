"""One line on each change, and a heartbeat that says what is being waited for: for logs, files and CI."""

from __future__ import annotations

import threading
from typing import TextIO

from orchestrator.app.ecs_events import in_short
from orchestrator.cli.render.words import sentence
from orchestrator.core.clock import Clock, duration, iso
from orchestrator.core.events import Event, State

_HEARTBEAT = 30.0


class PlainLines:
    """A sink that writes lines. Waiting is only said when its reason changes, and every 30 s of the clock."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out = out
        self._clock = clock
        self._lock = threading.Lock()
        self._started: dict[str, float] = {}
        self._said: dict[str, tuple[str, float]] = {}

    def __call__(self, event: Event) -> None:
        """Write the event, unless it repeats what was said a moment ago."""
        with self._lock:
            if event.state is State.STARTED:
                self._started[event.subject] = event.at
            if event.state is State.WAITING and not self._news(event):
                return
            if event.state in (State.DONE, State.FAILED):
                self._said.pop(event.subject, None)
            self._out.write(f"{iso(event.at)} {sentence(event)}{self._elapsed(event)}\n")
            for line in _evidence(event):
                self._out.write(f"{' ' * 21}{line}\n")
            self._out.flush()

    def _news(self, event: Event) -> bool:
        text, at = self._said.get(event.subject, ("", float("-inf")))
        if text == event.message and event.at - at < _HEARTBEAT:
            return False
        self._said[event.subject] = (event.message, event.at)
        return True

    def _elapsed(self, event: Event) -> str:
        started = self._started.get(event.subject)
        if started is None or event.state is State.STARTED or event.at - started < 1:
            return ""
        return f" ({duration(event.at - started)})"


def _evidence(event: Event) -> list[str]:
    """Why a service failed, in AWS's words."""
    if event.state is not State.FAILED:
        return []
    stopped = [f"stopped task: {reason}" for reason in event.details.get("stopped", ())]
    return stopped + [f"event: {text}" for text in in_short(event.details.get("events", ()))]
