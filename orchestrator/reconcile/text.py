"""The plan as text that a person decides by, and as JSON that a machine does. Pure, and free of secrets."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator
from typing import Any

from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial, Ref, Unknown, resolve
from orchestrator.reconcile import shown
from orchestrator.reconcile.steps import OLD, Action, Change, Foreign, Plan, Step
from orchestrator.reconcile.taken import holder

_WIDTH = 3


def render(plan: Plan) -> str:
    """What would be done and why, ending in one line that sums it up. What stays as it is is counted, not listed."""
    taken = {live.address for live in plan.taken}
    steps = [s for s in _listed(plan) if s.address not in taken]
    losing = [s for s in steps if s.holds_data and s.action in (Action.DELETE, Action.REPLACE)]
    blocks = [_block(plan, [s for s in steps if s not in losing])]
    if losing:
        blocks.append("Holds data, and would lose it:\n\n" + _block(plan, losing))
    if plan.taken:
        lines = "\n".join(f"  ! {live.address}  {_identity(live)}  by {holder(live)}" for live in plan.taken)
        blocks.append(f"Names that are taken:\n\n{lines}")
    return "\n\n".join([b for b in blocks if b] + [summary(plan)])


def summary(plan: Plan) -> str:
    """The plan in one line."""
    unchanged = plan.count(Action.KEEP)
    if plan.empty:
        return f"Nothing to do: {unchanged} as planned."
    taken = {live.address for live in plan.taken}
    ours = dc.replace(plan, steps=tuple(s for s in plan.steps if s.address not in taken))
    verbs = {"create": Action.CREATE, "change": Action.UPDATE, "replace": Action.REPLACE, "delete": Action.DELETE}
    parts = [f"{count} to {verb}" for verb, action in verbs.items() if (count := ours.count(action))]
    if plan.taken:
        parts.append(f"{len(plan.taken)} in conflict")
    return f"Plan: {', '.join(parts)}; {unchanged} unchanged."


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan for ``--json`` and for a saved plan."""
    return {
        "fingerprint": plan.fingerprint,
        "summary": summary(plan),
        "unchanged": plan.count(Action.KEEP),
        "steps": [_step_json(s) for s in plan.steps if s.action is not Action.KEEP or s.foreign],
        "taken": [
            {"address": str(live.address), "identity": _identity(live), "by": holder(live)} for live in plan.taken
        ],
    }


def _listed(plan: Plan) -> list[Step]:
    """The steps worth a line; a replacement is told once, where its new half is made."""
    halves = {f"{s.key}{OLD}" for s in plan.steps if s.action is Action.REPLACE}
    return [s for s in plan.steps if s.key not in halves and (s.action is not Action.KEEP or s.foreign)]


def _block(plan: Plan, steps: list[Step]) -> str:
    return "\n".join(line for step in steps for line in _lines(plan, step))


def _lines(plan: Plan, step: Step) -> Iterator[str]:
    symbol = "≈" if step.action is Action.KEEP else step.action.value
    yield f"{symbol:>{_WIDTH}} {step.subject}" + (f"  {step.cause}" if step.cause else "")
    if step.action is Action.CREATE and step.desired:
        yield from _attributes(plan, step.desired)
    for change in step.changes:
        yield from _change(change, replacing=step.action is Action.REPLACE)
    for foreign in step.foreign:
        yield _foreign(foreign)


def _attributes(plan: Plan, desired: Resource) -> Iterator[str]:
    """What something new will be like: every field that says more than its default."""
    there = {s.address: s.live.outputs for s in plan.steps if s.live and s.action in (Action.KEEP, Action.UPDATE)}

    def lookup(ref: Ref[Any]) -> Any:
        return there.get(ref.to, {}).get(ref.output, Unknown(ref))

    known = resolve(desired, lookup)
    defaults = {f.name: f.default for f in dc.fields(desired)}
    for field, _ in desired.attrs():
        value = getattr(known, field)
        if value is None or value == defaults[field] or value in ((), frozenset(), {}):
            continue
        owner = f"  ≈ from then on owned by {value.owner}" if isinstance(value, Initial) else ""
        yield f"      {field} = {shown.text(value)}{owner}"


def _change(change: Change, *, replacing: bool) -> Iterator[str]:
    forces = "  forces replacement" if replacing and change.immutable else ""
    if change.field == "tags":
        for key in sorted(change.new):
            yield f"      tags.{key}: {shown.text(change.old.get(key))} -> {shown.text(change.new[key])}"
        return
    if lines := shown.differences(change.old, change.new):
        yield f"      {change.field}:{forces}"
        yield from (f"        {line}" for line in lines)
    else:
        yield f"      {change.field}: {shown.text(change.old)} -> {shown.text(change.new)}{forces}"


def _foreign(foreign: Foreign) -> str:
    live, plan = shown.text(foreign.live), shown.text(foreign.plan)
    return f"    ≈ {foreign.field}: {live} (began as {plan}; owned by {foreign.owner})"


def _identity(live: Live[Any]) -> str:
    return str(live.outputs.get("arn") or live.outputs.get("id") or live.outputs.get("name") or "")


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "address": str(step.address),
        "action": step.verb,
        "cause": step.cause,
        "needs": sorted(step.needs),
        "holds_data": step.holds_data,
        "changes": [
            {"field": c.field, "old": shown.plain(c.old), "new": shown.plain(c.new), "forces_replacement": c.immutable}
            for c in step.changes
        ],
        "foreign": [
            {"field": f.field, "live": shown.plain(f.live), "plan": shown.plain(f.plan), "owner": f.owner}
            for f in step.foreign
        ],
    }
