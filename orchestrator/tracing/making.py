"""How a span is made of what an event tells: times of the events' own clock, and no secrets in any text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context


class Maker:
    """Makes spans of one tracer. ``redact`` takes secrets out of a text."""

    def __init__(self, tracer: Tracer, redact: Callable[[str], str]) -> None:
        self._tracer = tracer
        self._redact = redact

    def span(self, name: str, at: float, parent: Span | Context | None, **told: Any) -> Span:
        """Begin one."""
        context = set_span_in_context(parent) if isinstance(parent, Span) else parent
        span = self._tracer.start_span(self._redact(name), context=context, start_time=_nanoseconds(at))
        self.tell(span, **told)
        return span

    def tell(self, span: Span, **told: Any) -> None:
        """Add attributes; what is not known is left out."""
        for name, value in told.items():
            if value not in (None, ""):
                plain = value if isinstance(value, bool | int | float) else self._redact(str(value))
                span.set_attribute(f"orchestrator.{name}", plain)

    def note(self, span: Span, at: float, name: str, message: str) -> None:
        """Add something that happened."""
        span.add_event(name, {"message": self._redact(message)}, timestamp=_nanoseconds(at))

    def end(self, span: Span, at: float, bad: str = "") -> None:
        """End it; ``bad``: why it failed."""
        if bad:
            span.set_status(Status(StatusCode.ERROR, self._redact(bad)))
        span.end(end_time=_nanoseconds(at))


def _nanoseconds(at: float) -> int:
    return round(at * 1e9)
