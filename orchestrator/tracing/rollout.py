"""One turn of one rollout as spans: its stages, and in each the gates that were asked."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Span

from orchestrator.core.events import Event, State
from orchestrator.tracing.making import Maker

_BAD = ("fail", "error")
_TOLD = ("id", "strategy", "old", "new")


@dc.dataclass
class _Gate:
    span: Span
    at: float
    bad: str = ""


@dc.dataclass
class _Stage:
    span: Span
    place: tuple[Any, ...]
    began: float
    gates: dict[str, _Gate] = dc.field(default_factory=dict)


class Rollout:
    """Grows with every event of a service's rollout, until one has an outcome or the turn is over."""

    def __init__(self, make: Maker, parent: Span, event: Event) -> None:
        self._make = make
        self._began = event.at
        told = {f"rollout.{key}": event.details.get(key) for key in _TOLD}
        release = event.details.get("release", {})
        told |= {"rollout.image": release.get("image"), "rollout.release": release.get("hash")}
        self._span = make.span(f"roll out {event.subject}", event.at, parent, service=event.subject, **told)
        self._stage: _Stage | None = None

    def take(self, event: Event) -> bool:
        """Go on with an event; whether it was the last one."""
        self._readings(event.details.get("readings", ()))
        self._move(event)
        span = self._stage.span if self._stage else self._span
        if event.message:
            self._make.note(span, event.at, event.state.value, event.message)
        if not event.details.get("outcome"):
            return False
        bad = event.state in (State.FAILED, State.BLOCKED)
        self._make.tell(self._span, **{"rollout.outcome": event.details["outcome"]})
        self.end(event.at, event.message if bad else "")
        return True

    def end(self, at: float, bad: str = "") -> None:
        """No more is known of it; ``bad``: why it did not arrive."""
        self._leave(at)
        self._make.end(self._span, at, bad)

    def _move(self, event: Event) -> None:
        """Leave a stage and enter the next one as the rollout does."""
        details = event.details
        place = (details.get("phase"), details.get("at"), details.get("stage"))
        if self._stage and self._stage.place == place:
            return
        self._leave(event.at)
        if details.get("stage"):
            told = {"rollout.phase": details["phase"], "rollout.percent": details.get("percent")}
            span = self._make.span(str(details["stage"]), event.at, self._span, **told)
            self._stage = _Stage(span, place, event.at)

    def _leave(self, at: float) -> None:
        if self._stage is None:
            return
        for gate in self._stage.gates.values():
            self._make.end(gate.span, gate.at, gate.bad)
        self._make.end(self._stage.span, at)
        self._stage = None

    def _readings(self, readings: Any) -> None:
        """What gates have said since; what they said to a process before this one is that one's to tell."""
        for reading in readings:
            if self._stage and reading["stage"] == self._stage.place[2] and reading["at"] >= self._began:
                self._read(self._stage, reading)

    def _read(self, stage: _Stage, reading: Mapping[str, Any]) -> None:
        name, at = str(reading["gate"]), float(reading["at"])
        known = stage.gates.get(name)
        if known and known.at >= at:
            return
        gate = known or _Gate(self._make.span(f"gate {name}", min(stage.began, at), stage.span), at)
        gate.at, gate.bad = at, str(reading["note"]) if reading["judgement"] in _BAD else ""
        self._make.note(gate.span, at, str(reading["judgement"]), str(reading["note"]))
        self._make.tell(gate.span, **{"gate.judgement": reading["judgement"]})
        stage.gates[name] = gate
