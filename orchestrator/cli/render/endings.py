"""The last lines of a command: what happened, why, what the state is now, and the one command to run next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.app.ecs_events import in_short
from orchestrator.app.ending import Ending, Outcome, ServiceEnding
from orchestrator.core.clock import duration
from orchestrator.core.events import Event, State
from orchestrator.reconcile.report import Outcome as StepOutcome

if TYPE_CHECKING:
    from orchestrator.cli.render.junit import JUnit
    from orchestrator.cli.session import Session

_GOOD = "green"
_BAD = "bold red"
_EVENTS = "events: "
_EVIDENCE = 20
"""Lines that are enough to see why: two tasks, what they wrote, what targets complain of, the newest events."""
_JUDGED = {"pass": State.DONE, "fail": State.FAILED}
_UNDER_WAY = (Outcome.WAITING_FOR_IMAGES, Outcome.PAUSED, Outcome.TIMED_OUT, Outcome.STOPPED)


def nothing(session: Session) -> int:
    """Nothing was to be done."""
    if session.json:
        session.json.result("outcome", {"outcome": "succeeded", "exit_code": 0})
    if session.junit:
        session.junit.write()
    return 0


def show(session: Session, ending: Ending) -> int:
    """Tell how it ended; the exit code."""
    outcome = ending.outcome
    if session.json:
        session.json.result("outcome", _as_json(ending))
    else:
        _lines(session, ending)
    if session.junit:
        for service in ending.services:
            _report_gates(session, session.junit, service)
        session.junit.write()
    if session.notified:
        session.notified.notices.ended(ending, session.command, session.resume or session.again())
    return int(outcome)


def _report_gates(session: Session, junit: JUnit, service: ServiceEnding) -> None:
    """A test case for each gate; one that could tell nothing, or was forgiven for not being there, is a skipped one."""
    for gate in service.gates:
        state = _JUDGED.get(gate.judgement, State.BLOCKED)
        subject = f"{service.service} {gate.stage}: {gate.gate}"
        junit(Event(at=session.clock.now(), subject=subject, action="gate", state=state, message=gate.words))


def _lines(session: Session, ending: Ending) -> None:
    for result in ending.report.failed:
        _print(session, f"✗ {result.step.verb} {result.step.address}: {result.error}", _BAD)
        if result.hint:
            _print(session, f"    {result.hint}")
    blocked = ending.report.count(StepOutcome.BLOCKED)
    if blocked:
        _print(session, f"⊘ {blocked} more steps wait for what failed", "yellow")
    for service in ending.services:
        _service(session, service)
    if ending.kept:
        _print(session, f"Kept, because it holds data: {', '.join(ending.kept)}")
    done = ending.report.count(StepOutcome.DONE)
    what = f"{session.command} {ending.outcome.words}"
    count = f", {done} step{'s' if done != 1 else ''}" if done else ""
    style = _GOOD if ending.outcome is Outcome.SUCCEEDED else _BAD
    _print(session, f"{what}{count} in {duration(ending.seconds)}", style)
    if step := _next(session, ending):
        _print(session, f"Next: {step}")


def _service(session: Session, service: ServiceEnding) -> None:
    if service.outcome is Outcome.SUCCEEDED:
        _print(session, f"✓ {service.service} runs {_short(service.image)}", _GOOD)
        return
    why = f": {service.why}" if service.why else ""
    if service.outcome in _UNDER_WAY:
        _print(session, f"… {service.service} {service.outcome.words}{why}", "yellow")
    else:
        _print(session, f"✗ {service.service} {service.outcome.words}{why}", _BAD)
    for line in _told(service.evidence[:_EVIDENCE]):
        _print(session, f"    {line}")
    if service.hint:
        _print(session, f"    {service.hint}")
    if service.push:
        _print(session, f"    push it with: {service.push}")


def _told(evidence: Sequence[str]) -> list[str]:
    """The evidence as it is, but for ECS's events, which come last: reasons and log lines are not ours to shorten."""
    events = [line for line in evidence if line.startswith(_EVENTS)]
    return [*(line for line in evidence if line not in events), *in_short(events)]


def _short(image: str) -> str:
    name, at, digest = image.partition("@")
    return f"{name} ({digest[:19]}…)" if at else name or "what it ran before"


def _next(session: Session, ending: Ending) -> str:
    match ending.outcome:
        case Outcome.SUCCEEDED:
            return ""
        case Outcome.FAILED | Outcome.STOPPED | Outcome.TIMED_OUT | Outcome.WAITING_FOR_IMAGES:
            return f"{session.resume or session.again()} goes on from here"
        case Outcome.PAUSED:
            waiting = [s.service for s in ending.services if s.outcome is Outcome.PAUSED]
            return f"{session.again('promote', *waiting)} lets it go on, abort takes it back"
        case Outcome.ROLLED_BACK | Outcome.ROLLBACK_FAILED:
            return f"{session.again('status')} shows where the traffic is"
    return session.again("status")


def _as_json(ending: Ending) -> dict[str, object]:
    return {
        "outcome": ending.outcome.words,
        "exit_code": int(ending.outcome),
        "seconds": round(ending.seconds, 1),
        "failed": [{"step": str(r.step.address), "error": r.error, "hint": r.hint} for r in ending.report.failed],
        "services": [
            {
                "service": s.service,
                "outcome": s.outcome.words,
                "image": s.image,
                "why": s.why,
                "hint": s.hint,
                "evidence": s.evidence,
            }
            for s in ending.services
        ],
        "kept": list(ending.kept),
    }


def _print(session: Session, line: str, style: str = "") -> None:
    session.say((line, style))
