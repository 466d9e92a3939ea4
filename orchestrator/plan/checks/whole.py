"""The plan compiled, as a last check: references that lead to nothing, addresses used twice, circles.

Only a plan in which every part is right by itself is compiled, so nothing is told twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.core.values import Ref, refs
from orchestrator.kinds.catalogue import KINDS
from orchestrator.plan.checks.finding import Finding, NameFinding, unknown
from orchestrator.plan.compile.context import Context
from orchestrator.plan.compile.plan import compile_plan
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.resources import references
from orchestrator.plan.resources.build import Wrong
from orchestrator.plan.words import nearest

ACCOUNT = "000000000000"
"""Stands for the account while nobody has asked whose it is; nothing that is checked here depends on it."""


def check_whole(plan: Plan, stack: str) -> Iterator[Finding | NameFinding]:
    """What only shows once all parts stand beside each other."""
    context = Context(stack=stack, account=plan.account or ACCOUNT, region=plan.region)
    try:
        resources = compile_plan(plan, context).resources
    except Wrong as fault:
        yield fault.path, fault.text, fault.about_name
        return
    known = {r.address: r for r in resources}
    wrong: list[Finding | NameFinding] = [*_twice(resources), *_adopted(plan, known)]
    for text in plan.resources:
        wrong += _references(known[Address.parse(text)], known)
    wrong += _permissions(plan, known)
    yield from wrong or _circles(known)


def _twice(resources: Iterable[Resource]) -> Iterator[NameFinding]:
    for address, count in Counter(r.address for r in resources).items():
        if count > 1:
            yield ("resources", str(address)), "is the address of something that the plan has already", True


def _adopted(plan: Plan, known: Mapping[Address, Resource]) -> Iterator[Finding]:
    for index, text in enumerate(plan.adopt):
        if Address.parse(text) not in known:
            yield ("adopt", index), unknown("resource", text, map(str, known))


def _references(resource: Resource, known: Mapping[Address, Resource]) -> Iterator[Finding]:
    at = ("resources", str(resource.address))
    for ref in refs(resource):
        yield from ((at, text) for text in _reference(ref, known))
    for other in resource.after - known.keys():
        yield (*at, "after"), unknown("resource", str(other), map(str, known))


def _permissions(plan: Plan, known: Mapping[Address, Resource]) -> Iterator[Finding]:
    for name, service in plan.services.items():
        for place, permission in enumerate(service.permissions):
            for index, text in enumerate(permission.resources):
                at = ("services", name, "permissions", place, "resources", index)
                yield from ((at, wrong) for ref in refs(references.parse(text)) for wrong in _reference(ref, known))


def _reference(ref: Ref[object], known: Mapping[Address, Resource]) -> Iterator[str]:
    if ref.to not in known:
        yield f"refers to {ref}, but " + unknown("resource", str(ref.to), map(str, known))
        return
    outputs = KINDS[ref.to.kind].outputs
    if ref.output not in outputs:
        close = nearest(ref.output, outputs) or f", it has {', '.join(sorted(outputs))}"
        yield f"refers to {ref}, but a {ref.to.kind} has no output {ref.output!r}{close}"


def _circles(known: Mapping[Address, Resource]) -> Iterator[Finding]:
    needs = {a: [t for t in (*(x.to for x in refs(r)), *r.after) if t in known] for a, r in known.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        at = ("network", "security_groups") if circle[0].kind == "security-group" else ("resources", str(circle[0]))
        yield at, f"resources need each other in a circle: {' -> '.join(map(str, circle))}"
