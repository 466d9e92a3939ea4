"""Services as they stand: traffic, tasks, release, the newest events."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

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
        mark = Text("✓ " if good else "! ", style="green" if good else "yellow")
        image = service.image.partition("@")[0]
        session.console.print(Text.assemble(mark, (service.name, "bold"), f"  {image}  ", (service.says, "dim")))
        for reason in service.reasons if not good else ():
            session.say(f"    {reason}")
        for colour, side in service.sides.items():
            session.console.print(_side(colour, side, colour == service.active))
        for text in service.events:
            session.console.print(Text(f"    {text}", style="dim"))


def _side(colour: str, side: SideStatus, active: bool) -> Text:
    share = "" if side.share is None else f"{bar(round(side.share))} {side.share:3.0f}%  "
    line = f"    {colour:6} {share}{side.running} of {side.desired} tasks running"
    return Text(line, style=colour if active and colour in ("blue", "green") else "dim")
