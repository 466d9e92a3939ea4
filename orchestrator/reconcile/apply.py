"""Carries a plan out: first everything that makes or changes, then everything that is no longer wanted.

The two phases can be run apart, since the services are rolled out between them: what is old goes only when nothing
runs on it any more. A failed step never raises; the report says what became of each.
"""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.aws.redact import Redactor
from orchestrator.core.address import Address
from orchestrator.core.clock import Clock
from orchestrator.core.events import Sink, silent
from orchestrator.core.resource import Resource
from orchestrator.core.values import secrets
from orchestrator.kinds.base import Kind
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.context import Context
from orchestrator.reconcile.report import Report
from orchestrator.reconcile.steps import Action, Plan, Step
from orchestrator.reconcile.walk import Walk


def _unleased() -> None:
    """No lease to lose."""


@dc.dataclass(frozen=True, kw_only=True)
class Applier:
    """How plans are carried out.

    ``hold`` is called before every move of every step and raises when the stack's lease is no longer ours.
    ``stop``, once set, lets nothing more start. ``named`` and ``data`` say whose data may be deleted.
    ``run`` tells this run's creations from earlier ones': the lease's fence, where there is one.
    """

    aws: Aws
    stack: str
    clock: Clock
    sink: Sink = silent
    workers: int = 8
    hold: Callable[[], None] = _unleased
    stop: threading.Event = dc.field(default_factory=threading.Event)
    named: frozenset[Address] = frozenset()
    data: bool = False
    run: str = ""
    kinds: Mapping[str, Kind[Any]] = dc.field(default_factory=lambda: KINDS)

    def apply(self, plan: Plan) -> Report:
        """Converge, then prune."""
        converged = self.converge(plan)
        return converged + self.prune(plan, converged)

    def converge(self, plan: Plan) -> Report:
        """Make and change, and remove what has to make room first."""
        return self._walk(plan, [s for s in plan.steps if not s.prune], Report())

    def prune(self, plan: Plan, converged: Report | None = None) -> Report:
        """Take away what is no longer wanted. What a failed step of ``converged`` may still need stays."""
        pruning = [*plan.tightenings, *(s for s in plan.steps if s.prune)]
        return self._walk(plan, pruning, converged or Report())

    def _walk(self, plan: Plan, steps: list[Step], earlier: Report) -> Report:
        began = self.clock.now()
        context = self._context(plan, earlier)
        wanted = list(_known(plan))
        walk = Walk(
            steps,
            context,
            scope=lambda: Scope(self.stack, wanted, indexed=False),
            hold=self.hold,
            stop=self.stop,
            earlier={r.step.key: r for r in earlier.results},
        )
        return Report(tuple(walk.run(self.workers)), self.clock.now() - began, context.outputs)

    def _context(self, plan: Plan, earlier: Report) -> Context:
        redact = Redactor()
        for step in plan.steps:
            for value in (step.desired, step.live.resource if step.live else None):
                for secret in secrets(value):
                    redact.learn(secret.reveal())
        there = {s.address: s.live.outputs for s in plan.steps if s.live and s.action in (Action.KEEP, Action.UPDATE)}
        return Context(
            aws=self.aws,
            stack=self.stack,
            clock=self.clock,
            sink=self.sink,
            kinds=self.kinds,
            run=self.run or f"{self.clock.now():.3f}",
            may_lose=lambda address: self.data or address in self.named,
            redact=redact,
            outputs={**there, **earlier.outputs},
        )


def _known(plan: Plan) -> Iterator[Resource]:
    """What looks are about: all that is wanted, and all that goes, under names of their own beside their successors."""
    for step in plan.steps:
        if step.desired:
            yield step.desired
        elif step.live:
            yield dc.replace(step.live.resource, name=step.key.partition("/")[2])
