"""Differences that survive: written three times and three times back, they are only reported from then on.

What is back at once is AWS's doing, so that is looked at right after the writes. What comes back later is somebody's,
and is put back each time.
"""

from __future__ import annotations

import contextlib
import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.app.system import System
from orchestrator.aws.tags import fingerprint
from orchestrator.core.errors import AwsError, Conflict
from orchestrator.core.resource import Resource
from orchestrator.core.store import Store
from orchestrator.core.values import resolve, stable
from orchestrator.kinds.catalogue import KINDS
from orchestrator.reconcile.diff import compare
from orchestrator.reconcile.observe import observe
from orchestrator.reconcile.report import Outcome, Report
from orchestrator.reconcile.steps import Action, Plan, Step

_PATIENCE = 3


def without_refused(store: Store, stack: str, plan: Plan) -> tuple[Plan, tuple[Step, ...]]:
    """The plan without what AWS keeps undoing, and the steps that were left out of it.

    A look at which a difference is gone forgets it: what somebody changes by hand again and again is put back.
    """
    known = _known(store, stack)
    lasting = {s.key for s in plan.steps if _tries(known, s)}
    if known.keys() - lasting:
        _keep(store, stack, {key: known[key] for key in lasting})
    refused = tuple(s for s in plan.steps if _tries(known, s) >= _PATIENCE)
    if not refused:
        return plan, ()
    keys = {s.key for s in refused}
    kept = tuple(dc.replace(s, action=Action.KEEP, changes=()) if s.key in keys else s for s in plan.steps)
    return dc.replace(plan, steps=kept), refused


def undone(system: System, resources: Iterable[Resource], report: Report) -> tuple[Step, ...]:
    """The updates that have just been written and that AWS shows as if they had not been."""
    written = [r.step for r in report.results if r.outcome is Outcome.DONE and r.step.action is Action.UPDATE]
    kinds = {step.address.kind: KINDS[step.address.kind] for step in written}
    try:
        live = observe(system.reader, system.stack, resources, kinds=kinds) if kinds else ()
    except AwsError:
        return ()  # what cannot be seen is not held against it

    def back(step: Step) -> bool:
        here = [x for x in live if x.address == step.address]
        want = resolve(step.desired, report.lookup)
        wider = KINDS[step.address.kind].widened if step.widens else lambda want, _live: want
        return bool(here) and all(compare(wider(want, x), x)[0] for x in here)

    return tuple(step for step in written if back(step))


def note(store: Store, stack: str, undone: Iterable[Step], refused: Iterable[Step]) -> None:
    """Remember which updates did not last, and those that were not even tried any more: the ``refused``."""
    known = _known(store, stack)
    tried = {s.key: {"what": _what(s), "times": _tries(known, s) + 1} for s in undone}
    tried |= {s.key: known[s.key] for s in refused if s.key in known}
    if tried != known:
        _keep(store, stack, tried)


def described(steps: Iterable[Step]) -> list[str]:
    """Each of them in a line."""
    return [
        f"{step.address}: {', '.join(c.field for c in step.changes)} set {_PATIENCE} times and undone each time"
        for step in steps
    ]


def _keep(store: Store, stack: str, steps: Mapping[str, Any]) -> None:
    stored = store.load(_key(stack))
    with contextlib.suppress(Conflict):  # somebody else has looked or applied since: theirs counts
        store.save(_key(stack), {"steps": dict(steps)}, stored.version if stored else None)


def _known(store: Store, stack: str) -> Mapping[str, Any]:
    stored = store.load(_key(stack))
    return dict(stored.value.get("steps", {})) if stored else {}


def _tries(known: Mapping[str, Any], step: Step) -> int:
    entry = known.get(step.key)
    same = entry is not None and step.action is Action.UPDATE and entry["what"] == _what(step)
    return int(entry["times"]) if same and entry else 0


def _what(step: Step) -> str:
    return fingerprint(step.key, stable(step.changes))


def _key(stack: str) -> str:
    return f"{stack}/refused"
