"""Field values that stand for more than themselves: references, documents, secrets, foreign ownership.

A desired resource may hold them anywhere in its fields. ``refs`` finds the references, ``resolve`` replaces them.
"""

from __future__ import annotations

import dataclasses as dc
import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from orchestrator.core.address import Address

_ACCOUNT_ROOT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")

R = TypeVar("R")
T = TypeVar("T")


@dc.dataclass(frozen=True)
class Ref(Generic[R]):
    """An output that another resource will have once it exists: its id, its ARN."""

    to: Address
    output: str = "id"

    def __str__(self) -> str:
        return f"${{{self.to}.{self.output}}}"


Link: TypeAlias = Ref[R] | str
"""A reference, or the plain value of something outside the stack."""


@dc.dataclass(frozen=True, eq=False)
class Unknown:
    """What only an apply can tell. Equal to nothing, not even to itself, so whatever holds it differs."""

    ref: Ref[Any]

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return hash(self.ref)

    def __str__(self) -> str:
        return "(known after apply)"


@dc.dataclass(frozen=True)
class Join:
    """Text with references inside, such as ``${bucket/artifacts.arn}/*``."""

    parts: tuple[str | Ref[Any] | Unknown, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


@dc.dataclass(frozen=True)
class Initial(Generic[T]):
    """A value to create with, and then leave alone: ``owner`` decides it from then on."""

    value: T
    owner: str

    def __str__(self) -> str:
        return str(self.value)


class Secret:
    """A value that is compared but never shown, not in plans, logs, errors or tracebacks."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the one call that needs it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "***"


class JsonDoc:
    """A JSON document, equal to any other that says the same whatever its spacing and key order."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = json.loads(value) if isinstance(value, str) else value

    def text(self) -> str:
        """Compact JSON with sorted keys: what is sent to AWS. References must be resolved first."""
        return json.dumps(self.value, sort_keys=True, separators=(",", ":"), default=str)

    def canonical(self) -> Any:
        """The form in which two documents are compared."""
        return self.value

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bool(self.canonical() == other.canonical())

    def __hash__(self) -> int:
        return hash(self.text())

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text()})"


class PolicyDoc(JsonDoc):
    """An IAM policy. AWS unwraps single-element lists, reorders them and writes accounts as root ARNs."""

    __slots__ = ()

    def canonical(self) -> Any:
        """Statements as sets of sorted lists; an account's root ARN as its id; Version defaulted."""
        doc = _plain(self.value)
        statements = doc.get("Statement", [])
        statements = statements if isinstance(statements, list) else [statements]
        return {
            "Version": doc.get("Version", "2008-10-17"),
            "Statement": sorted((_statement(s) for s in statements), key=_sort_key),
        }


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
        case tuple() | list() | frozenset() | set():
            return [_plain(v) for v in value]
    return value


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _listed(value: Any) -> list[Any]:
    unique = {_sort_key(v): v for v in (value if isinstance(value, list) else [value])}
    return [unique[k] for k in sorted(unique)]


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in statement.items():
        if key in ("Principal", "NotPrincipal") and isinstance(value, Mapping):
            out[key] = {who: _listed([_principal(p) for p in _listed(names)]) for who, names in value.items()}
        elif key in ("Action", "NotAction", "Resource", "NotResource"):
            out[key] = _listed(value)
        elif key == "Condition":
            out[key] = {op: {k: _listed(_texts(v)) for k, v in test.items()} for op, test in value.items()}
        elif key == "Sid" and not value:
            continue
        else:
            out[key] = value
    return out


def _principal(name: Any) -> Any:
    """An account's root ARN, in any partition, and its bare id are the same principal."""
    root = _ACCOUNT_ROOT.fullmatch(name) if isinstance(name, str) else None
    return root[1] if root else name


def _texts(value: Any) -> Any:
    """Condition values as AWS keeps them: text, with booleans in lower case."""
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, Unknown) else str(value)


