"""A health check repeated at an interval until nothing can change any more: of a target, or of a container."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.sandbox.world.agenda import Event
    from orchestrator.sandbox.world.world import World

INITIAL, HEALTHY, UNHEALTHY = "initial", "healthy", "unhealthy"


@dataclass(frozen=True)
class Pace:
    """How often to check, and how many checks in a row it takes to believe the answer."""

    interval: float
    passes: int
    failures: int
    forgiven: float = 0.0
    """Seconds from the first check during which a failure does not count."""


class Probe:
    """Checks until the answer is settled; the very first pass is enough to be healthy, as on AWS."""

    def __init__(
        self,
        world: World,
        pace: Callable[[], Pace],
        check: Callable[[], tuple[bool, bool]],
        changed: Callable[[], None],
    ) -> None:
        self._world = world
        self._pace = pace
        self._check = check
        self._changed = changed
        self._streak = 0
        self._next: Event | None = None
        self._began = 0.0
        self.state = INITIAL

    def start(self) -> None:
        """Begin anew, the first check one interval from now."""
        self.stop()
        self.state, self._streak, self._began = INITIAL, 0, self._world.now()
        self._schedule()

    def look_again(self) -> None:
        """Resume checking, because something about the check has changed."""
        if self._next is None and self._began:
            self._schedule()

    def stop(self) -> None:
        """Check no more."""
        if self._next is not None:
            self._next.cancel()
        self._next = None

    def _schedule(self) -> None:
        self._next = self._world.after(self._pace().interval, self._once)

    def _once(self) -> None:
        self._next = None
        pace = self._pace()
        passed, settled = self._check()
        if self.state != INITIAL and passed == (self.state == HEALTHY):
            self._streak = 0
        elif passed or self._world.now() - self._began > pace.forgiven:
            self._streak += 1
        needed = (1 if self.state == INITIAL else pace.passes) if passed else pace.failures
        before = self.state
        if self._streak >= needed:
            self.state, self._streak = (HEALTHY if passed else UNHEALTHY), 0
        if not settled or passed != (self.state == HEALTHY) or self.state == INITIAL:
            self._schedule()
        if self.state != before:
            self._changed()
