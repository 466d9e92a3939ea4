"""A JUnit report with one test case a step and gate, so that Jenkins and others show what failed and why."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, State

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnit:
    """A sink that remembers how each subject ended."""

    def __init__(self, path: Path, command: str) -> None:
        self._path = path
        self._command = command
        self._lock = threading.Lock()
        self._started: dict[str, float] = {}
        self._ended: dict[str, tuple[Event, float]] = {}
        with self._reachable():  # better now than after a quarter of an hour; and no older report is taken for this one
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")

    def __call__(self, event: Event) -> None:
        """Note a start or an end."""
        key = f"{event.action} {event.subject}"
        with self._lock:
            if event.state is State.STARTED:
                self._started.setdefault(key, event.at)
            elif event.state in (State.DONE, State.FAILED, State.BLOCKED):
                self._ended[key] = (event, event.at - self._started.get(key, event.at))

    def write(self, error: str = "") -> None:
        """Write the report. ``error`` is what ended the command before or beside its steps."""
        suite = Xml.Element("testsuite", name=f"orchestrator {self._command}")
        failures = 0
        for key, (event, seconds) in self._ended.items():
            case = Xml.SubElement(suite, "testcase", classname=event.action, name=key, time=f"{max(0.0, seconds):.1f}")
            if event.state is State.FAILED:
                failures += 1
                fault = Xml.SubElement(case, "failure", message=_clean(event.message))
                fault.text = _clean(_reasons(event))
            elif event.state is State.BLOCKED:
                Xml.SubElement(case, "skipped", message=_clean(event.message))
        if error:
            case = Xml.SubElement(suite, "testcase", classname="command", name=self._command, time="0.0")
            Xml.SubElement(case, "error", message=_clean(error))
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(failures))
        suite.set("errors", str(int(bool(error))))
        with self._reachable():
            Xml.ElementTree(suite).write(self._path, encoding="utf-8", xml_declaration=True)

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise OrchestratorError(f"cannot write the JUnit report: {fault}") from None


def _reasons(event: Event) -> str:
    parts = [event.message]
    for title in ("stopped", "events", "targets", "logs"):
        parts += [f"{title}: {line}" for line in event.details.get(title, ())]
    return "\n".join(parts)


def _clean(text: str) -> str:
    """Control characters of a container's log are not allowed in XML, not even escaped."""
    return _NOT_XML.sub("\ufffd", text)