_PLAIN = frozenset({str, int, float, bool, type(None), Address})
"""Types with nothing inside. Most values of a plan are of these, so they are tried before anything dearer."""


def refs(value: Any) -> Iterator[Ref[Any]]:
    """Every reference inside a value, however deep."""
    if type(value) in _PLAIN:
        return
    match value:
        case Ref():
            yield value
        case Join(parts):
            yield from (p for p in parts if isinstance(p, Ref))
        case _:
            for part in _parts(value):
                if type(part) not in _PLAIN:
                    yield from refs(part)


def secrets(value: Any) -> Iterator[Secret]:
    """Every secret inside a value, however deep."""
    if isinstance(value, Secret):
        yield value
    else:
        for part in _parts(value):
            yield from secrets(part)


def _parts(value: Any) -> Iterable[Any]:
    """What a value is made of; nothing for a plain one."""
    if type(value) in _PLAIN:
        return ()
    match value:
        case JsonDoc():
            return (value.value,)
        case dict() | Mapping():
            return value.values()
        case tuple() | list() | frozenset():
            return value
        case _ if dc.is_dataclass(value) and not isinstance(value, type | Unknown):
            return [getattr(value, name) for name in _field_names(type(value))]
    return ()


@functools.cache
def _field_names(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dc.fields(cls))


def resolve(value: Any, lookup: Callable[[Ref[Any]], Any]) -> Any:
    """The value with every reference replaced by what ``lookup`` gives for it, an ``Unknown`` included.

    What holds no reference comes back as the very same object.
    """
    if type(value) in _PLAIN:
        return value
    match value:
        case Ref():
            return lookup(value)
        case Join(parts):
            return _join(tuple(resolve(p, lookup) for p in parts))
        case JsonDoc():
            inner = resolve(value.value, lookup)
            return value if inner is value.value else type(value)(inner)
        case dict() | Mapping():
            fresh = {k: new for k, old in value.items() if (new := resolve(old, lookup)) is not old}
            return {**value, **fresh} if fresh else value
        case tuple() | list() | frozenset():
            return _resolve_items(value, lookup)
        case _ if dc.is_dataclass(value) and not isinstance(value, type | Unknown):
            fresh = {
                name: new
                for name in _field_names(type(value))
                if (new := resolve(old := getattr(value, name), lookup)) is not old
            }
            return dc.replace(value, **fresh) if fresh else value
    return value


def _resolve_items(value: Any, lookup: Callable[[Ref[Any]], Any]) -> Any:
    items = list(value)
    resolved = [resolve(item, lookup) for item in items]
    return type(value)(resolved) if any(a is not b for a, b in zip(items, resolved, strict=True)) else value


def _join(parts: tuple[Any, ...]) -> Any:
    for part in parts:
        if isinstance(part, Unknown):
            return part
    return "".join(str(p) for p in parts)


def unknowns(value: Any) -> bool:
    """Whether a resolved value still holds something that only an apply can tell."""
    match value:
        case Unknown():
            return True
        case Ref():
            return False
    return any(unknowns(part) for part in _parts(value))


def stable(value: Any) -> str:
    """The value as text that is the same in every process: what ``repr`` is not for sets and mappings."""
    match value:
        case JsonDoc():
            return f"{type(value).__name__}({value.text()})"
        case Mapping():
            return "{" + ", ".join(sorted(f"{k!r}: {stable(v)}" for k, v in value.items())) + "}"
        case frozenset() | set():
            return "{" + ", ".join(sorted(map(stable, value))) + "}"
        case tuple() | list():
            return "(" + ", ".join(map(stable, value)) + ")"
        case _ if dc.is_dataclass(value) and not isinstance(value, type):
            fields = ", ".join(f"{name}={stable(getattr(value, name))}" for name in _field_names(type(value)))
            return f"{type(value).__name__}({fields})"
    return repr(value)
