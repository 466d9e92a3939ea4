"""Sends spans to a collector by OTLP over HTTP, in the background; a collector that is not there delays nothing."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orchestrator import __version__
from orchestrator.core.clock import Clock
from orchestrator.tracing.making import Maker
from orchestrator.tracing.runs import Run, Ticks

WITHIN = 2.0
"""Real seconds for what has not been sent when a process ends."""
_PROTOCOL = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"


class Tracing:
    """The spans of one process, sent to where the standard variables say."""

    def __init__(self, environ: Mapping[str, str], warn: Callable[[str], None], redact: Callable[[str], str]) -> None:
        """``warn`` is told once when spans cannot be sent; ``redact`` takes secrets out of a text."""
        self._environ = environ
        self._settled = threading.Event()
        self._complaint = _Complaint(lambda why: warn(redact(f"spans cannot be sent: {why}")), self._settled)
        logger = logging.getLogger("opentelemetry")
        logger.handlers, logger.propagate = [self._complaint], False
        protocol = next((environ[name] for name in _PROTOCOL if environ.get(name)), _SPOKEN)
        if protocol != _SPOKEN:
            self._complaint.say(f"only {_SPOKEN} is spoken, the variables say {protocol}")
        self._provider = TracerProvider(resource=_resource(environ), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Exporter(self._complaint)))
        self.make = Maker(self._provider.get_tracer("orchestrator", __version__), redact)

    @contextlib.contextmanager
    def run(self, name: str, clock: Clock) -> Iterator[Run]:
        """The spans of a command, as part of the trace that a pipeline has begun, where it says so."""
        run = Run(self.make, name, clock.now(), traced_by(self._environ))
        try:
            yield run
        except BaseException as error:
            run.end(clock.now(), f"{type(error).__name__}: {error}")
            raise
        else:
            run.end(clock.now())
        finally:
            self.close()

    def ticks(self) -> Ticks:
        """The spans of a daemon."""
        return Ticks(self.make)

    def close(self) -> None:
        """Send what is left, as far as that can be done in a moment."""
        silent = self._complaint.stands
        self._settled.clear()

        def flush() -> None:
            self._provider.force_flush()
            self._settled.set()

        threading.Thread(target=flush, name="spans", daemon=True).start()
        if not silent and not self._settled.wait(WITHIN):
            self._complaint.say(f"the collector has not answered for {WITHIN:g} s")


class _Complaint(logging.Handler):
    """Passes the first of the SDK's complaints on, which it would print again with every batch."""

    def __init__(self, warn: Callable[[str], None], heard: threading.Event) -> None:
        super().__init__(logging.WARNING)
        self.stands = False
        self._warn = warn
        self._heard = heard
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        self.say(record.getMessage())

    def say(self, why: str) -> None:
        """Complain, once."""
        self.stands = True
        if not self._said:
            self._said = True
            self._warn(why)
        self._heard.set()  # not before: who waits for it ends the process


class _Exporter(OTLPSpanExporter):
    """Takes a complaint back as soon as spans arrive again; one that nobody has made by logging it is made here."""

    def __init__(self, complaint: _Complaint) -> None:
        super().__init__()
        self._complaint = complaint

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        if result is SpanExportResult.SUCCESS:
            self._complaint.stands = False
        else:
            self._complaint.say("the collector has not taken them")
        return result


def traced_by(environ: Mapping[str, str]) -> Context | None:
    """The trace that a pipeline is in, which hands it on by ``TRACEPARENT`` and ``TRACESTATE``."""
    handed = {name.lower(): environ[name] for name in ("TRACEPARENT", "TRACESTATE") if environ.get(name)}
    return TraceContextTextMapPropagator().extract(handed, Context()) if handed else None


def _resource(environ: Mapping[str, str]) -> Resource:
    """Who we are, unless the standard variables say otherwise."""
    named = environ.get("OTEL_SERVICE_NAME") or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return Resource.create({"service.version": __version__} | ({} if named else {"service.name": "orchestrator"}))
