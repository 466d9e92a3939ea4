"""Takes back what a run was at when it was told to stop: what an aborted build may ask for in place of leaving it."""

from __future__ import annotations

import dataclasses as dc
import threading

from orchestrator.app import steering
from orchestrator.app.ending import Ending, Outcome
from orchestrator.app.system import System
from orchestrator.core.events import Sink
from orchestrator.rollout import state as rollouts
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.orders import Word
from orchestrator.rollout.state import Cursor, Phase


def take_back(system: System, left: Ending, sink: Sink, *, reason: str, patience: float) -> Ending:
    """Abort what a stopped run has left on its way, and drive it back for ``patience`` seconds at most.

    The orders are in the store before the first of them is carried out: whoever takes the rollouts up after a process
    that was killed meanwhile goes on going back.
    """
    mine = _takeable(system, left)
    if not mine:
        return left
    for service in mine:
        steering.order(system, service, Word.ABORT, reason)
    system.stop = threading.Event()  # whoever stopped the run wants this done
    back = steering.carry_on(system, mine, sink, patience=patience)
    ended = {s.service: s for s in back.services}
    services = tuple(ended.get(s.service, s) for s in left.services)
    return dc.replace(left, services=services, seconds=left.seconds + back.seconds)


def _takeable(system: System, left: Ending) -> tuple[str, ...]:
    """The services that this run has left. A joint release of which a part has arrived for good is kept as a whole."""
    there = unfinished(system.store, system.stack)
    waiting = [s.service for s in left.services if s.outcome in (Outcome.STOPPED, Outcome.PAUSED)]
    mine = {n: there[n] for n in waiting if n in there and not _halted(there[n])}
    arrived = any(s.outcome is Outcome.SUCCEEDED for s in left.services)
    return tuple(n for n, cursor in mine.items() if not (arrived and cursor.joint))


def _halted(cursor: Cursor) -> bool:
    """Whether it was frozen by its failure, or stands because others changed the traffic: that is for a person."""
    return cursor.phase is Phase.FORWARD and cursor.outcome is rollouts.Outcome.STOPPED and bool(cursor.why)
