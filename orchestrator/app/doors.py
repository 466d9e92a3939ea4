"""One door for all stacks of an account and region: they share its request limits, and a door is costly to make."""

from __future__ import annotations

import threading
import weakref
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
        self._counted: weakref.WeakSet[Aws] = weakref.WeakSet()
        self._calls: Counter[Call] = Counter()

    def to(self, plan: Plan) -> Aws:
        """The door to where a plan is."""
        access = Access(region=plan.region, profile=self._profile, role=plan.role, account=plan.account)
        with self._lock:
            if access not in self._doors:
                self._doors[access] = self._make(access, self._clock)
                self._counted.add(self._doors[access])
            return self._doors[access]

    def count(self, door: Aws) -> None:
        """Count the calls of a door, too, that was made by somebody else."""
        with self._lock:
            self._counted.add(door)

    def add(self, calls: Counter[Call]) -> None:
        """Count calls, too, that another process has made for this one."""
        with self._lock:
            self._calls += calls

    def discard(self, door: Aws) -> None:
        """Have the next one begin anew: a door keeps the credentials, and the refusal, that it began with."""
        with self._lock:
            self._doors = {access: known for access, known in self._doors.items() if known is not door}
            self._take_from(door)

    def drain(self) -> Counter[Call]:
        """How often each call was made since the last time. Doors would remember every one of them for good."""
        with self._lock:
            for door in tuple(self._counted):
                self._take_from(door)
            found, self._calls = self._calls, Counter()
            return found

    def levels(self) -> dict[tuple[Access, str, str], float]:
        """Tokens in each bucket of each account and region, by AWS service and operations."""
        with self._lock:
            doors = dict(self._doors)
        return {
            (access, *bucket): level for access, door in doors.items() for bucket, level in door.pace.levels().items()
        }

    def _take_from(self, door: Aws) -> None:
        """Move what a door has counted here; calls that are made meanwhile stay for the next time."""
        count = len(door.calls)
        self._calls.update(door.calls[:count])
        del door.calls[:count]
