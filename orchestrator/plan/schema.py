"""The JSON Schema of a plan file, for editors to complete and check by; ``resources`` by the fields of every kind.

Defaults, environments and variables make a file more lenient than the model that it ends in: what is missing in one
place may come from another, an empty value is one that is not stated, and a variable stands for any value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.kinds.catalogue import KINDS
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.resources.hints import Shape, fields

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OPEN: Schema = {"anyOf": [{"type": "null"}, {"type": "string", "pattern": r"\$\{[^}]+\}"}]}
_INVARIANT = ("name", "environments", "variables")
_SINGLE: Mapping[str, Schema] = {
    "any": {},
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "secret": {"type": "string"},
    "document": {"type": "object"},
    "mapping": {"type": "object"},
    "list": {"type": "array"},
    "set": {"type": "array", "uniqueItems": True},
}


def plan_schema() -> Schema:
    """The schema of a whole plan file."""
    plan: Schema = _lenient(Plan.model_json_schema())
    sections, definitions = plan["properties"], plan["$defs"]
    by_kind = {f"^{kind}/": _kind(adapter.resource) for kind, adapter in sorted(KINDS.items())}
    sections["resources"] = {
        "type": "object",
        "description": Plan.model_fields["resources"].description,
        "patternProperties": by_kind,
        "additionalProperties": False,
    }
    kept = {name: section for name, section in sections.items() if name not in _INVARIANT}
    definitions["Environment"] = {"type": "object", "properties": kept, "additionalProperties": False}
    definitions["Unstated"] = _OPEN
    override = {"anyOf": [{"$ref": "#/$defs/Environment"}, {"type": "null"}]}
    sections["environments"] = {
        "type": "object",
        "description": Plan.model_fields["environments"].description,
        "additionalProperties": override,
    }
    return {"$schema": DIALECT, **plan, "title": "orchestrator plan", "required": ["name"]}


def _lenient(part: Any) -> Any:
    """A schema that takes a variable, or nothing, where it takes a value, and requires nothing to be in one place."""
    if isinstance(part, list):
        return [_lenient(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {key: _lenient(value) for key, value in part.items() if key not in ("required", "minProperties")}
    for several in ("properties", "patternProperties"):
        if several in found:
            found[several] = {name: _or_open(inner) for name, inner in found[several].items()}
    for one in ("items", "additionalProperties"):
        if isinstance(found.get(one), dict):
            found[one] = _or_open(found[one])
    return found


def _or_open(inner: Schema) -> Schema:
    told: Schema = {key: inner[key] for key in ("description", "default") if key in inner}
    return {**told, "anyOf": [inner, {"$ref": "#/$defs/Unstated"}]}


def _kind(kind: type[Any]) -> Schema:
    """A resource's or a value's dataclass as a mapping."""
    properties = {name: _lenient_shape(shape) for name, shape in fields(kind).items()}
    about = (kind.__doc__ or "").partition("\n")[0]
    return {"type": "object", "description": about, "properties": properties, "additionalProperties": False}


def _lenient_shape(shape: Shape) -> Schema:
    return _or_open(_shape(shape))


def _shape(shape: Shape) -> Schema:
    match shape.sort:
        case "one of":
            return {"anyOf": [_shape(inner) for inner in shape.inner]}
        case "value":
            return _kind(shape.type)
        case "list" | "set":
            return {**_SINGLE[shape.sort], "items": _lenient_shape(shape.inner[0])}
        case "mapping":
            return {**_SINGLE["mapping"], "additionalProperties": _lenient_shape(shape.inner[0])}
        case "text" if shape.words:
            return {"enum": list(shape.words)}
    return _SINGLE[shape.sort]
