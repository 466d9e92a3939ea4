"""Rollouts that a command or a pipeline began and left: which of them can go on without a person."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.app.ending import Outcome, ServiceEnding
from orchestrator.app.system import System
from orchestrator.rollout import machine, orders
from orchestrator.rollout import state as rollouts
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.state import Cursor

_HALTED = (Outcome.STOPPED, Outcome.REFUSED, Outcome.ROLLBACK_FAILED, Outcome.FAILED)


def onward(system: System) -> tuple[str, ...]:
    """The services whose rollout goes on as soon as somebody drives it, with those released jointly with them."""
    known = system.loaded.model.services
    left = {n: c for n, c in unfinished(system.store, system.stack).items() if n in known}
    moving = {n for n, cursor in left.items() if not _waits(system, cursor)}
    joint = {left[n].joint for n in moving} - {""}
    return tuple(sorted(n for n, cursor in left.items() if n in moving or cursor.joint in joint))


def under_way(system: System) -> Mapping[str, str]:
    """How far each unfinished rollout is, in words, by service."""
    return {name: _words(cursor) for name, cursor in sorted(unfinished(system.store, system.stack).items())}


def halted(ending: ServiceEnding) -> bool:
    """Whether a rollout stands where going on at once would only find the same again."""
    return ending.outcome in _HALTED


def _waits(system: System, cursor: Cursor) -> bool:
    """Whether a person has to say something first, and has not yet."""
    asks = cursor.outcome is rollouts.Outcome.PAUSED or machine.frozen(cursor)
    return asks and orders.waiting(system.store, cursor) is None


def _words(cursor: Cursor) -> str:
    image = cursor.release["image"].partition("@")[0] or "its traffic"
    stage = f"{cursor.stage.name} at {cursor.facts.percent:g} %" if cursor.stage else ""
    return f"{image}: {cursor.why or stage}"
