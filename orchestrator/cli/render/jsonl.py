"""One JSON object a line on stdout, the first naming the version of the format: for programs."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from orchestrator.core.clock import iso
from orchestrator.core.events import Event

VERSION = 1


class JsonLines:
    """A sink that writes every event; ``result`` closes the stream with how it ended."""

    def __init__(self, out: TextIO, command: str) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._write({"type": "version", "format": VERSION, "command": command})

    def __call__(self, event: Event) -> None:
        """Write the event."""
        line: dict[str, Any] = {
            "type": "event",
            "at": iso(event.at),
            "subject": event.subject,
            "action": event.action,
            "state": event.state.value,
        }
        if event.message:
            line["message"] = event.message
        if event.details:
            line["details"] = dict(event.details)
        self._write(line)

    def result(self, kind: str, content: Mapping[str, Any]) -> None:
        """Write a result: a plan, an outcome, a list."""
        self._write({"type": kind, **content})

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._lock:
            self._out.write(json.dumps(line, default=str) + "\n")
            self._out.flush()
