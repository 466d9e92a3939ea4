"""What has to go, and in which order: pure, and read off live AWS alone, since what goes is in no plan any more.

Whoever has another's id or ARN in a field, or was seen to come after it, is its user, and users go first. What makes
room for its own replacement goes before anything converges; all the rest is pruned after everything has converged.
"""

from __future__ import annotations

import dataclasses as dc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.resource import Live
from orchestrator.core.values import JsonDoc, PolicyDoc, Secret
from orchestrator.reconcile.steps import LEFT_OVER, OLD, Action, Step, Traits


def with_removals(
    steps: list[Step], gone: Iterable[Live[Any]], leftover: Iterable[Live[Any]], traits: Mapping[str, Traits]
) -> list[Step]:
    """The converging steps, preceded by the removals that make room for them, followed by the pruning.

    ``gone``: no longer wanted. ``leftover``: second copies of what an unfinished replacement or creation left behind.
    """
    doomed = _doomed(steps, gone, leftover)
    if not doomed:
        return steps
    users = _users(doomed)
    movers = _movers(doomed, steps)
    first = _making_room(steps, users, traits)
    order = _acyclic(doomed, users)

    def removal(key: str) -> Step:
        cause, live = doomed[key]
        holds = (traits.get(live.address.kind) or Traits()).holds_data
        step = Step(key, Action.DELETE, live.address, live=live, cause=cause, holds_data=holds)
        if key in first:
            return dc.replace(step, needs=frozenset(users[key]))
        return dc.replace(step, needs=frozenset(users[key] | movers[key]), prune=True)

    removals = [removal(key) for key in order]
    converging = [dc.replace(s, needs=s.needs | {s.key + OLD}) if s.key + OLD in first else s for s in steps]
    return [r for r in removals if not r.prune] + converging + [r for r in removals if r.prune]


def _doomed(
    steps: Iterable[Step], gone: Iterable[Live[Any]], leftover: Iterable[Live[Any]]
) -> dict[str, tuple[str, Live[Any]]]:
    """Everything that goes: why, and what it is, by the key of its step."""
    doomed = {
        s.key + OLD: ("replaced", s.live) for s in steps if s.action is Action.REPLACE and s.live and s.live.owned
    }
    doomed |= {str(live.address): ("no longer in the plan", live) for live in gone}
    for live in leftover:
        copies = sum(1 for key in doomed if key.startswith(f"{live.address}{LEFT_OVER}"))
        key = f"{live.address}{LEFT_OVER}{f' {copies + 1}' if copies else ''}"
        doomed[key] = ("left over from a replacement", live)
    return doomed


def _owners(doomed: Mapping[str, tuple[str, Live[Any]]]) -> dict[str, str]:
    """Which doomed thing an id, an ARN or, where nobody else claims it, a name belongs to."""
    owner: dict[str, str] = {}
    for output in ("id", "arn", "name"):
        for key, (_, live) in doomed.items():
            value = live.outputs.get(output)
            if isinstance(value, str):
                owner.setdefault(value, key)
    return owner


def _users(doomed: Mapping[str, tuple[str, Live[Any]]]) -> dict[str, set[str]]:
    """For each doomed thing, the other doomed things that hold it."""
    owner = _owners(doomed)
    at: dict[Address, set[str]] = defaultdict(set)
    for key, (_, live) in doomed.items():
        at[live.address].add(key)
    users: dict[str, set[str]] = defaultdict(set)
    for key, (_, live) in doomed.items():
        mine = {value for value in live.outputs.values() if isinstance(value, str)}
        held = {owner[text] for text in _held(live) if text in owner and text not in mine}
        for used in held.union(*(at[address] for address in live.resource.after)) - {key}:
            users[used].add(key)
    return users


def _movers(doomed: Mapping[str, tuple[str, Live[Any]]], steps: Iterable[Step]) -> dict[str, set[str]]:
    """For each doomed thing, the steps after which nothing holds it: its replacement, and what moves away from it."""
    owner = _owners(doomed)
    movers: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        if step.action is Action.REPLACE:
            movers[step.key + OLD].add(step.key)
        if step.action in (Action.UPDATE, Action.REPLACE) and step.live:
            last = step.tightening() if step.widens else step
            for used in {owner[text] for text in _held(step.live) if text in owner}:
                movers[used].add(last.key)
    return movers


def _making_room(steps: Iterable[Step], users: Mapping[str, set[str]], traits: Mapping[str, Traits]) -> set[str]:
    """Old things that must go before their replacement can be made, and what hangs on them."""
    first: set[str] = set()
    todo = [s.key + OLD for s in steps if s.action is Action.REPLACE and not _coexists(s, traits)]
    while todo:
        key = todo.pop()
        if key not in first:
            first.add(key)
            todo.extend(users.get(key, ()))
    return first


def _coexists(step: Step, traits: Mapping[str, Traits]) -> bool:
    """Whether old and new may be there at once; what is broken makes room whatever its kind."""
    trait = traits.get(step.address.kind) or Traits()
    if step.live is None or trait.broken(step.live):
        return False
    names = {getattr(resource, "aws_name", None) for resource in (step.desired, step.live.resource)}
    return trait.coexists and not (trait.unique_names and len(names) == 1)


def _held(live: Live[Any]) -> Iterator[str]:
    for field, _ in live.resource.attrs():
        yield from _texts(getattr(live.resource, field))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case None | bool() | int() | float() | Secret() | Address() | PolicyDoc():
            return  # a policy allows what it names, and outlives it
        case JsonDoc():
            yield from _texts(value.value)
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case tuple() | list() | frozenset():
            for item in value:
                yield from _texts(item)
        case _ if dc.is_dataclass(value):
            for field in dc.fields(value):
                yield from _texts(getattr(value, field.name))


def _acyclic(doomed: Iterable[str], users: dict[str, set[str]]) -> list[str]:
    """An order of removal; circles (security groups that name each other) are cut, their deletes retry."""
    while True:
        try:
            return list(TopologicalSorter({k: sorted(users[k]) for k in sorted(doomed)}).static_order())
        except CycleError as error:
            before, after = error.args[1][:2]
            users[after].discard(before)
