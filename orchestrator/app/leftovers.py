"""Rollouts as the store tells of them: how far each is, and which that were left can go on without a person."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from orchestrator.app.ending import Outcome, ServiceEnding
from orchestrator.app.system import System
from orchestrator.rollout import machine, orders
from orchestrator.rollout import state as rollouts
from orchestrator.rollout.driver import latest
from orchestrator.rollout.progress import standing
from orchestrator.rollout.state import Cursor, Phase

_HALTED = (Outcome.STOPPED, Outcome.REFUSED, Outcome.ROLLBACK_FAILED, Outcome.FAILED)


@dc.dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a service's present or last rollout is, or how it ended. Times are seconds since the epoch."""

    id: str
    strategy: str
    phase: str
    stage: str
    old: str | None
    """The colour that served before; None for a first release. In place it is the new one too."""
    new: str
    percent: float
    """The new colour's share of the traffic."""
    outcome: str | None
    started: float
    ended: float
    waited: float
    """Seconds for which it has waited for people."""

    @classmethod
    def told(cls, details: Mapping[str, Any]) -> Standing:
        """As the events of a rollout tell it."""
        return cls(**{field.name: details[field.name] for field in dc.fields(cls)})

    @property
    def over(self) -> bool:
        """Whether it has ended, whatever came of it."""
        return self.phase == Phase.ENDED.value

    @property
    def seconds(self) -> float:
        """How long it took, without the time for which it waited for people."""
        return max(0.0, self.ended - self.started - self.waited)


@dc.dataclass(frozen=True, kw_only=True)
class Leftovers:
    """The present or last rollout of every service of a stack, as the store had them at one moment."""

    system: System
    cursors: Mapping[str, Cursor]

    @classmethod
    def of(cls, system: System) -> Leftovers:
        """Read them."""
        return cls(system=system, cursors=latest(system.store, system.stack))

    def standings(self) -> Mapping[str, Standing]:
        """How far each is, by service."""
        return {name: Standing.told(standing(cursor)) for name, cursor in sorted(self.cursors.items())}

    def onward(self) -> tuple[str, ...]:
        """The services whose rollout goes on as soon as it is driven, with those released jointly with them."""
        known = self.system.loaded.model.services
        left = {n: c for n, c in self._unfinished().items() if n in known}
        moving = {n for n, cursor in left.items() if not self._waits(cursor)}
        joint = {left[n].joint for n in moving} - {""}
        return tuple(sorted(n for n, cursor in left.items() if n in moving or cursor.joint in joint))

    def under_way(self) -> Mapping[str, str]:
        """How far each unfinished rollout is, in words, by service."""
        return {name: _words(cursor) for name, cursor in sorted(self._unfinished().items())}

    def _unfinished(self) -> dict[str, Cursor]:
        return {name: cursor for name, cursor in self.cursors.items() if cursor.phase is not Phase.ENDED}

    def _waits(self, cursor: Cursor) -> bool:
        """Whether a person has to say something first, and has not yet."""
        asks = cursor.outcome is rollouts.Outcome.PAUSED or machine.frozen(cursor)
        return asks and orders.waiting(self.system.store, cursor) is None


def halted(ending: ServiceEnding) -> bool:
    """Whether a rollout stands where going on at once would only find the same again."""
    return ending.outcome in _HALTED


def _words(cursor: Cursor) -> str:
    image = cursor.release["image"].partition("@")[0] or "its traffic"
    stage = f"{cursor.stage.name} at {cursor.facts.percent:g} %" if cursor.stage else ""
    return f"{image}: {cursor.why or stage}"
