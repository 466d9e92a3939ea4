"""Taking a stack away: everything that carries its tags, but not what holds data unless that was asked for."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.app.ending import Ending
from orchestrator.app.system import System
from orchestrator.core.events import Sink
from orchestrator.reconcile import guard
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import observe
from orchestrator.reconcile.steps import Plan, Step
from orchestrator.rollout.driver import forget


@dc.dataclass(frozen=True, kw_only=True)
class Removal:
    """What would go, and what would stay because it holds data."""

    plan: Plan
    kept: tuple[Step, ...]
    data: bool

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take away."""
        return not self.plan.changes


def look(system: System, *, data: bool) -> Removal:
    """Find everything of the stack, whether the plan still knows it or not."""
    compiled = system.compile()
    wanted = [*compiled.resources, *(s.task_definition for s in compiled.services)]
    wanted += [c.service for s in compiled.services for c in s.colours.values()]
    live = observe(system.reader, system.stack, wanted, everything=True)
    plan = make_plan([], [x for x in live if x.owned], system.traits)
    plan = dc.replace(plan, steps=tuple(dc.replace(s, cause="the stack is destroyed") for s in plan.steps))
    plan = guard.with_truth_about_data(system.reader, plan)
    if data:
        return Removal(plan=plan, kept=(), data=True)
    spared, kept = guard.sparing_data(plan)
    return Removal(plan=spared, kept=kept, data=False)


def destroy(system: System, removal: Removal, sink: Sink) -> Ending:
    """Take it away, users before what they use."""
    began = system.clock.now()
    report = system.applier(sink, data=removal.data).prune(removal.plan)
    if report.ok:
        forget(system.store, system.stack, "the stack was destroyed", now=system.clock.now())
    kept = tuple(str(step.address) for step in removal.kept)
    return Ending(report=report, kept=kept, seconds=system.clock.now() - began)
