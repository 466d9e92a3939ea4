"""How the services stand right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.app import outlook as looking
from orchestrator.app.system import System
from orchestrator.core.errors import OrchestratorError
from orchestrator.rollout.decide import Need
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.state import Cursor, Phase


@dataclass(frozen=True, kw_only=True)
class SideStatus:
    """One colour: its share of the traffic in percent, and its tasks."""

    share: float | None
    desired: int
    running: int


@dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """One service as it stands. ``says`` is how it relates to the plan."""

    name: str
    active: str | None
    image: str
    says: str
    reasons: tuple[str, ...]
    sides: Mapping[str, SideStatus]
    events: tuple[str, ...]


_SAYS = {
    Need.NOTHING: "as planned",
    Need.FIRST: "not released yet",
    Need.ROLLOUT: "another release is planned",
    Need.HEAL: "traffic or tasks are not as its rollout left them",
    Need.RECORD: "as planned",
    Need.IMAGE: "waits for an image",
    Need.LOOK: "changed by somebody else",
}


def status(system: System, only: str | None = None) -> tuple[ServiceStatus, ...]:
    """Every service of the plan, or one. Raises ``OrchestratorError`` for one that the plan does not have."""
    known = system.loaded.model.services
    if only is not None and only not in known:
        raise OrchestratorError(f"found no service {only!r}, allowed: {', '.join(known)}")
    outlook = looking.look(system)
    under_way = unfinished(system.store, system.stack)
    found = []
    for name in known:
        if only not in (None, name):
            continue
        decision = outlook.decisions.get(name)
        if decision is None:
            found.append(_absent(name))
            continue
        live = decision.live
        sides = {
            colour: SideStatus(share=live.shares.get(colour), desired=side.desired, running=side.running)
            for colour, side in live.sides.items()
            if side.active
        }
        events = tuple(e.text for e in live.side.events[:5]) if live.side else ()
        found.append(
            ServiceStatus(
                name=name,
                active=live.active,
                image=live.image,
                says=_under_way(under_way[name]) if name in under_way else _SAYS[decision.need],
                reasons=() if name in under_way else decision.reasons,
                sides=sides,
                events=events,
            )
        )
    return tuple(found)


def _under_way(cursor: Cursor) -> str:
    """How far a rollout is: what it does now, or what it waits for."""
    image = cursor.release["image"].partition("@")[0] or "its traffic"
    stage = f"{cursor.stage.name} at {cursor.facts.percent:g} %" if cursor.stage else ""
    if cursor.outcome:
        return f"{image} {cursor.outcome.value}: {cursor.why or stage}"
    return f"{image} is on its way {'in' if cursor.phase is Phase.FORWARD else 'back'}: {stage}"


def _absent(name: str) -> ServiceStatus:
    says = "what it stands on is not all there yet"
    return ServiceStatus(name=name, active=None, image="", says=says, reasons=(), sides={}, events=())
