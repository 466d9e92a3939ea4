"""Going back to what a service ran before, once its rollout is over: a rollout of its own, driven beside the loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from orchestrator.app import steering
from orchestrator.app.ending import Ending
from orchestrator.app.failures import failure
from orchestrator.app.system import System
from orchestrator.core.errors import LockHeld, OrchestratorError, Refused
from orchestrator.core.events import Event, Sink, State
from orchestrator.web.threads import begin

PATIENCE = 10.0
"""Seconds in which most reasons not to begin are known."""
STOPS_WITHIN = 1.0


class Undoing:
    """What is being undone: by threads of this process, each under its stack's lease.

    They stop when the daemon does, and leave their rollouts as a command does, for whoever goes on with them.
    """

    def __init__(self) -> None:
        self._jobs: set[asyncio.Future[Ending]] = set()

    async def undo(self, system: Callable[[], System], service: str, reason: str, sink: Sink) -> str:
        """Begin it; what has happened within a moment. Raises whatever keeps it from beginning."""
        job = asyncio.wrap_future(begin(lambda: _drive(system(), service, reason, sink), f"undo {service}"))
        self._jobs.add(job)
        job.add_done_callback(self._done)
        with contextlib.suppress(TimeoutError):
            ending = await asyncio.wait_for(asyncio.shield(job), PATIENCE)
            return f"It has {ending.outcome.words}." if ending.services else "Told. Whoever holds the stack goes back."
        return "It is on its way back."

    async def stop(self) -> None:
        """Give those that were told to stop a moment to leave everything as it is."""
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=STOPS_WITHIN)

    def _done(self, job: asyncio.Future[Ending]) -> None:
        self._jobs.discard(job)
        if not job.cancelled():
            job.exception()  # it was told as an event, to whoever does not wait for it any more


def _drive(system: System, service: str, reason: str, sink: Sink) -> Ending:
    try:
        with system.hold(f"web: undo {service}"):
            return steering.undo(system, service, sink, reason)
    except LockHeld as held:  # by whoever drives its rollout, and watches over the old side: they can go back at once
        try:
            steering.order(system, service, steering.Word.ABORT, reason)
        except Refused:
            raise held from None
        return Ending()
    except OrchestratorError as error:
        told, now = failure(error), system.clock.now()
        details = {"stack": system.stack}
        event = Event(at=now, subject=service, action="undo", state=State.FAILED, message=told.message, details=details)
        sink(event)
        raise
