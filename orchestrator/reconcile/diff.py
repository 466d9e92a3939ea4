"""Desired against live: a pure function from two worlds to ordered steps.

Rules: fields compare by ``!=`` in the desired form; ``None`` is not ours to decide and ``Initial`` no longer is; what is
immutable and differs is replaced; a reference to something that will be new is ``Unknown``, equal to nothing, so that
replacement cascades by itself; foreign tags are left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial, JsonDoc, Ref, Secret, Unknown, refs, resolve
from orchestrator.reconcile.steps import OLD, Action, Change, Foreign, Plan, Step, Traits


def make_plan(
    desired: Iterable[Resource],
    live: Iterable[Live[Any]],
    traits: Mapping[str, Traits],
    *,
    adopt: frozenset[Address] = frozenset(),
) -> Plan:
    """The steps from what is to what is wanted.

    ``adopt`` names resources that may be taken over although they do not carry our tags.
    Raises ``ValueError`` when the desired resources refer to each other in a circle, or to what nobody declared.
    """
    wanted = {r.address: r for r in desired}
    edges = {a: _needs(r, wanted) for a, r in wanted.items()}
    chosen, leftover = _choose(wanted, live, adopt)
    taken = tuple(x for a, x in chosen.items() if not x.owned and a not in adopt)
    fresh: set[Address] = set()

    def lookup(ref: Ref[Any]) -> Any:
        have = chosen.get(ref.to)
        if have is not None and ref.to not in fresh and ref.output in have.outputs:
            return have.outputs[ref.output]
        certain = _trait(traits, ref.to).predict(wanted[ref.to]) if ref.to in wanted else {}
        return certain.get(ref.output, Unknown(ref))

    steps = []
    for address in _ordered(edges):
        step = _step(wanted[address], chosen.get(address), lookup, edges[address], traits)
        if step.action in (Action.CREATE, Action.REPLACE):
            fresh.add(address)
        steps.append(step)
    gone = [x for a, x in chosen.items() if a not in wanted and x.owned] + leftover
    return Plan(tuple(_with_removals(steps, gone, chosen, traits)), taken)


def compare(want: Resource, have: Live[Any]) -> tuple[tuple[Change, ...], tuple[Foreign, ...]]:
    """The fields in which a resolved desired resource differs from the live one: ours, and those of other owners."""
    changes: list[Change] = []
    foreign: list[Foreign] = []
    for field, how in want.attrs():
        new, old = getattr(want, field), getattr(have.resource, field)
        if new is None:
            continue
        if isinstance(new, Initial):
            if new.value != old:
                foreign.append(Foreign(field, old, new.value, new.owner))
        elif new != old:
            changes.append(Change(field, old, new, how.immutable))
    tags = {k: v for k, v in want.tags.items() if have.resource.tags.get(k) != v}
    if tags or not have.owned:
        changes.append(Change("tags", {k: have.resource.tags.get(k) for k in tags}, tags))
    return tuple(changes), tuple(foreign)


def _trait(traits: Mapping[str, Traits], address: Address) -> Traits:
    return traits.get(address.kind) or Traits()


def _needs(resource: Resource, wanted: Mapping[Address, Resource]) -> frozenset[Address]:
    needs = resource.after | {r.to for r in refs(resource)}
    for other in needs:
        if other not in wanted:
            raise ValueError(f"{resource.address} refers to {other}, which the plan does not declare")
    return frozenset(needs)


def _ordered(edges: Mapping[Address, frozenset[Address]]) -> Iterator[Address]:
    try:
        yield from TopologicalSorter({a: sorted(edges[a]) for a in sorted(edges)}).static_order()
    except CycleError as error:
        circle = " -> ".join(str(a) for a in error.args[1])
        raise ValueError(f"resources refer to each other in a circle: {circle}") from None


def _choose(
    wanted: Mapping[Address, Resource], live: Iterable[Live[Any]], adopt: frozenset[Address]
) -> tuple[dict[Address, Live[Any]], list[Live[Any]]]:
    """One live resource an address, and those left over from an unfinished replacement or a creation done twice."""
    by_address: dict[Address, list[Live[Any]]] = defaultdict(list)
    for found in live:
        by_address[found.address].append(found)
    chosen: dict[Address, Live[Any]] = {}
    leftover: list[Live[Any]] = []
    for address, found_here in by_address.items():
        best = min(found_here, key=lambda x: (not x.owned, _distance(wanted.get(address), x), _stable(x)))
        chosen[address] = best
        leftover.extend(x for x in found_here if x is not best and x.owned)
    return chosen, leftover


def _distance(want: Resource | None, have: Live[Any]) -> tuple[int, int]:
    """How many immutable, and how many other, plain fields differ: references are not resolved yet and do not count."""
    if want is None:
        return (0, 0)
    immutable = other = 0
    for field, how in want.attrs():
        new = getattr(want, field)
        if new is not None and not isinstance(new, Initial) and not any(True for _ in refs(new)):
            differs = new != getattr(have.resource, field)
            immutable += differs and how.immutable
            other += differs and not how.immutable
    return (immutable, other)


def _stable(have: Live[Any]) -> str:
    return str(sorted((k, str(v)) for k, v in have.outputs.items()))


def _step(
    resource: Resource, have: Live[Any] | None, lookup: Any, needs: frozenset[Address], traits: Mapping[str, Traits]
) -> Step:
    address = resource.address
    keys = frozenset(map(str, needs))
    holds = _trait(traits, address).holds_data
    if have is None:
        return Step(
            str(address), Action.CREATE, address, resource, needs=keys, cause="in the plan, not on AWS", holds_data=holds
        )
    changes, foreign = compare(resolve(resource, lookup), have)
    if any(c.immutable for c in changes):
        action, cause = Action.REPLACE, _why_replace(changes)
    elif changes:
        action, cause = Action.UPDATE, "differs from the plan"
    else:
        action, cause = Action.KEEP, ""
    return Step(str(address), action, address, resource, have, changes, foreign, cause, keys, holds)


def _why_replace(changes: tuple[Change, ...]) -> str:
    cascades = sorted({str(c.new.ref.to) for c in changes if c.immutable and isinstance(c.new, Unknown)})
    if cascades:
        return f"because {', '.join(cascades)} will be new"
    return f"{', '.join(c.field for c in changes if c.immutable)} cannot be changed in place"


def _with_removals(
    steps: list[Step], gone: list[Live[Any]], chosen: Mapping[Address, Live[Any]], traits: Mapping[str, Traits]
) -> list[Step]:
    """The converging steps, preceded by the removals that make room for them, followed by the pruning."""
    replaced = [s for s in steps if s.action is Action.REPLACE and s.live]
    doomed: dict[str, Live[Any]] = {f"{s.address}{OLD}": s.live for s in replaced if s.live}
    for found in gone:
        key = str(found.address) if found is chosen.get(found.address) else f"{found.address}{OLD}"
        while key in doomed:
            key += OLD
        doomed[key] = found
    uses = _uses(doomed)
    users: dict[str, set[str]] = defaultdict(set)
    for user, used in uses.items():
        for key in used:
            users[key].add(user)
    first = _making_room(replaced, users, traits)
    removals = [_removal(key, doomed[key], users[key], key not in first, chosen, traits) for key in _acyclic(doomed, users)]
    room = {str(s.address): f"{s.address}{OLD}" for s in replaced if f"{s.address}{OLD}" in first}
    converging = [_after(s, room[s.key]) if s.key in room else s for s in steps]
    return [r for r in removals if not r.prune] + converging + [r for r in removals if r.prune]


def _after(step: Step, key: str) -> Step:
    return Step(**{**vars(step), "needs": step.needs | {key}})


def _making_room(replaced: list[Step], users: Mapping[str, set[str]], traits: Mapping[str, Traits]) -> set[str]:
    """Old things that must go before their replacement can be made, and what hangs on them."""
    first: set[str] = set()
    todo = [f"{s.address}{OLD}" for s in replaced if not _trait(traits, s.address).coexists]
    while todo:
        key = todo.pop()
        if key not in first:
            first.add(key)
            todo.extend(users[key])
    return first


def _removal(
    key: str,
    found: Live[Any],
    users: set[str],
    prune: bool,
    chosen: Mapping[Address, Live[Any]],
    traits: Mapping[str, Traits],
) -> Step:
    cause = "no longer in the plan" if found is chosen.get(found.address) else "left over from a replacement"
    if key.endswith(OLD) and found is chosen.get(found.address):
        cause = "replaced"
    holds = _trait(traits, found.address).holds_data
    return Step(key, Action.DELETE, found.address, None, found, cause=cause, needs=frozenset(users), holds_data=holds, prune=prune)


def _uses(doomed: Mapping[str, Live[Any]]) -> dict[str, set[str]]:
    """Which live things hold which others: whoever has another's id or ARN in a field is its user."""
    owner: dict[str, str] = {}
    for key, found in doomed.items():
        for output in ("id", "arn", "name"):
            value = found.outputs.get(output)
            if isinstance(value, str) and (output != "name" or value not in owner):
                owner[value] = key
    uses: dict[str, set[str]] = {}
    for key, found in doomed.items():
        mine = {v for v in found.outputs.values() if isinstance(v, str)}
        held = {owner[t] for f, _ in found.resource.attrs() for t in _texts(getattr(found.resource, f)) if t in owner and t not in mine}
        uses[key] = held - {key}
    return uses


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Secret():
            return
        case JsonDoc():
            yield from _texts(value.value)
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case tuple() | list() | frozenset():
            for item in value:
                yield from _texts(item)
        case _ if hasattr(value, "__dataclass_fields__"):
            for name in value.__dataclass_fields__:
                yield from _texts(getattr(value, name))


def _acyclic(doomed: Mapping[str, Live[Any]], users: dict[str, set[str]]) -> list[str]:
    """An order of removal; circles (security groups that name each other) are cut, their deletes retry."""
    while True:
        try:
            return list(TopologicalSorter({k: sorted(users[k]) for k in sorted(doomed)}).static_order())
        except CycleError as error:
            circle = error.args[1]
            users[circle[1]].discard(circle[0])
