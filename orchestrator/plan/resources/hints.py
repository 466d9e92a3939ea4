"""Type hints of resource fields, seen as what a plan may write there."""

from __future__ import annotations

import dataclasses as dc
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypeVar, Union

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, JsonDoc, Ref, Secret

Sort: TypeAlias = Literal[
    "any", "text", "whole", "number", "flag", "list", "set", "mapping", "document", "secret", "value", "one of"
]
_PLAIN: Mapping[Any, Sort] = {
    str: "text",
    int: "whole",
    float: "number",
    bool: "flag",
    Secret: "secret",
    Address: "text",
}

_WORDS: Mapping[Sort, str] = {
    "any": "a value",
    "text": "text",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "mapping": "a mapping",
    "document": "a JSON document as a mapping",
    "secret": "text",
}


@dc.dataclass(frozen=True)
class Shape:
    """What may stand in a field. ``inner`` are the shapes inside it, ``type`` its Python type."""

    sort: Sort
    type: Any = None
    inner: tuple[Shape, ...] = ()
    optional: bool = False
    words: tuple[Any, ...] = ()

    def told(self) -> str:
        """In words, for error messages."""
        if self.words:
            return f"one of {', '.join(map(str, self.words))}"
        match self.sort:
            case "list" | "set":
                return f"a list, each {self.inner[0].told()}"
            case "value":
                return f"a mapping of {', '.join(fields(self.type))}" if fields(self.type) else "an empty mapping"
            case "one of":
                return " or ".join(dict.fromkeys(s.told() for s in self.inner))
        return _WORDS[self.sort]


def fields(kind: type[Any]) -> dict[str, Shape]:
    """The fields of a kind's dataclass, or of a value in it, that a plan may state."""
    hints = typing.get_type_hints(kind)
    ruled = {"name"} if issubclass(kind, Resource) else set()
    return {f.name: shape(hints[f.name]) for f in dc.fields(kind) if f.init and f.name not in ruled}


def required(kind: type[Any]) -> set[str]:
    """The fields that have to be stated: those without a default."""
    missing = {f.name for f in dc.fields(kind) if f.default is dc.MISSING and f.default_factory is dc.MISSING}
    return missing - {"name", "aws_name"}


def shape(hint: Any) -> Shape:
    """What may stand where a type hint is."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return Shape(_PLAIN[hint], hint)
    if hint is Any or isinstance(hint, TypeVar):
        return Shape("any")
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is Literal:
        return Shape("text", str, words=arguments)
    if origin is tuple:
        return Shape("list", tuple, (shape(arguments[0]),))
    if origin is frozenset:
        return Shape("set", frozenset, (shape(arguments[0]),))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return Shape("mapping", dict, (shape(arguments[1]),))
    if isinstance(hint, type) and issubclass(hint, JsonDoc):
        return Shape("document", hint)
    if dc.is_dataclass(hint):
        return Shape("value", hint)
    return Shape("any")


def _union(arguments: tuple[Any, ...]) -> Shape:
    """Its members. A reference is text with ``${…}`` in it; who owns a value is nothing a plan decides."""
    kept = [
        a
        for a in arguments
        if a is not type(None) and typing.get_origin(a) not in (Ref, Initial) and a not in (Ref, Initial)
    ]
    inner = tuple(dict.fromkeys(shape(a) for a in kept))
    optional = type(None) in arguments
    if len(inner) == 1:
        return dc.replace(inner[0], optional=optional)
    return Shape("one of", inner=inner, optional=optional)
