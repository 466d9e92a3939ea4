"""What a drive is given and what it gives back, service by service."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable

from orchestrator.rollout.decide import Decision
from orchestrator.rollout.release import ServiceSpec
from orchestrator.rollout.run import Run
from orchestrator.rollout.state import Cursor, Outcome, Phase

Move = Callable[[ServiceSpec, str], None]
"""Brings scalable target, policies and alarms of a service to a colour."""


@dc.dataclass(frozen=True, kw_only=True)
class Job:
    """A service to roll out. Without a decision only what was left unfinished is taken up."""

    spec: ServiceSpec
    decision: Decision | None = None
    by: str = ""
    """Who asked for it, and with what."""


@dc.dataclass(frozen=True, kw_only=True)
class Result:
    """How a service's rollout ended, or stands."""

    service: str
    outcome: Outcome
    why: str = ""
    cursor: Cursor | None = None

    @property
    def exit_code(self) -> int:
        """The exit code that says so."""
        return self.outcome.exit_code


@dc.dataclass(kw_only=True)
class Board:
    """Where every service of a drive stands: still to begin, at work, done with."""

    waiting: dict[str, Job]
    runs: dict[str, Run] = dc.field(default_factory=dict)
    results: dict[str, Result] = dc.field(default_factory=dict)

    def close(self, run: Run, result: Result) -> None:
        """A rollout has an outcome. One that has not ended keeps whatever was to come after it from beginning."""
        name = run.spec.name
        del self.runs[name]
        self.results[name] = result
        if run.cursor.phase is not Phase.ENDED:
            self.waiting.pop(name, None)

    def drop(self, name: str, result: Result) -> None:
        """A job does not begin."""
        self.waiting.pop(name, None)
        self.results[name] = result
