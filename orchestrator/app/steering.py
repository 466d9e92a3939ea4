"""What people do to a rollout that is under way, or over: let it go on, take it back, read what became of it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.app import outlook as looking
from orchestrator.app.ending import Ending, Outcome, ServiceEnding
from orchestrator.app.following import Followers
from orchestrator.app.outlook import Outlook
from orchestrator.app.rollouts import Rollouts
from orchestrator.app.specs import Outputs
from orchestrator.app.system import System
from orchestrator.core.errors import OrchestratorError, Refused
from orchestrator.core.events import Sink
from orchestrator.rollout import history, orders
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.orders import Word
from orchestrator.rollout.state import Cursor, Phase
from orchestrator.rollout.undo import undo as go_back

__all__ = ["Word", "carry_on", "order", "records", "undo"]


def order(system: System, service: str | None, word: Word, reason: str) -> tuple[str, ...]:
    """Tell the rollouts under way, or one service's, to go on or back; the services told.

    Raises ``Refused`` when there is none. Whoever drives them carries it out; ``carry_on`` does when nobody does.
    What is on its way back already needs no order to.
    """
    _known(system, service)
    there = unfinished(system.store, system.stack)
    meant = [service] if service else sorted(there)
    if not meant:
        raise Refused("nothing is being rolled out", hint="history tells what became of the last rollouts")
    for name in meant:
        if word is Word.ABORT and name in there and there[name].phase is Phase.BACK:
            continue
        orders.give(system.store, system.stack, name, word, by=system.by, at=system.clock.now(), reason=reason)
    return tuple(meant)


def carry_on(system: System, services: tuple[str, ...], sink: Sink, *, patience: float | None = None) -> Ending:
    """Take up the rollouts of these services and drive them to their outcomes, or for ``patience`` seconds."""
    return _drive(system, services, {}, sink, patience)


def undo(system: System, service: str, sink: Sink, reason: str = "undo") -> Ending:
    """Go back to what the service ran before: by its weights while the old side is kept, else by a rollout of its own.

    Raises ``Refused`` when nothing good is known to have run before.
    """
    _known(system, service)
    if cursor := unfinished(system.store, system.stack).get(service):
        order(system, service, Word.ABORT, reason)
        ending = carry_on(system, (service,), sink)
        return dc.replace(ending, services=tuple(_undone(s, cursor.release["image_before"]) for s in ending.services))
    outlook = looking.look(system)
    if service not in outlook.specs:
        raise Refused(f"what {service} stands on is not all there")
    decision = go_back(system.reader, outlook.specs[service], outlook.decisions[service].live, system.store)
    return _drive(system, (service,), {service: decision}, sink)


def _undone(end: ServiceEnding, image: str) -> ServiceEnding:
    """To be taken back is what was asked for."""
    if end.outcome is not Outcome.ROLLED_BACK:
        return end
    return dc.replace(end, outcome=Outcome.SUCCEEDED, image=image, why="", evidence=())


def records(system: System, service: str | None) -> Iterator[Mapping[str, Any]]:
    """What became of every rollout, newest first."""
    _known(system, service)
    return history.records(system.store, system.stack, service)


def _drive(
    system: System,
    services: tuple[str, ...],
    decisions: Mapping[str, Decision],
    sink: Sink,
    patience: float | None = None,
) -> Ending:
    began = system.clock.now()
    outlook = looking.look(system)
    outputs = Outputs(outlook.live, outlook.compiled.resources, system.traits)
    rollouts = Rollouts(
        system=system,
        specs={n: s for n, s in outlook.specs.items() if n in services},
        decisions={**_onward(system, outlook, services), **decisions},
        followers=Followers(system, outlook.compiled.context.colours, outputs, sink),
        by=system.by,
        patience=patience,
    )
    return Ending(services=rollouts.run(sink), seconds=system.clock.now() - began)


def _onward(system: System, outlook: Outlook, services: tuple[str, ...]) -> dict[str, Decision]:
    """What left rollouts were on their way to: one that was left before it began has nothing on AWS that tells it."""
    left = unfinished(system.store, system.stack)
    known = {n: d for n, d in outlook.decisions.items() if n in left and n in services and d.release}
    return {n: d for n, d in known.items() if _same(d, left[n])}


def _same(decision: Decision, cursor: Cursor) -> bool:
    if cursor.strategy == Need.HEAL.value:
        return decision.need is Need.HEAL
    return decision.release is not None and decision.release.hash == cursor.release["hash"]


def _known(system: System, service: str | None) -> None:
    known = system.loaded.model.services
    if service is not None and service not in known:
        raise OrchestratorError(f"found no service {service!r}, allowed: {', '.join(known)}")
