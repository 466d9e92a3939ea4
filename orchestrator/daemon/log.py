"""Events as log lines: for a person, or one JSON object a line. A log that cannot be written to stops nothing."""

from __future__ import annotations

import contextlib
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from orchestrator.core.clock import iso
from orchestrator.core.events import Event, State

_LEVELS = {State.FAILED: "error", State.BLOCKED: "warning", State.RETRYING: "warning"}
_TOLD = ("percent", "phase", "stage", "differences", "outcome", "tasks", "stopped", "events")


class Log:
    """A sink that writes lines: time, level, stack, what happened."""

    def __init__(self, out: TextIO, *, json: bool = False) -> None:
        self._out = out
        render = structlog.processors.JSONRenderer(default=str) if json else _Line()
        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(out), processors=[render], wrapper_class=structlog.BoundLogger
        )

    def __call__(self, event: Event) -> None:
        """Write the event."""
        line: dict[str, Any] = {"at": iso(event.at), "level": _LEVELS.get(event.state, "info")}
        line |= {"stack": event.details.get("stack"), "subject": event.subject, "action": event.action}
        line |= {"state": event.state.value} | {k: event.details[k] for k in _TOLD if event.details.get(k)}
        with contextlib.suppress(OSError, ValueError):
            self._logger.info(event.message, **{key: value for key, value in line.items() if value is not None})
            self._out.flush()


class _Line:
    """A line as a person reads it: the details are in the message already."""

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        stack, subject = event.get("stack"), event["subject"]
        where = f"{stack} {subject}" if stack and stack != subject else subject
        return f"{event['at']} {event['level']:7} {where} {event['action']} {event['state']}: {event['event']}"
