"""Waits for rollouts that others drive, and tells how they end: what a pipeline asks that left one to a daemon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.app.ending import Ending, Outcome, ServiceEnding, gates_of
from orchestrator.app.system import System
from orchestrator.core.errors import OrchestratorError, Refused
from orchestrator.rollout import history
from orchestrator.rollout import state as rollouts
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.state import Phase, key

_EVERY = 5.0
_EVIDENCE = ("stopped", "logs", "targets", "events")


def under_way(system: System) -> dict[str, str]:
    """The ids of the rollouts under way, by service."""
    return {name: cursor.id for name, cursor in sorted(unfinished(system.store, system.stack).items())}


def last(system: System, service: str) -> dict[str, str]:
    """The same of one service's last rollout, which may have ended. Raises ``Refused`` when there was none."""
    known = system.loaded.model.services
    if service not in known:
        raise OrchestratorError(f"found no service {service!r}, allowed: {', '.join(known)}")
    stored = system.store.load(key(system.stack, service))
    if stored is None:
        raise Refused(f"{service} has never been rolled out", hint="begin with deploy or apply")
    return {service: str(stored.value["id"])}


def wait(system: System, meant: Mapping[str, str], *, patience: float | None = None) -> Ending:
    """How rollouts end, given their ids by service.

    After ``patience`` seconds, or told to stop, it says how those stand that have not ended. Reads the store alone.
    """
    began = system.clock.now()
    while True:
        stands = {name: _stand(system, name, rollout) for name, rollout in meant.items()}
        waited = system.clock.now() - began
        given_up = system.stop.is_set() or (patience is not None and waited >= patience)
        if given_up or all(stand["phase"] == Phase.ENDED for stand in stands.values()):
            services = tuple(_ending(name, stand, stopped=system.stop.is_set()) for name, stand in stands.items())
            return Ending(services=services, seconds=waited)
        system.clock.sleep(_EVERY if patience is None else min(_EVERY, patience - waited), system.stop)


def _stand(system: System, service: str, rollout: str) -> Mapping[str, Any]:
    """What is kept of a rollout. When another one has begun since, this one's history tells."""
    stored = system.store.load(key(system.stack, service))
    if stored and stored.value["id"] == rollout:
        return stored.value
    for record in history.records(system.store, system.stack, service):
        if record["id"] == rollout:
            return {**record, "phase": Phase.ENDED}
    raise OrchestratorError(f"what became of the rollout {rollout} of {service} is not known any more")


def _ending(service: str, stand: Mapping[str, Any], *, stopped: bool) -> ServiceEnding:
    return ServiceEnding(
        service=service,
        outcome=_outcome(stand, stopped=stopped),
        image=stand["release"].get("image", ""),
        why=stand["why"],
        evidence=tuple(f"{title}: {line}" for title in _EVIDENCE for line in stand["evidence"].get(title, ())),
        gates=gates_of(stand["journal"]),
    )


def _outcome(stand: Mapping[str, Any], *, stopped: bool) -> Outcome:
    """Its end. One that has none waits for a person, or is being driven by somebody, or will be."""
    halted = stand["outcome"] == rollouts.Outcome.STOPPED and stand["why"]
    if stand["phase"] == Phase.ENDED or halted or stand["outcome"] == rollouts.Outcome.PAUSED:
        return Outcome[rollouts.Outcome(stand["outcome"]).name]
    return Outcome.STOPPED if stopped else Outcome.TIMED_OUT
