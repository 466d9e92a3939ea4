"""Turns the loop: which plans there are, who is due, what became of those that were; until it is told to stop."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from orchestrator.aws.door import Call
from orchestrator.core.events import Event, State
from orchestrator.daemon.plans import Planned, Plans
from orchestrator.daemon.queue import Queue, Threads, idle
from orchestrator.daemon.reconciler import Means, Reconciler
from orchestrator.daemon.schedule import Again, Schedule
from orchestrator.daemon.views import Views

STOPS_WITHIN = 25.0
"""Seconds for what is in flight; systemd, ECS and Kubernetes kill after 30 and more."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Seconds between two looks at the plan files, and between two turns, in which answers and orders are noticed."""

    scan: float = 10.0
    turn: float = 1.0


class Daemon:
    """Many stacks on a timer. What happens goes to the sink of ``means``.

    ``views`` is what there is to see of stacks, ``calls`` how often each AWS call was made, with which result,
    ``active`` how many stacks are worked on, ``waiting`` how many are due and not worked on yet, ``turned`` when the
    loop turned last, by the wall's clock.
    """

    def __init__(
        self,
        plans: Plans,
        means: Means,
        *,
        name: str = "",
        queue: Queue | None = None,
        workers: int = 4,
        rhythm: Rhythm | None = None,
    ) -> None:
        """``queue``: where stacks are worked on, so many ``workers`` at once in this process unless given."""
        self.views = Views()
        self.calls: Counter[Call] = Counter()
        self.active = self.waiting = 0
        self.reconciler = Reconciler(means, self.planned, self.views)
        self._plans = plans
        self._means = means
        self._rhythm = rhythm or Rhythm()
        self._schedule = Schedule(name)
        self._queue = queue or Threads(self.reconciler, workers)
        self._planned: dict[str, Planned] = {}
        self._scanned: float | None = None
        self._hurried: list[str] = []
        self.turned: float | None = None

    def run(self) -> bool:
        """Until the stop of ``means`` is set; whether all that was in flight came to its end."""
        self._tell("daemon", State.STARTED, f"watches {self._plans.directory}")
        while not self._means.stop.is_set():
            self.turn()
            self._means.clock.sleep(self._rhythm.turn, self._means.stop)
        self._queue.close()
        ended = idle(self._queue, self._means.wall, STOPS_WITHIN)
        left = ", ".join(sorted(self._queue.busy()))
        said = "stopped" if ended else f"stopped; {left} did not come to an end, their leases run out by themselves"
        self._tell("daemon", State.DONE if ended else State.BLOCKED, said)
        return ended

    def planned(self, key: str) -> Planned | None:
        """What is planned for a stack now."""
        return self._planned.get(key)

    def planned_all(self) -> tuple[Planned, ...]:
        """What is planned, by the keys."""
        planned = self._planned
        return tuple(planned[key] for key in sorted(planned))

    @property
    def scanned(self) -> bool:
        """Whether the plan files have been read."""
        return self._scanned is not None

    def sync(self, key: str) -> None:
        """Look at a stack at the next turn, whenever it is due; once more after that, where it is worked on now."""
        self._hurried.append(key)

    def turn(self) -> None:
        """What there is to do now."""
        now = self._means.clock.now()
        if self._scanned is None or now - self._scanned >= self._rhythm.scan:
            self._scan(now)
        for key, again in self._queue.answers():
            self._schedule.settle(key, again, now)
            self._see(key)
        self._hurry(now)
        for key in self._schedule.take(now):
            self._see(key)
            if not self._queue.put(key):
                self._schedule.settle(key, Again.LATER, now)
        self.active = len(self._queue.busy())
        self.waiting = max(0, self._schedule.taken() - self.active)
        if made := self._means.doors.drain():
            self.calls = self.calls + made  # a new one, since others read it meanwhile
        self.turned = self._means.wall.now()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _hurry(self, now: float) -> None:
        """Make due what was asked for. What is worked on may have looked too early, so it stays asked for."""
        asked = {self._hurried.pop() for _ in range(len(self._hurried))}
        at_work = {key for key in asked if (entry := self._schedule.of(key)) and entry.at is None}
        for key in asked - at_work:
            self._schedule.hasten(key, now)
        self._hurried.extend(at_work)

    def _scan(self, now: float) -> None:
        self._scanned = now
        try:
            found = self._plans.scan()
        except OSError as error:
            self.reconciler.troubles.met("plans", "plans", f"cannot read {self._plans.directory}: {error.strerror}")
            return
        self.reconciler.troubles.over("plans")
        before, self._planned = self._planned, found
        for key, planned in found.items():
            if planned != before.get(key):
                self._changed(planned, before.get(key), now)
        for key in before.keys() - found.keys():
            self._schedule.drop(key)
            self.reconciler.troubles.over(key)
            self._tell(key, State.NOTE, "the plan is gone; what it described is left as it is")
        self.views.keep(found.keys())

    def _changed(self, planned: Planned, before: Planned | None, now: float) -> None:
        key, loaded = planned.key, planned.loaded
        if planned.fault and (before is None or before.fault != planned.fault):
            last = "; its last good plan is reported on, nothing is put back" if loaded else ""
            self._tell(key, State.FAILED, f"{planned.fault}{last}")
        if loaded is None:
            self._schedule.drop(key)
            self.views.update(key, fault=planned.fault)
            return
        wanted = loaded.model.daemon
        self.views.update(
            key,
            stack=loaded.stack,
            region=loaded.model.region,
            mode=wanted.mode,
            interval=float(wanted.interval),
            fault=planned.fault,
        )
        if wanted.mode == "off":
            self._schedule.drop(key)
        else:
            self._schedule.keep(key, float(wanted.interval), now)
        if not planned.fault:
            self._told_of(planned, before)
        if before is not None:
            self._schedule.hasten(key, now)

    def _told_of(self, planned: Planned, before: Planned | None) -> None:
        if planned.loaded is None:
            return
        wanted = planned.loaded.model.daemon
        said = "changed" if before else "found"
        self._tell(planned.key, State.NOTE, f"{said}: {planned.loaded.stack}, {wanted.mode} every {wanted.interval} s")

    def _see(self, key: str) -> None:
        entry = self._schedule.of(key)
        if entry and key in self._planned:
            self.views.update(key, due=entry.at, ticks=entry.ticks, failures=entry.failures)

    def _tell(self, subject: str, state: State, message: str) -> None:
        now = self._means.clock.now()
        self._means.sink(Event(at=now, subject=subject, action="watch", state=state, message=message))
