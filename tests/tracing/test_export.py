"""Sending spans: to whom, when at all, and what it costs when nobody is there to take them."""

from __future__ import annotations

import io
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from orchestrator.aws.redact import Redactor
from orchestrator.cli.session import Options, Session
from orchestrator.cli.traced import DaemonSpans, traced
from orchestrator.core.clock import SystemClock
from orchestrator.core.events import Event, State
from orchestrator.tracing.export import Tracing
from orchestrator.tracing.wanted import wanted

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({ENDPOINT: "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", ENDPOINT: "http://127.0.0.1:4318"}, False),
        ({"OTEL_TRACES_EXPORTER": "console", ENDPOINT: "http://127.0.0.1:4318"}, False),
        ({"OTEL_SDK_DISABLED": "true", ENDPOINT: "http://127.0.0.1:4318"}, False),
    ],
)
def test_spans_are_made_when_a_collector_is_named_and_nothing_says_no(environ: dict[str, str], expected: bool) -> None:
    assert wanted(environ) is expected


@contextmanager
def collecting(answer: Callable[[], int]) -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A collector; ``answer`` gives the status of each request."""
    taken: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = answer()
            if status == 200:
                taken.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Names a collector; the logger is as before at the end."""
    logger = logging.getLogger("opentelemetry")
    handlers, propagate = list(logger.handlers), logger.propagate
    yield lambda url: monkeypatch.setenv(ENDPOINT, url)
    logger.handlers, logger.propagate = handlers, propagate


def _names(requests: list[ExportTraceServiceRequest]) -> list[str]:
    return [
        span.name
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _event(state: State, **more: str) -> Event:
    return Event(at=SystemClock().now(), subject="bucket/media", action="create", state=state, details=more)


def test_the_spans_of_a_command_have_arrived_when_it_ends(telemetry: Callable[[str], None]) -> None:
    with collecting(lambda: 200) as (url, taken):
        telemetry(url)
        with traced("apply forum", SystemClock()) as sink:
            assert sink is not None
            sink(_event(State.STARTED))
            sink(_event(State.DONE))
    assert _names(taken) == ["create bucket", "apply forum"]
    told = {a.key: a.value.string_value for a in taken[0].resource_spans[0].resource.attributes}
    assert told["service.name"] == "orchestrator"


def test_an_error_ends_the_span_of_the_command_with_its_reason_and_goes_on_its_way(
    telemetry: Callable[[str], None],
) -> None:
    with collecting(lambda: 200) as (url, taken):
        telemetry(url)
        with pytest.raises(ValueError, match="no such"), traced("apply forum", SystemClock()):
            raise ValueError("no such thing")
    (span,) = taken[0].resource_spans[0].scope_spans[0].spans
    assert span.status.message == "ValueError: no such thing"


def test_whatever_a_command_does_is_traced_as_part_of_the_pipeline_s_trace(
    telemetry: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    with collecting(lambda: 200) as (url, taken):
        telemetry(url)
        session = Session("apply", Options(plan=tmp_path / "forum.yaml"), io.StringIO())
        with session.progress("apply forum") as sink:
            sink(_event(State.STARTED))
            sink(_event(State.DONE))
    step, root = taken[0].resource_spans[0].scope_spans[0].spans
    assert root.trace_id.hex() == step.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert (root.parent_span_id.hex(), step.parent_span_id) == ("b7ad6b7169203331", root.span_id)


def test_on_a_sandbox_of_our_own_spans_do_not_go_through_the_proxy_to_its_load_balancers(
    telemetry: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "example.com")
    with collecting(lambda: 200) as (url, taken):
        telemetry(url)
        with traced("apply forum", SystemClock(), sandbox=True):
            pass
    assert _names(taken) == ["apply forum"]


def test_the_spans_of_a_daemon_are_sent_tick_by_tick_and_what_is_left_at_its_end(
    telemetry: Callable[[str], None],
) -> None:
    with collecting(lambda: 200) as (url, taken):
        telemetry(url)
        spans = DaemonSpans(pytest.fail)
        spans.sink(_event(State.STARTED, plan="forum.yaml", stack="forum"))
        assert spans._ticks is not None
        spans._ticks.ticked("forum.yaml")
        spans.close()
    assert sorted(_names(taken)) == ["create bucket", "reconcile forum"]


def test_a_collector_that_is_not_there_is_told_of_once_and_not_waited_for(
    telemetry: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        telemetry(f"http://127.0.0.1:{free.getsockname()[1]}")
        warned: list[str] = []
        tracing = Tracing({}, warned.append, Redactor())
        tracing._complaint.emit(logging.makeLogRecord({"msg": "refused"}))
        for _ in range(3):
            with tracing.run("apply forum", SystemClock()):
                pass
    assert warned == ["spans cannot be sent: refused"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("quiet", [False, True])
def test_a_refusal_at_the_end_is_all_that_is_waited_for_and_is_said_when_the_work_is_over(
    telemetry: Callable[[str], None], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, quiet: bool
) -> None:
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("opentelemetry.")]:
        monkeypatch.setattr(logging.getLogger(name), "disabled", quiet)  # as others in the process may have left it
    with collecting(lambda: 403) as (url, taken):
        telemetry(url)
        with traced("apply forum", SystemClock()):
            assert capfd.readouterr().err == ""
    out, err = capfd.readouterr()
    assert (out, taken) == ("", [])
    assert err.startswith("warning: spans cannot be sent: ")
    assert len(err.splitlines()) == 1


def test_a_collector_that_hangs_holds_nobody_up_for_longer_than_it_may(
    telemetry: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.tracing.export.WITHIN", 0.05)
    enough, warned = threading.Event(), list[str]()
    with collecting(lambda: 200 if enough.wait(20) else 500) as (url, taken):
        telemetry(url)
        with Tracing({}, warned.append, Redactor()).run("apply forum", SystemClock()):
            pass
        assert taken == [], "it was left while the collector was still thinking"
        enough.set()
    assert warned == ["spans cannot be sent: the collector has not answered for 0.05 s"]


def test_a_collector_that_is_back_is_waited_for_again(telemetry: Callable[[str], None]) -> None:
    warned: list[str] = []
    with collecting(lambda: 200) as (url, taken):
        telemetry(url)
        tracing = Tracing({}, warned.append, Redactor())
        tracing._complaint.say("refused")
        tracing.make.span("lost", 0.0, None).end()
        tracing._provider.force_flush()
        assert not tracing._complaint.stands
    assert (_names(taken), len(warned)) == (["lost"], 1)


def test_a_protocol_that_we_do_not_speak_is_told_of(telemetry: Callable[[str], None]) -> None:
    warned: list[str] = []
    telemetry("http://127.0.0.1:9")
    Tracing({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, warned.append, Redactor())
    assert warned == ["spans cannot be sent: only http/protobuf is spoken, the variables say grpc"]


def test_nothing_of_it_is_imported_by_a_command_that_nobody_traces() -> None:
    code = (
        "import sys; from orchestrator.cli.main import app; from orchestrator.cli.traced import traced\n"
        "with traced('x', None) as sink: assert sink is None\n"
        "print([m for m in sys.modules if m.startswith(('opentelemetry', 'prometheus_client'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={})
    assert ran.stdout == "[]\n"


def test_without_the_extra_a_pipeline_s_variables_mean_nothing_to_us() -> None:
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from orchestrator.cli.traced import traced\n"
        "with traced('x', None) as sink: print(sink)"
    )
    environ = {ENDPOINT: "http://127.0.0.1:4318"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert (ran.stdout, ran.stderr) == ("None\n", "")
