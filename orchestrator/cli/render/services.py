"""Services as they stand: traffic, tasks, release, the newest events."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestrator.cli.render.words import bar

if TYPE_CHECKING:
    from orchestrator.app.inspection import ServiceStatus, SideStatus
    from orchestrator.cli.session import Session


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
        for text in service.events:
            session.say((f"    {text}", "dim"))


def _side(colour: str, side: SideStatus, active: bool) -> tuple[str, str]:
    share = "" if side.share is None else f"{bar(round(side.share))} {side.share:3.0f}%  "
    line = f"    {colour:6} {share}{side.running} of {side.desired} tasks running"
    return line, colour if active and colour in ("blue", "green") else "dim"
