"""Says what is wrong once, however many stacks run into it and however often, and says when it is over."""

from __future__ import annotations

import threading

from orchestrator.core.clock import Clock
from orchestrator.core.events import Event, Sink, State


class Troubles:
    """What is wrong at the moment, by where: an account, the store, a stack; and who has run into it."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._lock = threading.Lock()
        self._met: dict[str, set[str]] = {}

    def met(self, where: str, who: str, message: str, hint: str = "") -> None:
        """Somebody has run into something; only the first is told."""
        with self._lock:
            news = where not in self._met
            self._met.setdefault(where, set()).add(who)
        if news:
            self._tell(where, State.FAILED, f"{message}; {hint}" if hint else message)

    def over(self, who: str) -> None:
        """Somebody is fine. What nobody runs into any more is over."""
        with self._lock:
            over = [where for where, met in self._met.items() if met == {who}]
            self._met = {where: met - {who} for where, met in self._met.items() if where not in over}
        for where in over:
            self._tell(where, State.DONE, "is well again")

    def now(self) -> dict[str, int]:
        """How many have run into each."""
        with self._lock:
            return {where: len(met) for where, met in self._met.items()}

    def _tell(self, where: str, state: State, message: str) -> None:
        self._sink(trouble(where, state, message, self._clock.now()))


def trouble(where: str, state: State, message: str, at: float) -> Event:
    """That something is wrong, or is well again."""
    return Event(at=at, subject=where, action="trouble", state=state, message=message)
