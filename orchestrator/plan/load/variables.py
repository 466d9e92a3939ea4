"""``${var.name}``: the values that a file leaves open. There is no expression language beyond this."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Mapping

from orchestrator.plan.load.faults import Fault, fault
from orchestrator.plan.load.reader import scalar
from orchestrator.plan.load.tree import Mark, Node, Scalar
from orchestrator.plan.words import nearest

_KINDS: Mapping[type, str] = {str: "text", int: "number", float: "number", bool: "flag"}
_USE = re.compile(r"\$\{var\.([^}]*)\}")


def values(root: Node, given: Mapping[str, str], inherited: Mapping[str, str]) -> tuple[dict[str, Scalar], list[Fault]]:
    """The value of every declared variable: as given, as inherited, or its default; and what is wrong with them."""
    declared = root.section("variables")
    faults = []
    found: dict[str, Scalar] = {}
    for name in given.keys() - declared.keys():
        place = root.child("variables")
        where = place.key if place else Mark(1, 1, ("variables",))
        faults.append(fault(where, f"a value is given for {name}, which is not declared{nearest(name, declared)}"))
    given = {name: inherited[name.upper()] for name in declared if name.upper() in inherited} | dict(given)
    for name, node in declared.items():
        default = node.child("default") if isinstance(node.value, Mapping) else node
        if name in given:
            found[name], wrong = _given(node, default, given[name])
            faults += wrong
        elif default is not None and isinstance(default.value, str | int | float | bool):
            found[name] = default.value
        else:
            found[name] = ""
            faults.append(fault(node.key, f"no value: pass --var {name}=VALUE or set ORCHESTRATOR_VAR_{name.upper()}"))
    return found, faults


def _given(node: Node, default: Node | None, text: str) -> tuple[Scalar, list[Fault]]:
    """A given text as what the variable is: a tag such as 7 is text, unless the file says that it is a number."""
    stated = node.child("type")
    kind = stated.value if stated else _KINDS.get(type(default.value) if default else str, "text")
    value = scalar(text) if kind in ("number", "flag") else text
    if _KINDS.get(type(value)) != kind and kind in _KINDS.values():
        return value, [fault(node.key, f"the value given is no {kind}")]
    return value, []


def substitute(node: Node, known: Mapping[str, Scalar]) -> tuple[Node, list[Fault]]:
    """The tree with every use of a variable replaced. A use that is the whole value keeps the variable's type."""
    match node.value:
        case Mapping():
            children = {name: substitute(child, known) for name, child in node.value.items()}
            faults = [f for _, found in children.values() for f in found]
            return dc.replace(node, value={name: child for name, (child, _) in children.items()}), faults
        case tuple():
            items = [substitute(child, known) for child in node.value]
            return dc.replace(node, value=tuple(child for child, _ in items)), [f for _, found in items for f in found]
        case str() if "${var." in node.value:
            return _text(node, node.value, known)
    return node, []


def _text(node: Node, text: str, known: Mapping[str, Scalar]) -> tuple[Node, list[Fault]]:
    unknown = [name for name in _USE.findall(text) if name not in known]
    if unknown:
        return node, [
            fault(node.mark, f"the variable {name} is not declared{nearest(name, known)}") for name in unknown
        ]
    whole = _USE.fullmatch(text)
    value = known[whole[1]] if whole else _USE.sub(lambda use: _shown(known[use[1]]), text)
    return dc.replace(node, value=value, raw=text), []


def _shown(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
