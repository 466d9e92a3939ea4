"""What is allowed at a place of a plan, in words, read from the plan's JSON Schema: one source for both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.plan.load.tree import Path
from orchestrator.plan.model.base import ALLOWED

Schema = Mapping[str, Any]


class Shape:
    """A JSON Schema that can be asked what it allows at a path."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.definitions: Mapping[str, Schema] = schema.get("$defs", {})

    def at(self, path: Path) -> Schema:
        """The schema at a path. Steps that it does not have, such as a union's labels, are passed over."""
        here = self.schema
        for step in path:
            here = self._step(here, step) or here
        return here

    def keys(self, path: Path) -> list[str]:
        """The keys that a mapping at a path may have, where they are fixed."""
        return [key for branch in self._branches(self.at(path)) for key in branch.get("properties", {})]

    def words(self, path: Path) -> str:
        """What is allowed at a path: ``a whole number from 1 to 65535``."""
        return self._words(self.at(path))

    def names(self, path: Path) -> str:
        """What the names in a mapping at a path may look like."""
        ruled = [_schema(b["propertyNames"]) for b in self._branches(self.at(path)) if "propertyNames" in b]
        return self._words(ruled[0]) if ruled else "text"

    def choices(self, path: Path) -> list[str]:
        """The words that are allowed at a path, where they are fixed."""
        return [str(word) for branch in self._branches(self.at(path)) for word in _enum(branch)]

    def _branches(self, schema: Schema) -> Iterator[Schema]:
        if "$ref" in schema:
            yield from self._branches({**self.definitions[schema["$ref"].rpartition("/")[2]], **_told(schema)})
        elif "anyOf" in schema:
            for branch in schema["anyOf"]:
                yield from self._branches(branch)
        elif "allOf" in schema:
            for branch in schema["allOf"]:
                yield from self._branches(branch)
        else:
            yield schema

    def _step(self, schema: Schema, step: str | int) -> Schema | None:
        for branch in self._branches(schema):
            if isinstance(step, int) and "items" in branch:
                return _schema(branch["items"])
            if isinstance(step, str) and step in branch.get("properties", {}):
                return _schema(branch["properties"][step])
        for branch in self._branches(schema):
            if isinstance(step, str) and isinstance(branch.get("additionalProperties"), Mapping):
                return _schema(branch["additionalProperties"])
            if isinstance(step, str) and "patternProperties" in branch:
                return _schema(next(iter(branch["patternProperties"].values())))
        return None

    def _words(self, schema: Schema) -> str:
        if ALLOWED in schema:
            return str(schema[ALLOWED])
        parts: list[str] = []
        for branch in self._branches(schema):
            words = self._one(branch)
            if words and words not in parts:
                parts.append(words)
        return " or ".join(parts) or "a value"

    def _one(self, schema: Schema) -> str:
        if ALLOWED in schema:
            return str(schema[ALLOWED])
        if words := _enum(schema):
            return f"one of {', '.join(map(str, words))}" if len(words) > 1 else str(words[0])
        match schema.get("type"):
            case "integer":
                return "a whole number" + _bounds(schema)
            case "number":
                return "a number" + _bounds(schema)
            case "boolean":
                return "true or false"
            case "string":
                return "text" + (f" of at most {schema['maxLength']} characters" if "maxLength" in schema else "")
            case "array":
                most = f" of at most {schema['maxItems']}" if "maxItems" in schema else ""
                return f"a list{most}, each {self._words(schema.get('items', {}))}"
            case "object":
                return "a mapping" + self._inside(schema)
        return ""

    def _inside(self, schema: Schema) -> str:
        keys = list(schema.get("properties", {}))
        return f" of {', '.join(keys)}" if 0 < len(keys) <= 8 else ""  # more would bury the message


def _told(schema: Schema) -> Schema:
    return {ALLOWED: schema[ALLOWED]} if ALLOWED in schema else {}


def _schema(value: Any) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _enum(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def _bounds(schema: Schema) -> str:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high = schema.get("maximum")
    least = f" from {low}" if low is not None else f" above {above}" if above is not None else ""
    if high is None:
        return f" of at least {low}" if low is not None else least
    return f"{least} to {high}" if low is not None else f"{least} and up to {high}" if least else f" up to {high}"
