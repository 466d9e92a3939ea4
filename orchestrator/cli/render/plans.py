"""Plans, drift and removals as people read them, in colour where there is a terminal for it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.app.refusals import described
from orchestrator.core.clock import iso
from orchestrator.core.events import Event, State
from orchestrator.reconcile import text
from orchestrator.rollout.decide import Decision, Need

if TYPE_CHECKING:
    from orchestrator.app.outlook import Outlook
    from orchestrator.app.reports import Report
    from orchestrator.app.teardown import Removal
    from orchestrator.cli.session import Session

_STYLES = {
    "+": "green",
    "~": "yellow",
    "-": "red",
    "-/+": "bold red",
    "≈": "cyan",
    "!": "bold magenta",
    "⟳": "bold cyan",
}


def show(session: Session, outlook: Outlook) -> None:
    """The whole plan: resources, then services, then what cannot be known yet."""
    if session.json:
        session.json.result("plan", as_json(outlook))
        return
    if outlook.plan.steps or outlook.empty:
        _write(session, text.render(outlook.plan))
    lines = [_service(d) for d in outlook.concerns]
    lines += [f"  ≈ service {d.service}: {'; '.join(d.reasons)}" for d in outlook.records]
    lines += [f"  ⟳ service {name}: goes on with the rollout that was left" for name in outlook.unfinished]
    lines += [f"  ⟳ service {name}: released once what it stands on is there" for name in outlook.waiting]
    lines += [f"  ! {line}; left as AWS wants it" for line in described(outlook.refused)]
    if lines and outlook.plan.steps:
        session.say("")
    if lines:
        _write(session, "\n".join(lines))


def show_drift(session: Session, outlook: Outlook) -> None:
    """What is not as planned; a service's weights are its rollouts'."""
    if session.json:
        session.json.result("drift", as_json(outlook))
        return
    if outlook.empty and not outlook.refused:
        session.say(f"In sync: {text.summary(outlook.plan).removeprefix('Nothing to do: ')}")
        return
    show(session, outlook)
    session.say("")
    session.say(f"Drift. Put it back with: {session.again('apply')}")


def report_drift(session: Session, outlook: Outlook) -> None:
    """One JUnit case for each thing that differs, or one that all is in sync."""
    if session.junit is None:
        return
    differing = [(str(s.address), ", ".join(c.field for c in s.changes) or s.cause) for s in outlook.plan.changes]
    differing += [(f"service/{d.service}", "; ".join(d.reasons) or d.need.value) for d in outlook.concerns]
    differing += [(f"service/{name}", "nothing runs yet") for name in outlook.waiting]
    for subject, why in differing or [("everything", "")]:
        state = State.FAILED if why else State.DONE
        session.junit(Event(at=session.clock.now(), subject=subject, action="drift", state=state, message=why))
    session.junit.write()


def show_reports(session: Session, reports: Sequence[Report]) -> int:
    """What daemons have found, the newest first; the exit code is that of the newest."""
    if session.json:
        for report in reports:
            session.json.result("drift-report", {**dc.asdict(report), "at": iso(report.at)})
    elif not reports:
        session.say("No daemon has looked at it yet.")
    else:
        for report in reports:
            said = "not as planned:" if report.differences else "in sync"
            session.say(f"{iso(report.at)}  ", (said, "yellow" if report.differences else "green"), f"  {report.by}")
            for difference in report.differences:
                session.say(f"    {difference}")
    return 3 if reports and reports[0].differences else 0


def show_removal(session: Session, removal: Removal) -> None:
    """What would go, and what stays."""
    kept = [f"{step.address}" for step in removal.kept]
    if session.json:
        session.json.result("removal", {**text.as_json(removal.plan), "kept": kept})
        return
    if removal.empty and not kept:
        session.say("Nothing carries this stack's tags.")
        return
    if not removal.empty:
        _write(session, text.render(removal.plan))
    if kept:
        session.say("")
        session.say("Stays, because it holds data (--data deletes it too):")
        for address in kept:
            session.say(f"    {address}")


def as_json(outlook: Outlook) -> dict[str, Any]:
    """The outlook for programs."""
    services = [{"service": d.service, "need": d.need.value, "reasons": list(d.reasons)} for d in outlook.concerns] + [
        {"service": name, "need": Need.FIRST.value, "reasons": []} for name in outlook.waiting
    ]
    plan = text.as_json(outlook.plan)
    return {
        **plan,
        "fingerprint": outlook.fingerprint,
        "services": services,
        "unfinished": list(outlook.unfinished),
        "refused": described(outlook.refused),
        "empty": outlook.empty,
    }


_NEEDS = {
    Need.FIRST: "first release",
    Need.ROLLOUT: "roll out",
    Need.HEAL: "put traffic right, which a rollout owns",
    Need.RECORD: "record the image's new name",
    Need.IMAGE: "waits for an image",
    Need.LOOK: "somebody else's change is in the way",
}


def _service(decision: Decision) -> str:
    symbol = "!" if decision.need in (Need.IMAGE, Need.LOOK, Need.HEAL) else "⟳"
    lines = [f"  {symbol} service {decision.service}: {_NEEDS[decision.need]}"]
    lines += [f"      {reason}" for reason in decision.reasons]
    if decision.missing:
        lines.append(f"      push it with: {decision.missing.push}")
    return "\n".join(lines)


def _write(session: Session, content: str) -> None:
    for line in content.splitlines():
        symbol = line.split(maxsplit=1)[0] if line.strip() else ""
        session.say((line, _STYLES.get(symbol, "")))
