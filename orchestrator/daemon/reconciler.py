"""One tick of one stack: go on with what was left, compare, report, and put back where the plan asks for that.

It remembers nothing that the next tick needs: any process with the same plans and the same store may do that one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.app import keeping, leftovers, pausing, steering
from orchestrator.app import outlook as looking
from orchestrator.app.doors import Doors
from orchestrator.app.ending import Ending, Outcome
from orchestrator.app.failures import Sort, failure
from orchestrator.app.system import System
from orchestrator.aws.door import Aws
from orchestrator.core.clock import Clock
from orchestrator.core.errors import AwsError, LockHeld
from orchestrator.core.events import Sink
from orchestrator.core.store import Store
from orchestrator.daemon.plans import Planned
from orchestrator.daemon.schedule import Again
from orchestrator.daemon.teller import Teller
from orchestrator.daemon.troubles import Troubles
from orchestrator.daemon.views import Views
from orchestrator.daemon.watched import StoreDown, Watched
from orchestrator.lease import Lease, LeaseLost
from orchestrator.plan.load.loader import LoadedPlan

PATIENCE = 300.0
"""Seconds of a rollout in one tick: then others get a turn, and a message that was lost with its worker is old news."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What ticks are done with. ``stores``: the store of a plan, given the door to its account."""

    doors: Doors
    stores: Callable[[LoadedPlan, Aws], Store]
    clock: Clock
    wall: Clock
    stop: threading.Event
    sink: Sink
    workers: int = 8


class Reconciler:
    """The work of a queue."""

    def __init__(self, means: Means, planned: Callable[[str], Planned | None], views: Views) -> None:
        self._means = means
        self._planned = planned
        self._views = views
        self.troubles = Troubles(means.sink, means.clock)

    def __call__(self, key: str) -> Again:
        """One tick. Whatever goes wrong is told and is no reason to end."""
        planned = self._planned(key)
        if planned is None or planned.loaded is None or planned.loaded.model.daemon.mode == "off":
            self.troubles.over(key)
            return Again.LATER
        door = self._means.doors.to(planned.loaded.model)
        try:
            again, trouble = Tick(self._means, self._views, planned, planned.loaded, door).run()
        except LockHeld as other:
            self._views.update(key, held=other.message)
            again, trouble = Again.LATER, ""
        except Exception as error:
            return self._failed(key, planned.loaded, door, error)
        self._views.update(key, trouble=trouble)
        if trouble:
            self.troubles.met(planned.loaded.stack, key, trouble)
        else:
            self.troubles.over(key)
        return again

    def _failed(self, key: str, loaded: LoadedPlan, door: Aws, error: Exception) -> Again:
        found = failure(error)
        where = loaded.stack
        if isinstance(error, StoreDown):
            where = "store"
            if isinstance(error.__cause__, AwsError):  # a table, and perhaps its credentials
                self._means.doors.discard(door)
        elif found.sort in (Sort.CREDENTIALS, Sort.UNREACHABLE):
            where = f"AWS {loaded.model.account or loaded.model.role or ''} {loaded.model.region}".replace("  ", " ")
            self._means.doors.discard(door)
        self._views.update(key, trouble=found.message)
        self.troubles.met(where, key, found.message, found.hint)
        return Again.AFTER_A_FAILURE


class Tick:
    """One turn of one stack, with a system of its own: leases and stop signs are not shared."""

    def __init__(self, means: Means, views: Views, planned: Planned, loaded: LoadedPlan, door: Aws) -> None:
        self._means = means
        self._views = views
        self._planned = planned
        self._key = planned.key
        self._system = System(
            loaded,
            door,
            Watched(means.stores(loaded, door)),
            means.clock,
            wall=means.wall,
            stop=means.stop,
            workers=means.workers,
        )
        self._teller = Teller(means.sink, means.clock, views, planned.key, loaded.stack)

    def run(self) -> tuple[Again, str]:
        """When to come again, and what is wrong, empty for nothing. Raises what kept it from looking at all."""
        system = self._system
        pause = pausing.paused(system)
        self._views.update(self._key, paused=str(pause) if pause else "", held="")
        left = () if pause else leftovers.onward(system)
        self._views.update(self._key, rollouts=leftovers.under_way(system), moving=left)
        if left and (answer := self._go_on(left)):
            return answer
        outlook = looking.look(system)
        found = keeping.differences(system, outlook)
        self._teller.compared(found)
        enforced = system.loaded.model.daemon.mode == "enforce" and not self._planned.fault and not pause
        if enforced and not system.stop.is_set() and keeping.acts(outlook, found):
            return self._put_back()
        return Again.LATER, ""

    def _go_on(self, services: tuple[str, ...]) -> tuple[Again, str] | None:
        """Drive what was left; None when it turned out that there is nothing to drive."""
        system = self._system
        with system.hold("daemon: going on with a rollout") as lease:
            ending = steering.carry_on(system, services, self._teller, patience=PATIENCE)
            self._own(lease)
        self._views.update(self._key, rollouts=leftovers.under_way(system), moving=leftovers.onward(system))
        if not ending.services:
            return None
        halted = [f"{s.service} {s.outcome.words}: {s.why}" for s in ending.services if leftovers.halted(s)]
        if halted and not system.stop.is_set():
            return Again.AFTER_A_FAILURE, "; ".join(halted)
        return Again.SOON, ""

    def _put_back(self) -> tuple[Again, str]:
        system = self._system
        with system.hold("daemon: putting back what differs") as lease:
            ending = keeping.put_back(system, self._teller, patience=PATIENCE)
            self._own(lease)
        if ending is None:
            return Again.LATER, ""
        self._teller.applied(ending)
        self._views.update(self._key, rollouts=leftovers.under_way(system), moving=leftovers.onward(system))
        if ending.outcome is Outcome.FAILED:
            return Again.AFTER_A_FAILURE, _why(ending)
        return (Again.SOON if ending.outcome in (Outcome.SUCCEEDED, Outcome.TIMED_OUT) else Again.LATER), ""

    def _own(self, lease: Lease) -> None:
        """Raise ``LeaseLost`` when what was done was cut short by that: endings do not tell it from other stops."""
        if not lease.fence:
            raise LeaseLost(f"{self._system.stack} is no longer ours to change", hint="whoever has it now goes on")


def _why(ending: Ending) -> str:
    steps = [f"{r.step.subject}: {r.error}" for r in ending.report.failed]
    services = [f"{s.service} {s.outcome.words}: {s.why}" for s in ending.services if leftovers.halted(s)]
    return "; ".join([*steps, *services])
