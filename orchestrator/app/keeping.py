"""Keeps a system as planned, again and again: what ``apply`` does, less what it has done in vain three times.

A person who runs ``apply`` sees that it does not help and stops. Whoever does it on a timer has to remember: a
difference that is there before and after three applies is told from then on, and neither it nor what needs it is
touched. A look at which it is gone, or is another one, forgets it. A step that failed has not been in vain: what it
failed of, an outage or a permission, may be over the next time.
"""

from __future__ import annotations

import contextlib
import dataclasses as dc
from collections.abc import Iterable, Mapping

from orchestrator.app import outlook as looking
from orchestrator.app import provision
from orchestrator.app.ending import Ending, Outcome
from orchestrator.app.outlook import Outlook
from orchestrator.app.refusals import described
from orchestrator.app.system import System
from orchestrator.aws.tags import fingerprint
from orchestrator.core.errors import Conflict
from orchestrator.core.events import Sink
from orchestrator.core.store import Store
from orchestrator.core.values import stable
from orchestrator.reconcile import shown
from orchestrator.reconcile.report import Outcome as StepOutcome
from orchestrator.reconcile.steps import Action, Plan, Step
from orchestrator.rollout.decide import Decision

_PATIENCE = 3
_CARRIED_OUT = (Outcome.SUCCEEDED, Outcome.ROLLED_BACK, Outcome.ROLLBACK_FAILED, Outcome.PAUSED, Outcome.TIMED_OUT)


@dc.dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that is not as planned, JSON-ready. ``mark`` is the same for as long as the difference is."""

    subject: str
    action: str
    lines: tuple[str, ...] = ()
    mark: str = ""
    applied: int = 0
    """How many applies it has survived."""

    @property
    def left_alone(self) -> bool:
        """Whether it is only told from now on."""
        return self.applied >= _PATIENCE

    def __str__(self) -> str:
        return f"{self.subject}: {self.action}" + (f" ({'; '.join(self.lines)})" if self.lines else "")


def differences(system: System, outlook: Outlook) -> tuple[Difference, ...]:
    """All that is not as planned; what was applied and is gone since is forgotten."""
    found = [*map(_of_step, outlook.plan.changes), *map(_of_service, outlook.concerns)]
    found += [Difference(subject=f"service/{n}", action="first release", lines=("waits",)) for n in outlook.waiting]
    found += [Difference(subject=line, action="left as AWS wants it") for line in described(outlook.refused)]
    survived = _survivors(system.store, system.stack)
    lasting = {d.mark: survived[d.mark] for d in found if d.mark in survived}
    if lasting != survived:
        _keep(system.store, system.stack, lasting)
    return tuple(dc.replace(d, applied=lasting.get(d.mark, 0)) for d in found)


def acts(outlook: Outlook, found: Iterable[Difference]) -> bool:
    """Whether an apply would do anything but what was in vain."""
    plan, decisions = _without(outlook, found)
    now, _ = dc.replace(outlook, plan=plan).now_and_later()
    return bool(now.changes or any(d.acts for d in decisions.values()))


def put_back(system: System, sink: Sink, *, patience: float | None = None) -> Ending | None:
    """Look again, under the lease that the caller holds, and apply; None when there is nothing to do any more.

    Raises ``Refused`` when the guard says no. ``patience``: seconds after which rollouts are left as they are.
    """
    outlook = looking.look(system)
    found = differences(system, outlook)
    if not acts(outlook, found):
        return None
    plan, decisions = _without(outlook, found)
    specs = {n: spec for n, spec in outlook.specs.items() if n in decisions}
    chosen = dc.replace(outlook, plan=plan, decisions=decisions, specs=specs)
    provision.check(system, chosen, data=False, deletions=None)
    ending = provision.apply(system, chosen, sink, data=False, patience=patience)
    _note(system, found, ending)
    return ending


def _of_step(step: Step) -> Difference:
    lines = tuple(f"{c.field}: {shown.text(c.old)} -> {shown.text(c.new)}" for c in step.changes)
    mark = fingerprint(step.key, step.action, stable(step.changes))
    return Difference(subject=step.subject, action=step.verb, lines=lines or (step.cause,), mark=mark)


def _of_service(decision: Decision) -> Difference:
    mark = fingerprint(decision.service, decision.need, decision.release.hash if decision.release else "")
    return Difference(
        subject=f"service/{decision.service}", action=decision.need.value, lines=decision.reasons, mark=mark
    )


def _without(outlook: Outlook, found: Iterable[Difference]) -> tuple[Plan, Mapping[str, Decision]]:
    """The plan and the decisions without what was in vain, and without what needs that."""
    vain = {d.mark for d in found if d.left_alone}
    steps = {s.key for s in outlook.plan.changes if _of_step(s).mark in vain}
    updates = {s.key for s in outlook.plan.steps if s.key in steps and s.action is Action.UPDATE}
    gone = steps - updates
    while more := {s.key for s in outlook.plan.steps if s.key not in gone and gone & s.needs}:
        gone |= more
    kept = tuple(
        dc.replace(s, action=Action.KEEP, changes=()) if s.key in updates else s
        for s in outlook.plan.steps
        if s.key not in gone
    )
    decisions = {n: d for n, d in outlook.decisions.items() if _of_service(d).mark not in vain}
    return dc.replace(outlook.plan, steps=kept), decisions


def _note(system: System, found: Iterable[Difference], ending: Ending) -> None:
    """Count an apply for each difference that it did something about."""
    tried = {_of_step(r.step).mark for r in ending.report.results if r.outcome is StepOutcome.DONE}
    services = {f"service/{s.service}" for s in ending.services if s.outcome in _CARRIED_OUT}
    counted = {d.mark: d.applied + (d.mark in tried or d.subject in services) for d in found if d.mark}
    _keep(system.store, system.stack, {mark: times for mark, times in counted.items() if times})


def _survivors(store: Store, stack: str) -> dict[str, int]:
    stored = store.load(_key(stack))
    return dict(stored.value["applies"]) if stored else {}


def _keep(store: Store, stack: str, applies: Mapping[str, int]) -> None:
    stored = store.load(_key(stack))
    with contextlib.suppress(Conflict):  # somebody else has looked or applied since: theirs counts
        store.save(_key(stack), {"applies": dict(applies)}, stored.version if stored else None)


def _key(stack: str) -> str:
    return f"{stack}/survivors"
