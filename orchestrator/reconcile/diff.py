"""Desired against live: a pure function from two worlds to ordered steps.

Rules: fields compare by ``!=`` in the desired form; ``None`` is not ours to decide and ``Initial`` no longer is; what
is immutable and differs is replaced; a reference to something that will be new is ``Unknown``, equal to nothing, so
that replacement cascades by itself; foreign tags are left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial, Ref, Unknown, refs, resolve
from orchestrator.reconcile.removals import with_removals
from orchestrator.reconcile.steps import Action, Change, Foreign, Plan, Step, Traits


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
    chosen, leftover = _choose(wanted, live)
    taken = tuple(x for a, x in chosen.items() if a in wanted and not x.owned and a not in adopt)
    fresh: set[Address] = set()
    revised: set[Address] = set()

    def lookup(ref: Ref[Any]) -> Any:
        have = chosen.get(ref.to)
        if ref.to in revised and ref.output in _trait(traits, ref.to).renews:
            return Unknown(ref)
        if have is not None and ref.to not in fresh and ref.output in have.outputs:
            return have.outputs[ref.output]
        certain = _trait(traits, ref.to).predict(wanted[ref.to]) if ref.to in wanted else {}
        return certain.get(ref.output, Unknown(ref))

    steps = []
    for address in _ordered(edges):
        step = _step(wanted[address], chosen.get(address), lookup, edges[address], traits)
        if step.action in (Action.CREATE, Action.REPLACE):
            fresh.add(address)
        elif step.action is Action.UPDATE:
            revised.add(address)
        steps.append(step)
    gone = [x for a, x in chosen.items() if a not in wanted and x.owned]
    return Plan(tuple(with_removals(steps, gone, leftover, traits)), taken)


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
    wanted: Mapping[Address, Resource], live: Iterable[Live[Any]]
) -> tuple[dict[Address, Live[Any]], list[Live[Any]]]:
    """One live resource an address, and those left over from an unfinished replacement or a creation done twice."""
    by_address: dict[Address, list[Live[Any]]] = defaultdict(list)
    for found in live:
        by_address[found.address].append(found)
    chosen: dict[Address, Live[Any]] = {}
    leftover: list[Live[Any]] = []
    for address, found_here in by_address.items():
        if len(found_here) == 1:
            chosen[address] = found_here[0]
            continue
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
    address, trait = resource.address, _trait(traits, resource.address)
    keys = frozenset(map(str, needs))
    if have is None:
        return Step(str(address), Action.CREATE, address, resource, needs=keys, cause="in the plan, not on AWS")
    want = resolve(resource, lookup)
    changes, foreign = compare(want, have)
    if broken := trait.broken(have):
        action, cause = Action.REPLACE, f"AWS gave it up: {broken}"
    elif any(c.immutable for c in changes):
        action, cause = Action.REPLACE, _why_replace(changes)
    elif changes:
        action, cause = Action.UPDATE, "differs from the plan" if have.owned else "exists without our tags: adopted"
    else:
        action, cause = Action.KEEP, ""
    return Step(
        str(address),
        action,
        address,
        resource,
        have,
        changes,
        foreign,
        cause,
        keys,
        trait.holds_data,
        widens=action is Action.UPDATE and trait.widened(want, have) is not want,
    )


def _why_replace(changes: tuple[Change, ...]) -> str:
    cascades = sorted({str(c.new.ref.to) for c in changes if c.immutable and isinstance(c.new, Unknown)})
    if cascades:
        return f"because {', '.join(cascades)} will be new"
    return f"{', '.join(c.field for c in changes if c.immutable)} cannot be changed in place"
