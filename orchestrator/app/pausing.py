"""A stack that daemons have to leave alone for a while, because a person said so: kept where every daemon sees it."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.app.system import System
from orchestrator.core.clock import iso


@dc.dataclass(frozen=True, kw_only=True)
class Pause:
    """Who paused it, when, and why."""

    by: str
    at: float
    reason: str = ""

    def __str__(self) -> str:
        return f"paused by {self.by} at {iso(self.at)}" + (f": {self.reason}" if self.reason else "")


def pause(system: System, pause: Pause) -> None:
    """Have no daemon change anything in the stack, nor go on with its rollouts."""
    _set(system, pause)


def resume(system: System, by: str = "", reason: str = "") -> bool:
    """Let daemons go on; whether the stack was paused. Who ended the pause, and why, is kept until the next one."""
    was = paused(system) is not None
    if was:
        _set(system, None, by=by, at=system.clock.now(), reason=reason)
    return was


def paused(system: System) -> Pause | None:
    """The pause in force."""
    stored = system.store.load(_key(system))
    return Pause(**stored.value["pause"]) if stored and stored.value["pause"] else None


def _set(system: System, pause: Pause | None, **resumed: str | float) -> None:
    stored = system.store.load(_key(system))
    value = {"pause": dc.asdict(pause) if pause else None, "resumed": resumed}
    system.store.save(_key(system), value, stored.version if stored else None)


def _key(system: System) -> str:
    return f"{system.stack}/paused"
