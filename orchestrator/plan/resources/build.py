"""From what a plan writes under ``resources`` to a resource, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.core.values import Join, Ref, Secret
from orchestrator.kinds.base import Named
from orchestrator.kinds.catalogue import KINDS
from orchestrator.plan.resources import references
from orchestrator.plan.resources.hints import Shape, fields, required
from orchestrator.plan.words import nearest

Path = tuple[str | int, ...]
_SINGLE: Mapping[str, tuple[type, ...]] = {"flag": (bool,), "whole": (int,), "number": (int, float)}


class Wrong(Exception):
    """What cannot be built: where, why, and whether that is about a name and not about the value under it."""

    def __init__(self, path: Path, text: str, *, about_name: bool = False) -> None:
        super().__init__(text)
        self.path = path
        self.text = text
        self.about_name = about_name


def build(address: Address, written: Mapping[str, Any], named: Callable[[type[Named], str], str]) -> Resource:
    """The resource that a plan states; ``named`` says what AWS calls it. Raises ``Wrong``."""
    adapter = KINDS.get(address.kind)
    if adapter is None:
        raise Wrong((), f"there is no kind {address.kind!r}{nearest(address.kind, KINDS)}", about_name=True)
    kind = adapter.resource
    values = _fields(kind, written, ())
    if issubclass(kind, Named):
        values.setdefault("aws_name", named(kind, address.name))
    return kind(name=address.name, **values)


def _fields(kind: type[Any], written: Mapping[str, Any], path: Path) -> dict[str, Any]:
    allowed = fields(kind)
    for name in written:
        if name not in allowed:
            close = nearest(name, allowed) or f", allowed: {', '.join(allowed)}"
            raise Wrong((*path, name), f"unknown key{close}", about_name=True)
    for name in sorted(required(kind) - written.keys()):
        raise Wrong((*path, name), f"missing, needed: {allowed[name].told()}")
    stated = {name: value for name, value in written.items() if value is not None or allowed[name].optional}
    return {name: convert(allowed[name], value, (*path, name)) for name, value in stated.items()}


def convert(shape: Shape, value: Any, path: Path) -> Any:
    """A written value as the field holds it."""
    if value is None and shape.optional:
        return None
    if isinstance(value, str) and shape.sort in ("any", "text", "one of"):
        return _text(shape, value, path)
    if shape.sort == "one of":
        return _first(shape, value, path)
    if shape.sort == "secret" and isinstance(value, str):
        return Secret(value)
    if shape.sort in _SINGLE:
        if not isinstance(value, _SINGLE[shape.sort]) or (isinstance(value, bool) and shape.sort != "flag"):
            raise _unfit(shape, value, path)
        return value
    return references.within(value) if shape.sort == "any" else _several(shape, value, path)


def _several(shape: Shape, value: Any, path: Path) -> Any:
    """A value that holds others."""
    match shape.sort, value:
        case "list" | "set", tuple():
            return shape.type(convert(shape.inner[0], item, (*path, i)) for i, item in enumerate(value))
        case "mapping", Mapping():
            return {key: convert(shape.inner[0], item, (*path, key)) for key, item in value.items()}
        case "document", Mapping():
            return shape.type(references.within(value))
        case "value", Mapping():
            return shape.type(**_fields(shape.type, value, path))
    raise _unfit(shape, value, path)


def _unfit(shape: Shape, value: Any, path: Path) -> Wrong:
    return Wrong(path, f"found {_shown(value)}, allowed: {shape.told()}")


def _text(shape: Shape, value: str, path: Path) -> Any:
    parsed = references.parse(value)
    if isinstance(parsed, Ref | Join):
        return parsed
    if shape.type is Address:
        try:
            return Address.parse(value)
        except ValueError:
            raise Wrong(path, f"found {value!r}, allowed: an address such as vpc/main") from None
    if shape.words and value not in shape.words:
        raise Wrong(path, f"found {value!r}, allowed: {shape.told()}{nearest(value, map(str, shape.words))}")
    return _first(shape, value, path) if shape.sort == "one of" else value


def _first(shape: Shape, value: Any, path: Path) -> Any:
    """The first alternative that fits; when none does, what is wrong with the one that came furthest."""
    wrongs = []
    for one in shape.inner:
        try:
            return convert(one, value, path)
        except Wrong as wrong:
            wrongs.append(wrong)
    deepest = max(wrongs, key=lambda w: len(w.path))
    if len(deepest.path) > len(path):
        raise deepest
    raise _unfit(shape, value, path)


def _shown(value: Any) -> str:
    match value:
        case Mapping():
            return "a mapping"
        case tuple():
            return "a list"
        case bool():
            return str(value).lower()
    return repr(value)
