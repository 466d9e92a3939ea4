"""One tick of one stack: go on with what was left, compare, report, and put back where the plan asks for that.

It remembers nothing that the next tick needs: any process with the same plans and the same store may do that one.
"""

from __future__ import annotations

import contextlib
import enum
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.app import keeping, pausing, reports, steering
from orchestrator.app import outlook as looking
from orchestrator.app.doors import Doors
from orchestrator.app.ending import Ending, Outcome
from orchestrator.app.failures import Sort, failure
from orchestrator.app.keeping import Difference
from orchestrator.app.leftovers import Leftovers, Standing, halted
from orchestrator.app.system import System
from orchestrator.aws.door import Aws
from orchestrator.core.clock import Clock
from orchestrator.core.errors import AwsError, LockHeld
from orchestrator.core.events import Sink, State, silent
from orchestrator.core.store import Store
from orchestrator.daemon.plans import Planned
from orchestrator.daemon.schedule import Again
from orchestrator.daemon.teller import Teller
from orchestrator.daemon.troubles import Troubles
from orchestrator.daemon.troubles import trouble as troubled
from orchestrator.daemon.views import Views
from orchestrator.daemon.watched import StoreDown, Watched
from orchestrator.lease import LeaseLost, last
from orchestrator.plan.load.loader import LoadedPlan

PATIENCE = 300.0
"""Seconds of a rollout in one tick: then others get a turn, and a message that was lost with its worker is old news."""


class Result(enum.StrEnum):
    """What became of a tick."""

    SUCCESS = "success"
    REQUEUE = "requeue"
    """There is more to do at once."""
    HELD = "held"
    """Somebody else is at work on the stack."""
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """A tick that is over, for whoever counts: nothing need have happened in it. ``seconds`` are real ones."""

    key: str
    stack: str
    result: Result
    seconds: float
    ended: tuple[Standing, ...] = ()
    """The rollouts that have ended since the tick before, whoever drove them."""


def _uncounted(ticked: Ticked) -> None:
    """Nobody counts."""


class Noticing(Protocol):
    """Who is told, beside the sink, what happens in a stack, and at each tick whether it is well."""

    def __call__(self, loaded: LoadedPlan, door: Aws) -> Sink:
        """Who is told of the stack of a plan; ``door`` leads to its account."""
        ...

    def close(self) -> None:
        """Wait a little for what is on its way to them."""
        ...


class Unnoticed:
    """Nobody is told."""

    def __call__(self, loaded: LoadedPlan, door: Aws) -> Sink:
        return silent

    def close(self) -> None:
        """Nothing is on its way."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What ticks are done with. ``stores``: the store of a plan, given the door to its account.

    ``sink`` is told what happens in stacks, ``ticked`` of each tick; neither may raise or block for long.
    """

    doors: Doors
    stores: Callable[[LoadedPlan, Aws], Store]
    clock: Clock
    wall: Clock
    stop: threading.Event
    sink: Sink
    ticked: Callable[[Ticked], None] = _uncounted
    notices: Noticing = field(default_factory=Unnoticed)
    workers: int = 8

    def system(self, loaded: LoadedPlan, door: Aws, by: str = "") -> System:
        """A stack for one tick or use case: leases are not shared. ``by``: under whose name, if not this process's."""
        return System(
            loaded,
            door,
            Watched(self.stores(loaded, door)),
            self.clock,
            wall=self.wall,
            stop=self.stop,
            workers=self.workers,
            by=by,
        )


class Reconciler:
    """The work of a queue."""

    def __init__(self, means: Means, planned: Callable[[str], Planned | None], views: Views) -> None:
        self._means = means
        self._planned = planned
        self._views = views
        self._since = means.clock.now()
        self.troubles = Troubles(means.sink, means.clock)

    def __call__(self, key: str) -> Again:
        """One tick. Whatever goes wrong is told and is no reason to end."""
        planned = self._planned(key)
        if planned is None or planned.loaded is None or planned.loaded.model.daemon.mode == "off":
            self.troubles.over(key)
            return Again.LATER
        began, before = self._means.wall.now(), self._views.view(key).standings
        again, result = self._reconcile(planned, planned.loaded)
        seconds, ended = self._means.wall.now() - began, self._ended(before, self._views.view(key).standings)
        self._means.ticked(Ticked(key=key, stack=planned.loaded.stack, result=result, seconds=seconds, ended=ended))
        return again

    def _reconcile(self, planned: Planned, loaded: LoadedPlan) -> tuple[Again, Result]:
        key, door = planned.key, self._means.doors.to(loaded.model)
        notices = self._means.notices(loaded, door)
        try:
            again, trouble = Tick(self._means, self._views, planned, loaded, door, notices).run()
        except LockHeld as other:
            self._views.update(key, held=other.message, trouble="")
            self.troubles.over(key)
            return Again.LATER, Result.HELD
        except Exception as error:
            return self._failed(key, loaded, door, error, notices), Result.ERROR
        self._views.update(key, trouble=trouble)
        if trouble:
            self.troubles.met(loaded.stack, key, trouble)
            notices(troubled(loaded.stack, State.FAILED, trouble, self._means.clock.now()))
            return again, Result.ERROR
        self.troubles.over(key)
        state = State.FAILED if planned.fault else State.DONE
        notices(troubled(loaded.stack, state, planned.fault, self._means.clock.now()))
        return again, Result.REQUEUE if again is Again.SOON else Result.SUCCESS

    def _ended(self, before: Mapping[str, Standing], after: Mapping[str, Standing]) -> tuple[Standing, ...]:
        """The rollouts that have ended since, but for those of a time when nobody here looked."""
        known = {standing.id for standing in before.values() if standing.over}
        return tuple(s for s in after.values() if s.over and s.id not in known and s.ended > self._since)

    def _failed(self, key: str, loaded: LoadedPlan, door: Aws, error: Exception, notices: Sink) -> Again:
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
        notices(troubled(where, State.FAILED, found.message, self._means.clock.now()))
        return Again.AFTER_A_FAILURE


