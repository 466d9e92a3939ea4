"""Spans as they are made of events: which there are, what belongs to what, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from orchestrator.aws.redact import Redactor
from orchestrator.core.events import Event, State, each_of
from orchestrator.tracing.export import traced_by
from orchestrator.tracing.making import Maker
from orchestrator.tracing.runs import Run, Ticks
from tests.daemon.stage import BUCKET, SHOP, stage


class Told:
    """What has been exported, and ways to look at it."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.make = Maker(provider.get_tracer("tests"), Redactor())

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def one(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def children(self, span: ReadableSpan) -> list[str]:
        """The names of its children, in the order in which they began."""
        found = [s for s in self.spans if s.parent and s.parent.span_id == span.context.span_id]
        return [s.name for s in sorted(found, key=lambda s: (s.start_time or 0, s.name))]

    def tree(self, span: ReadableSpan) -> dict[str, Any]:
        kids = [s for s in self.spans if s.parent and s.parent.span_id == span.context.span_id]
        return {s.name: self.tree(s) for s in sorted(kids, key=lambda s: s.start_time or 0)}


@pytest.fixture
def told() -> Told:
    return Told()


def _step(
    state: State, at: float, message: str = "", *, subject: str = "bucket/media", action: str = "create"
) -> Event:
    return Event(at=at, subject=subject, action=action, state=state, message=message)


def _seconds(span: ReadableSpan) -> tuple[float, float]:
    return (span.start_time or 0) / 1e9, (span.end_time or 0) / 1e9


def test_an_apply_is_a_span_and_its_steps_are_the_children_with_the_times_of_the_events(told: Told) -> None:
    run = Run(told.make, "apply forum", 100.0)
    run(_step(State.STARTED, 110.0, "not there yet"))
    run(_step(State.WAITING, 115.0, "waiting for AWS to list it"))
    run(_step(State.DONE, 130.0))
    run.end(140.0)
    root = told.one("apply forum")
    assert told.children(root) == ["create bucket"]
    step = told.one("create bucket")
    assert (_seconds(root), _seconds(step)) == ((100.0, 140.0), (110.0, 130.0))
    assert (step.attributes or {})["orchestrator.address"] == "bucket/media"
    assert [event.name for event in step.events] == ["started", "waiting"]
    assert root.status.status_code is StatusCode.UNSET


def test_a_step_that_failed_and_one_that_it_blocked_are_errors_and_so_is_the_run(told: Told) -> None:
    run = Run(told.make, "apply forum", 0.0)
    run(_step(State.STARTED, 1.0))
    run(_step(State.FAILED, 2.0, "AccessDenied"))
    run(_step(State.BLOCKED, 2.0, "needs bucket/media", subject="alarm/media"))
    run.end(3.0)
    assert {s.name: s.status.description for s in told.spans} == {
        "create bucket": "AccessDenied",
        "create alarm": "needs bucket/media",
        "apply forum": "bucket/media: AccessDenied",
    }


def test_what_was_left_in_the_middle_is_ended_with_its_run(told: Told) -> None:
    run = Run(told.make, "apply forum", 0.0)
    run(_step(State.STARTED, 1.0))
    run.end(9.0)
    assert _seconds(told.one("create bucket")) == (1.0, 9.0)


def test_a_secret_in_a_message_is_in_no_span(told: Told) -> None:
    run = Run(told.make, "apply forum", 0.0)
    run(_step(State.STARTED, 1.0, "password=hunter22 AKIAABCDEFGHIJKLMNOP"))
    run(_step(State.FAILED, 2.0, "https://ann:hunter22@host/ refused"))
    run.end(3.0, "token: hunter22")
    text = "".join(span.to_json() for span in told.spans)
    assert "***" in text
    assert "hunter22" not in text
    assert "IJKLMNOP" not in text


def _rollout(at: float, stage: str, place: int, **more: Any) -> Event:
    state, message = more.pop("state", State.WAITING), more.pop("message", f"{stage}: 3 s left")
    details = {"phase": "forward", "stage": stage, "at": place, "percent": 10, "readings": [], "outcome": None, **more}
    return Event(at=at, subject="posts", action="roll out", state=state, message=message, details=details)


def test_a_rollout_has_its_stages_as_children_and_a_stage_the_gates_that_were_asked_in_it(told: Told) -> None:
    def read(at: float, judgement: str, stage: str = "bake") -> dict[str, Any]:
        return {"gate": "errors", "stage": stage, "judgement": judgement, "note": f"{at:g} errors", "at": at}

    run = Run(told.make, "deploy forum", 0.0)
    run(_rollout(1.0, "shift", 0, state=State.STARTED, id="r1", release={"image": "v2", "hash": "abc"}))
    run(_rollout(5.0, "bake", 1, readings=[read(0.5, "pass")]))
    run(_rollout(6.0, "bake", 1, readings=[read(6.0, "pass")]))
    run(_rollout(7.0, "bake", 1, readings=[read(7.0, "fail")]))
    run(_rollout(8.0, "ready", 0, phase="back", readings=[read(7.0, "fail")]))
    run(_rollout(9.0, "", 0, phase="ended", state=State.FAILED, message="rolled back: errors", outcome="rolled back"))
    run.end(9.0)
    root = told.one("deploy forum")
    assert told.tree(root) == {"roll out posts": {"shift": {}, "bake": {"gate errors": {}}, "ready": {}}}
    gate, bake, whole = told.one("gate errors"), told.one("bake"), told.one("roll out posts")
    assert [event.name for event in gate.events] == ["pass", "fail"], "what a process before this one read is not ours"
    assert (_seconds(bake), _seconds(gate)) == ((5.0, 8.0), (5.0, 7.0))
    assert (gate.status.description, whole.status.description) == ("7 errors", "rolled back: errors")
    assert (whole.attributes or {})["orchestrator.rollout.id"] == "r1"
    assert (whole.attributes or {})["orchestrator.rollout.outcome"] == "rolled back"
    assert root.status.status_code is StatusCode.ERROR


def test_a_run_is_part_of_the_trace_that_a_pipeline_hands_on_and_of_a_new_one_otherwise(told: Told) -> None:
    handed = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    Run(told.make, "ours", 0.0, traced_by({"TRACEPARENT": handed})).end(1.0)
    Run(told.make, "alone", 0.0, traced_by({})).end(1.0)
    Run(told.make, "garbled", 0.0, traced_by({"TRACEPARENT": "yes"})).end(1.0)
    ours = told.one("ours")
    assert ours.parent is not None
    assert (f"{ours.context.trace_id:032x}", f"{ours.parent.span_id:016x}") == tuple(handed.split("-")[1:3])
    assert told.one("alone").parent is told.one("garbled").parent is None


def test_a_daemon_begins_a_trace_for_a_tick_that_does_something_and_none_for_one_that_only_looks(told: Told) -> None:
    ticks = Ticks(told.make)

    def tell(event: Event) -> None:
        details = {**event.details, "stack": "forum", "plan": "forum.yaml"}
        ticks(Event(at=event.at, subject=event.subject, action=event.action, state=event.state, details=details))

    tell(Event(at=1.0, subject="forum", action="drift", state=State.NOTE))
    ticks.ticked("forum.yaml")
    assert told.spans == []
    tell(_step(State.STARTED, 2.0))
    tell(_step(State.DONE, 3.0))
    ticks.ticked("forum.yaml")
    tell(_rollout(4.0, "bake", 1))
    ticks.ticked("forum.yaml")
    first, second = [span for span in told.spans if span.parent is None]
    assert (first.name, told.tree(first)) == ("reconcile forum", {"create bucket": {}})
    assert told.tree(second) == {"roll out posts": {"bake": {}}}, "a turn whose beginning was told long ago"
    assert first.context.trace_id != second.context.trace_id


def test_a_real_rollout_and_a_real_apply_tell_all_that_spans_are_made_of(told: Told, tmp_path: Path) -> None:
    with stage(tmp_path) as shop:
        shop.write(text=SHOP)
        run = Run(told.make, "apply shop", shop.aws.clock.now())
        _apply(shop, run)
        run.end()
        root = told.one("apply shop")
        assert len(told.children(root)) > 5
        assert told.children(root)[-1] == "roll out mailer"
        assert told.children(told.one("roll out mailer"))[-1] in ("bake", "hold", "retire", "arm", "tidy")
        assert [s.name for s in told.spans if s.status.status_code is StatusCode.ERROR] == []
        (shop.plans / "shop.yaml").unlink()
        shop.write("tidy", text=BUCKET, mode="enforce")
        ticks = Ticks(told.make)
        daemon = shop.daemon(sink=each_of(shop.events.append, ticks), ticked=lambda ticked: ticks.ticked(ticked.key))
        shop.run(daemon, 150)
        assert "create bucket" in told.children(told.one("reconcile tidy"))


def _apply(shop: Any, sink: Callable[[Event], None]) -> None:
    from orchestrator.app import outlook as looking
    from orchestrator.app import provision

    system = shop.system()
    with system.hold("apply"):
        assert not provision.apply(system, looking.look(system), sink, data=False).outcome
