"""Services as they stand: traffic, tasks, release, the newest events."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.app.ecs_events import in_short
from orchestrator.cli.render.words import bar
from orchestrator.core.clock import duration, iso

if TYPE_CHECKING:
    from orchestrator.app.inspection import ServiceStatus, SideStatus
    from orchestrator.cli.session import Session
    from orchestrator.lease import Taking


def show(session: Session, services: Iterable[ServiceStatus]) -> None:
    """One block a service."""
    for service in services:
        if session.json:
            session.json.result("service", dc.asdict(service))
            continue
        good = service.says == "as planned"
        mark = ("✓ ", "green") if good else ("! ", "yellow")
        image = service.image.partition("@")[0]
        session.say(mark, (service.name, "bold"), f"  {image}  ", (service.says, "dim"))
        for reason in service.reasons if not good else ():
            session.say(f"    {reason}")
        for colour, side in service.sides.items():
            session.say(_side(colour, side, colour == service.active))
        for text in in_short(service.events)[: 1 if good else None]:
            session.say((f"    {text}", "dim"))


def show_again(session: Session, services: Iterable[ServiceStatus]) -> None:
    """The same once more: in place on a terminal, under the time elsewhere."""
    if session.on_terminal:
        session.console.clear()
    session.say((iso(session.clock.now()), "dim"))
    show(session, services)


def _side(colour: str, side: SideStatus, active: bool) -> tuple[str, str]:
    share = "" if side.share is None else f"{bar(round(side.share))} {side.share:3.0f}%  "
    line = f"    {colour:6} {share}{side.running} of {side.desired} tasks running"
    return line, colour if active and colour in ("blue", "green") else "dim"


def show_history(session: Session, records: Iterable[Mapping[str, Any]]) -> None:
    """One line a rollout, and under it why it did not succeed."""
    found = list(records)
    for record in found:
        if session.json:
            session.json.result("rollout", record)
            continue
        release, outcome = record["release"], record["outcome"]
        before, after = (release.get(k, "").partition("@")[0] or "(none)" for k in ("image_before", "image"))
        took = duration(record["ended"] - record["started"])
        style = "green" if outcome == "succeeded" else "red"
        session.say(
            f"{iso(record['started'])}  ",
            (f"{record['service']:16}", "bold"),
            f" {before} → {after}  {record['strategy']}  ",
            (outcome, style),
            (f"  {took}, by {record['by']}", "dim"),
        )
        if record["why"] and outcome != "succeeded":
            session.say(f"    {record['why']}")
    if not found:
        session.say("nothing has been rolled out yet")


def show_takings(session: Session, takings: Iterable[Taking]) -> None:
    """One line for each time that the stack's lock was taken away from whoever held it."""
    for taking in takings:
        if session.json:
            session.json.result("lock-taken", {**dc.asdict(taking), "at": iso(taking.at)})
        else:
            session.say(
                f"{iso(taking.at)}  lock taken from {taking.owner} ({taking.doing}) by {taking.by}: {taking.reason}"
            )
