"""One process of a worker: does the ticks that it is sent, unless its plans are not those of whoever sent them."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.core.clock import Clock
from orchestrator.core.events import Event, Sink, State
from orchestrator.daemon.plans import Planned, Plans
from orchestrator.daemon.reconciler import Means, Reconciler, Ticked
from orchestrator.daemon.schedule import Again
from orchestrator.daemon.troubles import Troubles
from orchestrator.daemon.views import Views
from orchestrator.fleet.message import Message, digest
from orchestrator.fleet.report import Trouble
from orchestrator.fleet.telling import Telling


class Hands:
    """What messages are given to, one at a time. ``name`` is who works, as the daemon is told."""

    def __init__(self, plans: Plans, means: Means, name: str) -> None:
        self._plans = plans
        self._means = means
        self._name = name
        self._views = Views()
        self._at_hand: dict[str, Planned] = {}
        self._telling: Telling | None = None
        self._troubles = _Met(means.sink, means.clock)
        self._untold = Troubles(means.sink, means.clock)
        heard = dc.replace(means, sink=self._happened, ticked=self._ticked)
        self._reconciler = Reconciler(heard, self._at_hand.get, self._views)
        self._reconciler.troubles = self._troubles

    def __call__(self, message: Message) -> Again | None:
        """One tick; None when it was done already, or there is nobody who could be told of it."""
        planned = self._known(message.key)
        if planned is None or planned.loaded is None:
            self._say(message.key, "there is no such stack in the plans here", State.FAILED)
            return None
        door = self._means.doors.to(planned.loaded.model)
        telling = Telling(
            self._means, self._views, message, planned.loaded, door, name=self._name, troubles=self._untold
        )
        if telling.begin():
            return None
        if digest(planned.loaded) != message.plan:
            said = f"{self._name} has another plan of {message.key} than the daemon: it leaves the stack alone"
            self._say(message.key, said, State.BLOCKED)
            again = Again.AFTER_A_FAILURE
            telling.end(again, (Trouble(where=planned.loaded.stack, message=said, hint="give both the same plans"),))
            return again
        return self._tick(planned, telling)

    def _tick(self, planned: Planned, telling: Telling) -> Again:
        self._at_hand[planned.key], self._telling = planned, telling
        self._troubles.found.clear()
        with telling.beating():
            again = self._reconciler(planned.key)
        telling.end(again, tuple(self._troubles.found))
        return again

    def _happened(self, event: Event) -> None:
        """Everything goes to our own log, and to the daemon."""
        self._means.sink(event)
        if self._telling:
            self._telling.happened(event)

    def _ticked(self, ticked: Ticked) -> None:
        if self._telling:
            self._telling.ticked(ticked)

    def _known(self, key: str) -> Planned | None:
        """What is planned for a stack by the files as they are now."""
        try:
            found = self._plans.scan()
        except OSError as error:
            self._troubles.met("plans", "plans", f"cannot read {self._plans.directory}: {error.strerror}")
            return None
        self._troubles.over("plans")
        return found.get(key)

    def _say(self, key: str, message: str, state: State) -> None:
        self._means.sink(Event(at=self._means.clock.now(), subject=key, action="work", state=state, message=message))


class _Met(Troubles):
    """Says what a tick runs into, and takes it down for the daemon, which keeps count of it for all workers."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        super().__init__(sink, clock)
        self.found: list[Trouble] = []

    def met(self, where: str, who: str, message: str, hint: str = "") -> None:
        self.found.append(Trouble(where=where, message=message, hint=hint))
        super().met(where, who, message, hint)
