"""One door for all stacks of an account and region: they share its request limits, and a door is costly to make."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from orchestrator.aws.door import Access, Aws, Call
from orchestrator.core.clock import Clock
from orchestrator.plan.model.plan import Plan


class Doors:
    """The doors of a process that lives long."""

    def __init__(self, clock: Clock, *, profile: str | None = None, make: Callable[[Access, Clock], Aws] = Aws) -> None:
        self._clock = clock
        self._profile = profile
        self._make = make
        self._lock = threading.Lock()
        self._doors: dict[Access, Aws] = {}

    def to(self, plan: Plan) -> Aws:
        """The door to where a plan is."""
        access = Access(region=plan.region, profile=self._profile, role=plan.role, account=plan.account)
        with self._lock:
            if access not in self._doors:
                self._doors[access] = self._make(access, self._clock)
            return self._doors[access]

    def discard(self, door: Aws) -> None:
        """Have the next one begin anew: a door keeps the credentials, and the refusal, that it began with."""
        with self._lock:
            self._doors = {access: known for access, known in self._doors.items() if known is not door}

    def drain(self) -> Counter[Call]:
        """How often each call was made since the last time. Doors would remember every one of them for good."""
        found: Counter[Call] = Counter()
        with self._lock:
            for door in self._doors.values():
                count = len(door.calls)
                found.update(door.calls[:count])
                del door.calls[:count]
        return found
