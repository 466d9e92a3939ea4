"""What the service model demands and botocore does not check: enumerations, patterns and maxima.

botocore checks types, required members and minima before it sends; AWS checks the rest on arrival. The constraints
of an operation are compiled once into a tree that holds only members with something to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from orchestrator.sandbox.strict.codes import validation_code
from orchestrator.sandbox.strict.registry import MODEL, Refusal
from orchestrator.sandbox.strict.untrusted import untrusted

_SHOWN_MAX = 100
_JAVA_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": r"\s", r"\p{Alnum}": "a-zA-Z0-9", r"\p{Alpha}": "a-zA-Z"}


@dataclass
class Constraint:
    """What one member of a request has to satisfy, and what its own members have to."""

    enum: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    wording: str = ""
    maximum: float | None = None
    sensitive: bool = False
    members: dict[str, Constraint] = field(default_factory=dict)
    item: Constraint | None = None
    key: Constraint | None = None

    @property
    def empty(self) -> bool:
        """Nothing to check here or below."""
        nothing = not self.enum and self.pattern is None and self.maximum is None
        return nothing and not self.members and self.item is None and self.key is None

    def violations(self, value: Any, path: str, hidden: bool = False) -> Iterator[str]:
        """What AWS would find wrong, worded as AWS does."""
        hidden = hidden or self.sensitive
        yield from self._own(value, path, hidden)
        if isinstance(value, dict):
            for name, below in self.members.items():
                if value.get(name) is not None:
                    yield from below.violations(value[name], _join(path, name[:1].lower() + name[1:]), hidden)
            if self.key or self.item:
                yield from self._map(value, path, hidden)
        elif isinstance(value, list) and self.item:
            for index, element in enumerate(value, start=1):
                yield from self.item.violations(element, f"{path}.{index}.member", hidden)

    def _map(self, value: dict[str, Any], path: str, hidden: bool) -> Iterator[str]:
        for name, element in value.items():
            if self.key:
                yield from self.key.violations(name, path, hidden)
            if self.item:
                yield from self.item.violations(element, f"{path}.{name}.member", hidden)

    def _own(self, value: Any, path: str, hidden: bool) -> Iterator[str]:
        if self.maximum is not None:
            if isinstance(value, (str, bytes, list, dict)):
                if len(value) > self.maximum:
                    yield _violation(path, None, f"have length less than or equal to {self.maximum:g}")
                    return
            elif isinstance(value, (int, float)) and value > self.maximum:
                yield _violation(path, value, f"have value less than or equal to {self.maximum:g}")
        if not isinstance(value, str):
            return
        shown = None if hidden else value
        if self.enum and value not in self.enum:
            yield _violation(path, shown, f"satisfy enum value set: [{', '.join(self.enum)}]")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            yield _violation(path, shown, f"satisfy regular expression pattern: {self.wording}")


def enforce(service: str, operation: str, params: dict[str, Any]) -> None:
    """Raise what AWS raises for a request that its model forbids."""
    constraint = constraint_of(service, operation)
    if constraint is None:
        return
    found = list(constraint.violations(params, ""))
    if found:
        count = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
        code = validation_code(service, in_document=_document_at_fault(service, operation, params, constraint))
        raise Refusal(code, f"{count} detected: {'; '.join(found)}", rule=MODEL)


def _document_at_fault(service: str, operation: str, params: dict[str, Any], constraint: Constraint) -> bool:
    """Whether the violation is in the body of a REST call and not in its address or headers."""
    shape = _input(service, operation)
    payload = shape.serialization.get("payload")
    below = constraint.members.get(payload)
    return below is not None and payload in params and any(below.violations(params[payload], ""))


@cache
def constraint_of(service: str, operation: str) -> Constraint | None:
    """The constraints of an operation's input; ``None`` when there is nothing to check."""
    shape = _input(service, operation)
    if shape is None:
        return None
    constraint = _compile(service, operation, shape, "", {})
    return None if constraint.empty else constraint


def _input(service: str, operation: str) -> Any:
    from moto.core.utils import get_service_model

    return get_service_model(service).operation_model(operation).input_shape


def _compile(service: str, operation: str, shape: Any, path: str, seen: dict[str, Constraint]) -> Constraint:
    if shape.type_name in ("structure", "map", "list") and shape.name in seen:
        return seen[shape.name]
    compiled = _own_constraint(service, operation, shape, path)
    if shape.type_name == "structure":
        below = {**seen, shape.name: compiled}
        for name, member in shape.members.items():
            constraint = _compile(service, operation, member, _join(path, name), below)
            if not constraint.empty:
                compiled.members[name] = constraint
    elif shape.type_name == "list":
        compiled.item = _or_none(_compile(service, operation, shape.member, path, {**seen, shape.name: compiled}))
    elif shape.type_name == "map":
        below = {**seen, shape.name: compiled}
        compiled.key = _or_none(_compile(service, operation, shape.key, path, below))
        compiled.item = _or_none(_compile(service, operation, shape.value, path, below))
    return compiled


def _own_constraint(service: str, operation: str, shape: Any, path: str) -> Constraint:
    sensitive = bool(shape.metadata.get("sensitive"))
    if untrusted(service, operation, path, shape.name):
        return Constraint(sensitive=sensitive)
    wording = str(shape.metadata.get("pattern", ""))
    return Constraint(
        enum=tuple(shape.metadata.get("enum", ())) if shape.type_name == "string" else (),
        pattern=_pattern(wording) if shape.type_name == "string" else None,
        wording=wording,
        maximum=shape.metadata.get("max"),
        sensitive=sensitive,
    )


def _pattern(wording: str) -> re.Pattern[str] | None:
    """The model's Java pattern in Python, or ``None`` where Python has no equivalent."""
    if not wording:
        return None
    for java, python in _JAVA_CLASSES.items():
        wording = wording.replace(java, python)
    try:
        return re.compile(wording)
    except re.error:
        return None


def _or_none(constraint: Constraint) -> Constraint | None:
    return None if constraint.empty else constraint


def _violation(path: str, value: object, demand: str) -> str:
    shown = "Value" if value is None or len(str(value)) > _SHOWN_MAX else f"Value '{value}'"
    return f"{shown} at '{path}' failed to satisfy constraint: Member must {demand}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