class Tick:
    """One turn of one stack, with a system of its own: leases and stop signs are not shared."""

    def __init__(
        self, means: Means, views: Views, planned: Planned, loaded: LoadedPlan, door: Aws, notices: Sink
    ) -> None:
        self._means = means
        self._views = views
        self._planned = planned
        self._key = planned.key
        self._system = means.system(loaded, door)
        self._teller = Teller(means.sink, means.clock, views, planned.key, loaded.stack, notices)

    def run(self) -> tuple[Again, str]:
        """When to come again, and what is wrong, empty for nothing. Raises what kept it from looking at all."""
        system = self._system
        pause = pausing.paused(system)
        self._views.update(self._key, paused=str(pause) if pause else "", held="")
        self._look_for_a_stuck_lock()
        left = self._look_for_rollouts(paused=pause is not None)
        if left and (answer := self._go_on(left)):
            return answer
        outlook = looking.look(system)
        found = keeping.differences(system, outlook)
        self._report(found)
        enforced = system.loaded.model.daemon.mode == "enforce" and not self._planned.fault and not pause
        if enforced and not system.stop.is_set() and keeping.acts(outlook, found):
            return self._put_back()
        return Again.LATER, ""

    def _report(self, found: tuple[Difference, ...]) -> None:
        """Tell what differs, and keep it for those who do not hear it, where it is news to this process."""
        self._teller.compared(found)
        system, mark = self._system, reports.mark(found)
        if mark != self._views.view(self._key).reported:
            reports.keep(system.store, system.stack, found, at=system.clock.now(), by=system.by)
            self._views.update(self._key, reported=mark)

    def _go_on(self, services: tuple[str, ...]) -> tuple[Again, str] | None:
        """Drive what was left; None when it turned out that there is nothing to drive."""
        system = self._system
        with self._hold("daemon: going on with a rollout"):
            ending = steering.carry_on(system, services, self._teller, patience=PATIENCE)
        self._look_for_rollouts()
        if not ending.services:
            return None
        stuck = [f"{s.service} {s.outcome.words}: {s.why}" for s in ending.services if halted(s)]
        if stuck and not system.stop.is_set():
            return Again.AFTER_A_FAILURE, "; ".join(stuck)
        return Again.SOON, ""

    def _put_back(self) -> tuple[Again, str]:
        system = self._system
        with self._hold("daemon: putting back what differs"):
            ending = keeping.put_back(system, self._teller, patience=PATIENCE)
        if ending is None:
            return Again.LATER, ""
        self._teller.applied(ending)
        self._look_for_rollouts()
        if ending.outcome is Outcome.FAILED:
            return Again.AFTER_A_FAILURE, _why(ending)
        return (Again.SOON if ending.outcome in (Outcome.SUCCEEDED, Outcome.TIMED_OUT) else Again.LATER), ""

    def _look_for_rollouts(self, *, paused: bool = False) -> tuple[str, ...]:
        """See how far rollouts are; the services whose rollout goes on by itself."""
        left = Leftovers.of(self._system)
        moving = () if paused else left.onward()
        self._views.update(self._key, rollouts=left.under_way(), standings=left.standings(), moving=moving)
        return moving

    def _look_for_a_stuck_lock(self) -> None:
        """Where somebody is to be told of it: nothing else depends on it."""
        told = self._system.loaded.model.notifications
        holding = last(self._system.store, self._system.stack) if told.channels else None
        if holding:
            self._teller.locked(holding, self._means.wall.now(), told.lock_held)

    @contextlib.contextmanager
    def _hold(self, doing: str) -> Iterator[None]:
        """Hold the stack, and be seen to.

        Raises ``LeaseLost`` when what was done was cut short by that: endings do not tell it from other stops.
        """
        with self._system.hold(doing) as lease:
            self._views.update(self._key, leased=self._system.wall.now())
            try:
                yield
            finally:
                self._views.update(self._key, leased=None)
            if not lease.fence:
                raise LeaseLost(f"{self._system.stack} is no longer ours to change", hint="whoever has it now goes on")


def _why(ending: Ending) -> str:
    steps = [f"{r.step.subject}: {r.error}" for r in ending.report.failed]
    services = [f"{s.service} {s.outcome.words}: {s.why}" for s in ending.services if halted(s)]
    return "; ".join([*steps, *services])
