"""A tree against the model: every fault that pydantic finds, told at its place and in words."""

from __future__ import annotations

from functools import cache

from pydantic import ValidationError

from orchestrator.plan.load.faults import Fault, fault, found, named
from orchestrator.plan.load.shape import Shape
from orchestrator.plan.load.tree import Mark, Node, Path
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.words import nearest

_KEY = "[key]"  # how pydantic ends the location of a mapping's key
_BESIDE = ("missing", "extra_forbidden")


@cache
def shape() -> Shape:
    """What a plan allows where."""
    return Shape(Plan.model_json_schema())


def validate(root: Node) -> tuple[Plan | None, list[Fault]]:
    """The plan in a tree, or what is wrong with it."""
    try:
        return Plan.model_validate(root.plain()), []
    except ValidationError as error:
        told = {_place(root, e["type"], e["loc"]): (e["type"], e["loc"]) for e in error.errors(include_url=False)}
    # Of a union only the branch that was meant is told: the others merely say that it is not their type.
    inner = {path[:n] for path, (kind, _) in told.items() if kind not in _BESIDE for n in range(len(path))}
    meant = [e for path, e in told.items() if path not in inner]
    return None, [_fault(root, shape(), kind, loc) for kind, loc in meant]


def _place(root: Node, kind: str, loc: Path) -> Path:
    """A path of the model as the file has it: without short forms' inner names and unions' labels."""
    path: Path = ()
    node = root
    for step in loc:
        child = node.child(step)
        if child is not None:
            node, path = child, (*path, step)
    return (*path, loc[-1]) if kind == "missing" or loc[-1:] == (_KEY,) else path


def _fault(root: Node, allowed: Shape, kind: str, loc: Path) -> Fault:
    if kind == "missing":
        parent = root.find(loc[:-1])
        mark = Mark(parent.key.line, parent.key.column, (*parent.mark.path, loc[-1]))
        return fault(mark, f"missing, needed: {allowed.words(loc)}")
    if loc[-1:] == (_KEY,):
        return fault(
            root.find(loc[:-1]).key, f"found the name {named(str(loc[-2]))!r}, allowed: {allowed.names(loc[:-2])}"
        )
    node = root.find(loc)
    if kind == "extra_forbidden":
        names = allowed.keys(loc[:-1])
        close = nearest(str(loc[-1]), names)
        return fault(node.key, f"unknown key{close or ', allowed: ' + ', '.join(names)}")
    text = f"found {found(node)}, allowed: {allowed.words(loc)}"
    return fault(node.mark, text + nearest(str(node.value), allowed.choices(loc)))
