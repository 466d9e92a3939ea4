"""Says no before anything is changed: to a blow too large, to data that nobody gave up, to names that are not ours."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.address import Address
from orchestrator.core.errors import Refused
from orchestrator.core.resource import Live
from orchestrator.kinds.base import Kind
from orchestrator.kinds.catalogue import KINDS
from orchestrator.reconcile.steps import Action, Plan, Step
from orchestrator.reconcile.taken import holder, way_out


@dc.dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a plan may take away: what a person ``allowed``, else ``least`` things or a ``share`` of the living."""

    least: int = 5
    share: float = 0.2
    allowed: int | None = None

    def most(self, living: int) -> int:
        """The most deletions and replacements, of so many living things."""
        return max(self.least, int(living * self.share)) if self.allowed is None else self.allowed


def check(
    plan: Plan, limits: Limits | None = None, *, named: frozenset[Address] = frozenset(), data: bool = False
) -> None:
    """Raise ``Refused``, with all the reasons at once, unless the plan is safe to carry out.

    ``named`` may lose their data; ``data`` lets all of it go.
    """
    faults = [
        *_taken(plan),
        *_not_adoptable(plan),
        *_losing_data(plan, named, data),
        *_too_much(plan, limits or Limits()),
    ]
    if faults:
        reasons = "\n".join(reason for reason, _ in faults)
        raise Refused(f"nothing was changed:\n{reasons}", hint="; ".join(dict.fromkeys(way for _, way in faults)))


def with_truth_about_data(aws: Aws, plan: Plan, kinds: Mapping[str, Kind[Any]] = KINDS) -> Plan:
    """The plan in which only those count as holding data that do: an empty repository can go.

    What AWS does not let us look into counts as full.
    """
    going = (Action.DELETE, Action.REPLACE)
    doubtful = {s.key: s.live for s in plan.steps if s.holds_data and s.live and s.action in going}

    def holds(live: Live[Any]) -> bool:
        try:
            return kinds[live.address.kind].holds(aws, live)
        except Exception as error:
            if classify(error) not in (ErrorClass.DENIED, ErrorClass.FATAL) or not hasattr(error, "operation_name"):
                raise
            return True

    answers = aws.each(holds, doubtful.values())
    empty = {key for key, holds in zip(doubtful, answers, strict=True) if not holds}
    return dc.replace(
        plan, steps=tuple(dc.replace(s, holds_data=s.holds_data and s.key not in empty) for s in plan.steps)
    )


def sparing_data(plan: Plan) -> tuple[Plan, tuple[Step, ...]]:
    """A plan of removals without those of what holds data, and of what that stands on; and the steps left out."""
    spared: dict[str, Step] = {}
    by_key = {s.key: s for s in plan.steps}
    todo = [s for s in plan.steps if s.action is Action.DELETE and s.holds_data]
    while todo:
        step = todo.pop()
        spared[step.key] = step
        todo.extend(s for s in by_key.values() if step.key in s.needs and s.key not in spared)
    kept = tuple(s for s in plan.steps if s.key not in spared)
    return dc.replace(plan, steps=kept), tuple(s for s in plan.steps if s.key in spared)


def losses(plan: Plan) -> tuple[Step, ...]:
    """The deletions, replacements' among them, of what holds data."""
    return tuple(s for s in plan.steps if s.action is Action.DELETE and s.holds_data)


def _taken(plan: Plan) -> Iterable[tuple[str, str]]:
    for live in plan.taken:
        arn = live.outputs.get("arn") or live.outputs.get("id") or live.outputs.get("name") or ""
        yield f"  {live.address}: its name is taken by {holder(live)} ({arn})", way_out(live)


def _not_adoptable(plan: Plan) -> Iterable[tuple[str, str]]:
    taken = {live.address for live in plan.taken}
    for step in plan.steps:
        if step.action is Action.REPLACE and step.live and not step.live.owned and step.address not in taken:
            fixed = ", ".join(c.field for c in step.changes if c.immutable)
            yield (
                f"  {step.address}: cannot be adopted, it differs in what cannot be changed in place ({fixed})",
                "make the plan say what is there, or rename one of the two",
            )


def _losing_data(plan: Plan, named: frozenset[Address], data: bool) -> Iterable[tuple[str, str]]:
    for step in losses(plan):
        if not data and step.address not in named:
            yield (
                f"  {step.address}: holds data and would be deleted ({step.cause})",
                "back up what you need, then allow it with --data",
            )


def _too_much(plan: Plan, limits: Limits) -> Iterable[tuple[str, str]]:
    living = sum(1 for s in plan.steps if s.live and not s.replaced)
    lost = plan.count(Action.DELETE) + plan.count(Action.REPLACE)
    most = limits.most(living)
    if lost > most:
        yield (
            f"  {lost} of {living} things would be deleted or replaced, {most} at most may be",
            f"look at the plan, then allow it with --allow-deletions {lost}",
        )
