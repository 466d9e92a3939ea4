"""What became of every step, as values that the edges print and the engines go on from."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.values import Ref
from orchestrator.reconcile.steps import Step


class Outcome(enum.StrEnum):
    """How a step ended."""

    DONE = "done"
    KEPT = "kept"
    FAILED = "failed"
    BLOCKED = "blocked"
    STOPPED = "stopped"

    @property
    def good(self) -> bool:
        """Whether what needs this step can go on."""
        return self in (Outcome.DONE, Outcome.KEPT)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One step's end. ``error`` is redacted; ``blocked_by`` names the failed steps that this one needed."""

    step: Step
    outcome: Outcome
    error: str = ""
    hint: str = ""
    blocked_by: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """All results, and the outputs of everything that exists now, for whoever goes on from here."""

    results: tuple[Result, ...] = ()
    seconds: float = 0.0
    outputs: Mapping[Address, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all went as planned."""
        return all(r.outcome.good for r in self.results)

    @property
    def stopped(self) -> bool:
        """Whether steps were left because we were asked to stop."""
        return any(r.outcome is Outcome.STOPPED for r in self.results)

    @property
    def failed(self) -> tuple[Result, ...]:
        """The steps that failed themselves."""
        return tuple(r for r in self.results if r.outcome is Outcome.FAILED)

    def count(self, outcome: Outcome) -> int:
        """How many steps ended so."""
        return sum(1 for r in self.results if r.outcome is outcome)

    def lookup(self, ref: Ref[Any]) -> Any:
        """What a reference stands for now. Raises ``KeyError`` when there is no such output."""
        return self.outputs[ref.to][ref.output]

    def __add__(self, later: Report) -> Report:
        return Report(self.results + later.results, self.seconds + later.seconds, {**self.outputs, **later.outputs})
