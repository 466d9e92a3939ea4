"""What Celery logs, as events: what is wrong with the broker once and not at each try, and when it is over."""

from __future__ import annotations

import logging

from orchestrator.aws.redact import Redactor
from orchestrator.core.clock import Clock
from orchestrator.core.events import Event, Sink, State

_LOGGERS = ("celery", "kombu", "multiprocessing")
_CONNECTED = "Connected to"
_READY = "ready."


class Said(logging.Handler):
    """Passes on warnings and errors, each kind once until there is a connection again."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        super().__init__(logging.INFO)
        self._sink = sink
        self._clock = clock
        self._told: set[str] = set()
        self._redact = Redactor()

    def listen(self) -> None:
        """Hear all that Celery says, and let nobody else print it."""
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [self], False
            logger.setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass it on, if it is news."""
        kind = str(record.msg)
        good = kind.startswith(_CONNECTED) or kind.endswith(_READY)
        if good:
            self._told.clear()
        elif record.levelno < logging.WARNING or kind in self._told:
            return
        self._told.add(kind)
        state = State.DONE if good else State.BLOCKED if record.levelno < logging.ERROR else State.FAILED
        self.say(state, " ".join(self._redact(record.getMessage()).split()))

    def say(self, state: State, message: str) -> None:
        """Tell something of the worker itself."""
        self._sink(Event(at=self._clock.now(), subject="worker", action="work", state=state, message=message))
