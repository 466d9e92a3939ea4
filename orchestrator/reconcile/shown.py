"""Field values as people and machines read them: secrets hidden, what is not known yet said so, documents compared."""

from __future__ import annotations

import dataclasses as dc
import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.core.values import Initial, Join, JsonDoc, Ref, Secret, Unknown

UNKNOWN = "(known after apply)"
_LONGEST = 160
_NAMED_BY = ("Sid", "Name", "name", "Id", "id", "rulePriority")


def plain(value: Any) -> Any:
    """A value as JSON can carry it, without secrets."""
    match value:
        case Secret():
            return "***"
        case Unknown() | Ref():
            return UNKNOWN
        case Join(parts):
            return UNKNOWN if any(isinstance(p, Ref | Unknown) for p in parts) else str(value)
        case Initial(inner):
            return plain(inner)
        case JsonDoc():
            return plain(value.value)
        case Mapping():
            return {str(k): plain(v) for k, v in sorted(value.items(), key=lambda pair: str(pair[0]))}
        case frozenset() | set():
            return sorted(map(plain, value), key=_order)
        case tuple() | list():
            return [plain(v) for v in value]
        case _ if dc.is_dataclass(value):
            return {f.name: plain(v) for f in dc.fields(value) if (v := getattr(value, f.name)) != f.default}
    return value if value is None or isinstance(value, str | int | float) else str(value)


def text(value: Any) -> str:
    """A value on one line; what is too long loses its middle."""
    line = _unquoted(json.dumps(plain(value), ensure_ascii=False))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 40]} … {line[-36:]}"


def differences(old: Any, new: Any) -> list[str]:
    """One line for each part that differs of a document, a set, a list or a mapping; none for values without parts."""
    return list(_parts(_canonical(old), _canonical(new), "")) if _compound(old) and _compound(new) else []


def _canonical(value: Any) -> Any:
    return plain(value.canonical()) if isinstance(value, JsonDoc) else plain(value)


def _compound(value: Any) -> bool:
    return isinstance(value, JsonDoc | Mapping | frozenset | tuple | list)


def _parts(old: Any, new: Any, path: str) -> Iterator[str]:
    """Lines for the parts that differ, each with its path."""
    if old == new and UNKNOWN not in json.dumps(new, ensure_ascii=False):
        return
    label = f"{path}: " if path else ""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = f"{path}.{key}" if path else key
            if key not in new:
                yield f"- {inner}: {text(old[key])}"
            elif key not in old:
                yield f"+ {inner}: {text(new[key])}"
            else:
                yield from _parts(old[key], new[key], inner)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(old, new, path)
    else:
        yield f"{label}{text(old)} -> {text(new)}"


def _items(old: list[Any], new: list[Any], path: str) -> Iterator[str]:
    """Items by what they are called where they have a name, else as what came and what went."""
    before, after = _named(old), _named(new)
    if before is not None and after is not None:
        yield from _parts(before, after, path)
        return
    label = f"{path}: " if path else ""
    gone, came = [x for x in old if x not in new], [x for x in new if x not in old or x == UNKNOWN]
    if not gone and not came:
        yield f"{label}{text(old)} -> {text(new)}"
    for item in gone:
        yield f"- {label}{text(item)}"
    for item in came:
        yield f"+ {label}{text(item)}"


def _named(items: list[Any]) -> dict[str, Any] | None:
    """Items by the key that names them, when all have the same such key and no two the same name."""
    for key in _NAMED_BY:
        if items and all(isinstance(item, dict) and item.get(key) for item in items):
            by_name = {str(item[key]): item for item in items}
            return by_name if len(by_name) == len(items) else None
    return None


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _unquoted(line: str) -> str:
    return line.replace(f'"{UNKNOWN}"', UNKNOWN).replace('"***"', "***")
