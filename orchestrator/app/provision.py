"""Makes AWS as the plan says: what the services stand on, then the services, then away with what is left over."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.app import refusals
from orchestrator.app.ending import Ending, Outcome, ServiceEnding
from orchestrator.app.following import Followers
from orchestrator.app.outlook import Outlook
from orchestrator.app.rollouts import Rollouts
from orchestrator.app.specs import Outputs, specs_of
from orchestrator.app.system import System
from orchestrator.core.events import Sink
from orchestrator.reconcile import guard
from orchestrator.reconcile.report import Report
from orchestrator.reconcile.steps import Plan
from orchestrator.rollout.assess import assess

_MAY_PRUNE = (Outcome.SUCCEEDED, Outcome.WAITING_FOR_IMAGES)
"""After these no service runs on anything that the plan has given up."""


def check(system: System, outlook: Outlook, *, data: bool, deletions: int | None) -> None:
    """Raise ``Refused`` unless the plan is safe to carry out."""
    allowed = deletions if deletions is not None else system.loaded.model.limits.deletions
    guard.check(outlook.plan, guard.Limits(allowed=allowed), data=data)


def apply(system: System, outlook: Outlook, sink: Sink, *, data: bool, patience: float | None = None) -> Ending:
    """Carry the outlook out. Nothing raises for a step or a service that fails: the ending says what became of each.

    ``patience`` as in ``Rollouts``.
    """
    began = system.clock.now()
    applier = system.applier(sink, data=data)
    plan, _ = outlook.now_and_later()
    report = applier.converge(plan)
    undone = refusals.undone(system, outlook.compiled.resources, report)
    refusals.note(system.store, system.stack, undone, outlook.refused)
    services: tuple[ServiceEnding, ...] = ()
    if report.ok:
        services = _roll_out(system, outlook, report, sink, patience)
    if report.ok and all(s.outcome in _MAY_PRUNE for s in services):
        report = report + applier.prune(_without_followers(plan, outlook), report)
    return Ending(report=report, services=services, seconds=system.clock.now() - began)


def _without_followers(plan: Plan, outlook: Outlook) -> Plan:
    """The plan without what follows the services that were rolled out: rollouts moved it, and left none behind."""
    rolled = {d.service for d in outlook.rollouts} | {*outlook.waiting, *outlook.unfinished}
    services = [s for s in outlook.compiled.services if s.name in rolled]
    moved = {r.address for s in services for following in s.following.values() for r in following}
    return dc.replace(plan, steps=tuple(s for s in plan.steps if not (s.prune and s.address in moved)))


def _roll_out(
    system: System, outlook: Outlook, report: Report, sink: Sink, patience: float | None
) -> tuple[ServiceEnding, ...]:
    outputs = Outputs(outlook.live, outlook.compiled.resources, system.traits, report.outputs)
    if outlook.waiting or report.results:
        outlook = _again(system, outlook, outputs)
    return roll_out(system, outlook, outputs, sink, patience=patience)


def _again(system: System, outlook: Outlook, outputs: Outputs) -> Outlook:
    """The same outlook after what the services stand on has come to be."""
    meant = {*outlook.specs, *outlook.waiting}
    specs = {n: s for n, s in specs_of(system.stack, outlook.compiled, outputs).items() if n in meant}
    decisions = assess(system.reader, specs.values(), images=outlook.images)
    return dc.replace(outlook, specs=specs, decisions=decisions, waiting=())


def roll_out(
    system: System,
    outlook: Outlook,
    outputs: Outputs,
    sink: Sink,
    *,
    joint: bool = False,
    patience: float | None = None,
) -> tuple[ServiceEnding, ...]:
    """Roll out every service that needs it; ``joint`` and ``patience`` as in ``Rollouts``."""
    rollouts = Rollouts(
        system=system,
        specs=outlook.specs,
        decisions=outlook.decisions,
        followers=Followers(system, outlook.compiled.context.colours, outputs, sink),
        by=system.by,
        joint=joint,
        patience=patience,
    )
    return rollouts.run(sink)
