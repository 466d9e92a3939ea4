"""Going back to what a service ran before, once its rollout is over: a rollout of its own, driven beside the loop."""

from __future__ import annotations

import asyncio
import contextlib

from orchestrator.app import steering
from orchestrator.app.ending import Ending
from orchestrator.app.failures import failure
from orchestrator.app.system import System
from orchestrator.core.errors import LockHeld, OrchestratorError, Refused
from orchestrator.core.events import Event, Sink, State
from orchestrator.web.threads import begin

PATIENCE = 10.0
"""Seconds in which most reasons not to begin are known."""


async def undo(system: System, service: str, reason: str, sink: Sink) -> str:
    """Begin it; what has happened within a moment. Raises whatever keeps it from beginning.

    It is driven by a thread of this process, under the stack's lease; a daemon goes on with it if that ends early.
    """
    job = begin(lambda: _drive(system, service, reason, sink), f"undo {service}")
    with contextlib.suppress(TimeoutError):
        ending = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(job)), PATIENCE)
        return f"It has {ending.outcome.words}."
    return "It is on its way back."


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
