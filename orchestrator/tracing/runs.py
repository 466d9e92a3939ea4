"""Runs as spans: an apply with its steps and rollouts, or what a daemon does in one tick of one stack."""

from __future__ import annotations

import threading

from opentelemetry.context import Context
from opentelemetry.trace import Span

from orchestrator.core.events import STEPS, Event, State
from orchestrator.tracing.making import Maker
from orchestrator.tracing.rollout import Rollout

_ROLL_OUT = "roll out"


class Run:
    """A sink whose events are the children of one span."""

    def __init__(self, make: Maker, name: str, at: float, parent: Context | None = None, **told: str) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._root = make.span(name, at, parent, **told)
        self._steps: dict[tuple[str, str], Span] = {}
        self._rollouts: dict[str, Rollout] = {}
        self._latest = at
        self._failed = ""

    def __call__(self, event: Event) -> None:
        """Take notice of what is done about a resource or a service; the rest is not what spans are about."""
        with self._lock:
            self._latest = max(self._latest, event.at)
            if event.action == _ROLL_OUT:
                self._roll_out(event)
            elif event.action in STEPS:
                self._step(event)

    def end(self, at: float | None = None, bad: str = "") -> None:
        """It is over, now or with the last of its events; what has not come to an end is left where it was."""
        with self._lock:
            at = max(self._latest, at or 0.0)
            for span in self._steps.values():
                self._make.end(span, at)
            for rollout in self._rollouts.values():
                rollout.end(at)
            self._steps, self._rollouts = {}, {}
            self._make.end(self._root, at, bad or self._failed)

    def _step(self, event: Event) -> None:
        key = event.subject, event.action
        span = self._steps.get(key)
        if span is None:
            kind = event.subject.partition("/")[0]
            span = self._make.span(f"{event.action} {kind}", event.at, self._root, address=event.subject)
            self._steps[key] = span
        if event.message:
            self._make.note(span, event.at, event.state.value, event.message)
        if event.state in (State.STARTED, State.WAITING, State.RETRYING):
            return
        bad = event.message if event.state in (State.FAILED, State.BLOCKED) else ""
        self._failed = self._failed or (f"{event.subject}: {bad}" if bad else "")
        self._make.tell(span, outcome=event.state.value)
        self._make.end(self._steps.pop(key), event.at, bad)

    def _roll_out(self, event: Event) -> None:
        rollout = self._rollouts.get(event.subject)
        if rollout is None:
            rollout = self._rollouts[event.subject] = Rollout(self._make, self._root, event)
        if rollout.take(event):
            del self._rollouts[event.subject]
            if event.state in (State.FAILED, State.BLOCKED):
                self._failed = self._failed or f"{event.subject}: {event.message}"


class Ticks:
    """The sink of a daemon: a trace for each tick in which something is done, none for those that only look."""

    def __init__(self, make: Maker) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}

    def __call__(self, event: Event) -> None:
        """Begin a trace, or go on with it."""
        key = event.details.get("plan")
        if not isinstance(key, str) or not (event.action == _ROLL_OUT or event.action in STEPS):
            return
        with self._lock:
            if key not in self._runs:
                stack = str(event.details.get("stack", key))
                self._runs[key] = Run(self._make, f"reconcile {stack}", event.at, stack=stack, plan=key)
            run = self._runs[key]
        run(event)

    def ticked(self, key: str) -> None:
        """A tick of this stack is over."""
        with self._lock:
            run = self._runs.pop(key, None)
        if run:
            run.end()
