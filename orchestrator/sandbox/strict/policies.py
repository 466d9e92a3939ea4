"""Reading policy documents: who is granted what, as far as a refusal of AWS depends on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, its scalars made lists and its principals by type."""

    effect: str
    principals: dict[str, tuple[str, ...]]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: dict[str, Any]

    def names(self, *principals: str) -> bool:
        """Whether one of these principals, or everybody, is meant."""
        meant = {name for names in self.principals.values() for name in names}
        return "*" in meant or not meant.isdisjoint(principals)

    def covers(self, action: str) -> bool:
        """Whether the action is among the statement's; actions are not case sensitive."""
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)

    def reaches(self, resource: str) -> bool:
        """Whether the resource is among the statement's."""
        return any(fnmatchcase(resource, pattern) for pattern in self.resources)


def parse(document: Any) -> dict[str, Any] | None:
    """The policy as a mapping, or ``None`` when it is not JSON or not an object."""
    if isinstance(document, bytes):
        document = document.decode("utf-8", errors="replace")
    try:
        parsed = json.loads(document)
    except (TypeError, ValueError):
        return None
    return parsed if isinstance(parsed, dict) else None


def statements(document: Any) -> Iterator[Statement]:
    """The statements of a policy; nothing when it cannot be read."""
    for entry in _listed((parse(document) or {}).get("Statement")):
        if isinstance(entry, dict):
            yield Statement(
                effect=str(entry.get("Effect", "")),
                principals=_principals(entry.get("Principal")),
                actions=tuple(map(str, _listed(entry.get("Action")))),
                resources=tuple(map(str, _listed(entry.get("Resource")))),
                condition=entry.get("Condition") or {},
            )


def grants(document: Any, action: str, resource: str, *principals: str) -> bool:
    """Whether the policy allows one of the principals the action on the resource. Conditions are taken as met."""
    return any(
        one.effect == "Allow" and one.names(*principals) and one.covers(action) and one.reaches(resource)
        for one in statements(document)
    )


def _principals(principal: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(principal, dict):
        return {kind: tuple(map(str, _listed(names))) for kind, names in principal.items()}
    return {"AWS": tuple(map(str, _listed(principal)))}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
