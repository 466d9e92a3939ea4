"""One plan in one environment, out of its file; every fault of the file at once."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from pathlib import Path as File
from types import MappingProxyType

from orchestrator.plan.checks import check
from orchestrator.plan.load.faults import Fault, fail, fault
from orchestrator.plan.load.reader import read_file
from orchestrator.plan.load.tree import Mark, Node, Path, merge, under, without
from orchestrator.plan.load.validate import validate
from orchestrator.plan.load.variables import substitute, values
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.words import nearest


@dc.dataclass(frozen=True)
class LoadedPlan:
    """A checked plan, the stack that it describes, and the file that it came from."""

    model: Plan
    stack: str
    path: File
    environment: str | None = None


def load_plan(
    path: File,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    inherited: Mapping[str, str] | None = None,
) -> LoadedPlan:
    """The plan in a file, in one of its environments. Raises ``PlanError`` that tells every fault with its place.

    ``variables`` are values for those that the file declares. ``inherited`` are more of them, under names in upper
    case, that count where nothing was given; what the file does not declare is no concern of it.
    """
    return load_tree(read_file(path), path, environment, variables or {}, inherited or {})


def load_tree(
    root: Node,
    path: File,
    environment: str | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
    inherited: Mapping[str, str] = MappingProxyType({}),
) -> LoadedPlan:
    """The plan in a tree that was read from ``path``."""
    known, faults = values(root, variables, inherited)
    root, misused = substitute(root, known)
    faults += misused
    environments = root.section("environments")
    faults += [
        fault(node.mark, "allowed: what is different in this environment, as a mapping of sections")
        for node in environments.values()
        if not isinstance(node.value, Mapping | None)
    ]
    faults += [
        fault(child.key, "is the same in every environment, state it at the top of the file")
        for node in environments.values()
        for name in ("name", "environments", "variables")
        if (child := node.child(name))
    ]
    models: dict[str | None, Plan | None] = {}
    for name in environments or [None]:
        models[name], wrong = _model(_effective(root, environments.get(name) if name else None), name)
        faults += wrong
    faults += _choice(root, environments, environment)
    model = models.get(environment)
    if faults or model is None:
        raise fail(str(path), faults)
    stack = f"{model.name}-{environment}" if environment else model.name
    return LoadedPlan(model, stack, path, environment)


def environments(path: File) -> tuple[str, ...]:
    """The environments that a plan file declares."""
    return tuple(read_file(path).section("environments"))


def _effective(root: Node, override: Node | None) -> Node:
    """The tree as one environment has it: overrides laid upon it, defaults laid under every service."""
    tree = without(root, "environments")
    if override is not None and isinstance(override.value, Mapping):
        tree = merge(tree, override)
    services, defaults = tree.child("services"), tree.child("defaults")
    if services is None or not isinstance(services.value, Mapping):
        return tree
    filled = {name: _filled(node, defaults) for name, node in services.value.items()}
    return under(tree, "services", dc.replace(services, value=filled))


def _filled(service: Node, defaults: Node | None) -> Node:
    if service.value is None:
        service = dc.replace(service, value={})
    if defaults is None or not isinstance(defaults.value, Mapping):
        return service
    return dc.replace(merge(defaults, service), mark=service.mark, key=service.key)


def _model(tree: Node, environment: str | None) -> tuple[Plan | None, list[Fault]]:
    model, faults = validate(tree)
    if model is None:
        return None, faults
    return model, [_told(tree, *finding) for finding in check(model, environment)]


def _told(tree: Node, at: Path, text: str, about_name: bool = False) -> Fault:
    """A finding at its place; one about a value that is not stated, at the mapping that could state it."""
    node, rest = tree, at
    for place, step in enumerate(at, start=1):
        child = node.child(step)
        if child is not None:
            node, rest = child, at[place:]
    mark = node.key if rest or about_name else node.mark
    return fault(dc.replace(mark, path=(*node.mark.path, *rest)), text)


def _choice(root: Node, environments: Mapping[str, Node], chosen: str | None) -> list[Fault]:
    place = root.child("environments")
    where = place.key if place else Mark(1, 1)
    if chosen is None and environments:
        return [fault(where, f"the plan has several: choose one with -e, of {', '.join(environments)}")]
    if chosen is not None and not environments:
        return [fault(where, f"-e {chosen} was given, but the plan declares no environments")]
    if chosen is not None and chosen not in environments:
        close = nearest(chosen, environments) or f", allowed: {', '.join(environments)}"
        return [fault(where, f"found no environment {chosen!r}{close}")]
    return []
