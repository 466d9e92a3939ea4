"""What the store knows of stacks, read once however many look, and never for longer than a page can wait."""

from __future__ import annotations

import asyncio
import dataclasses as dc
import time
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator import lease
from orchestrator.app import pausing, reports, watching
from orchestrator.app.failures import failure
from orchestrator.app.reports import Report
from orchestrator.app.system import System
from orchestrator.daemon.plans import Planned
from orchestrator.daemon.reconciler import Means
from orchestrator.daemon.watched import Watched
from orchestrator.lease import Holding, Taking
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.web.threads import beside

FRESH = 1.0
"""Seconds for which what was read is good enough for everybody else."""
PATIENCE = 4.0
AT_ONCE = 4
"""How many may read what is not kept here, for a store has better to do."""
RECORDS = 25
RECORDS_FRESH = 15.0


@dc.dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of one stack. ``fault``: why it could not be read; then it is what was read before."""

    rollouts: Mapping[str, Mapping[str, Any]] = dc.field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    reports: tuple[Report, ...] = ()
    """What daemons have found to differ, the newest first."""
    takings: tuple[Taking, ...] = ()
    holder: Holding | None = None
    pause: str = ""
    fault: str = ""
    recorded: float = 0.0
    """When the history was read: it only grows when a rollout ends."""

    def latest(self, service: str) -> Mapping[str, Any] | None:
        """The newest record of a service."""
        return next((record for record in self.history if record["service"] == service), None)


class Archive:
    """Reads the store on the event loop's behalf."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._known: dict[str, tuple[float, Kept]] = {}
        self._flights: dict[str, asyncio.Task[Kept]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def system(self, loaded: LoadedPlan, by: str = "") -> System:
        """A stack for one use case: leases are not shared."""
        return self._means.system(loaded, self._means.doors.to(loaded.model), by)

    async def of(self, planned: Planned) -> Kept:
        """What is kept of a stack. One whose mode is off is left alone, since finding its account is a call to AWS."""
        loaded, key = planned.loaded, planned.key
        if loaded is None or loaded.model.daemon.mode == "off":
            return Kept()
        at, known = self._known.get(key, (None, Kept()))
        if at is not None and time.monotonic() - at < FRESH:
            return known
        if key not in self._flights:
            self._flights[key] = asyncio.create_task(self._fly(key, loaded, known))
        done, _ = await asyncio.wait({self._flights[key]}, timeout=PATIENCE)
        return next(iter(done)).result() if done else dc.replace(known, fault="the store has not answered yet")

    async def record(self, loaded: LoadedPlan, service: str, rollout: str) -> Mapping[str, Any] | None:
        """One record of the history."""
        async with self._turns:
            return await beside(lambda: watching.record(self.system(loaded), service, rollout), "record", PATIENCE)

    async def history(self, loaded: LoadedPlan, service: str | None, count: int) -> list[dict[str, Any]]:
        """The newest records, as many as are asked for."""
        async with self._turns:
            return await beside(lambda: watching.records(self.system(loaded), service, count), "history", PATIENCE)

    async def locks(self, planned: Iterable[Planned]) -> list[tuple[str, Holding]]:
        """Every lease that is held in the stores of these stacks, by what it is of."""
        plans = [p.loaded for p in planned if p.loaded and p.loaded.model.daemon.mode != "off"]
        async with self._turns:
            return await beside(lambda: self._locks(plans), "locks", PATIENCE)

    def forget(self, key: str) -> None:
        """Read a stack anew: something was changed."""
        self._known.pop(key, None)

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _fly(self, key: str, loaded: LoadedPlan, known: Kept) -> Kept:
        """One reading for all who wait; it goes on when they have gone."""
        try:
            kept = await beside(lambda: self._read(loaded, known), f"archive {key}", 600.0)
        except Exception as error:
            kept = dc.replace(known, fault=failure(error).message)
        finally:
            del self._flights[key]
        self._known[key] = time.monotonic(), kept
        return kept

    def _read(self, loaded: LoadedPlan, known: Kept) -> Kept:
        system = self.system(loaded)
        pause, rollouts = pausing.paused(system), watching.rollouts(system)
        told, found, now = known.history, known.reports, time.monotonic()
        ended = _ids(known.rollouts) - _ids(rollouts)
        if ended or not known.recorded or now - known.recorded >= RECORDS_FRESH:
            told, known = tuple(watching.records(system, None, RECORDS)), dc.replace(known, recorded=now)
            found = reports.kept(system.store, system.stack)[:RECORDS]
        return Kept(
            rollouts=rollouts,
            history=told,
            reports=found,
            takings=lease.takings(system.store, system.stack)[:RECORDS],
            holder=lease.holder(system.store, system.wall, system.stack),
            pause=str(pause) if pause else "",
            recorded=known.recorded,
        )

    def _locks(self, plans: list[LoadedPlan]) -> list[tuple[str, Holding]]:
        found: dict[tuple[str, str], tuple[str, Holding]] = {}
        seen: list[object] = []
        for loaded in plans:
            store = self._means.stores(loaded, self._means.doors.to(loaded.model))
            if any(store is known for known in seen):
                continue
            seen.append(store)
            for of, holding in lease.held_by_place(Watched(store), self._means.wall).items():
                found[of, holding.run] = of, holding
        return sorted(found.values(), key=lambda one: one[0])


def _ids(rollouts: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {str(told["id"]) for told in rollouts.values()}
