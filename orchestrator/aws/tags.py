"""Ownership: what marks a thing on AWS as belonging to a stack, and the shapes in which services speak of tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

STACK = "orchestrator:stack"
ADDRESS = "orchestrator:address"
GENERATION = "orchestrator:generation"
REGION = "orchestrator:region"
"""On what AWS keeps for all regions at once: the same stack may be in another region too."""


def ownership(stack: str, address: object, generation: str) -> dict[str, str]:
    """The three tags that everything we make carries from its first moment."""
    return {STACK: stack, ADDRESS: str(address), GENERATION: generation}


def fingerprint(*parts: object) -> str:
    """Ten hex digits that tell one set of values from another."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:10]


def token(stack: str, address: object, generation: str) -> str:
    """A client token (at most 36 ASCII characters) that is the same for every attempt at the same creation."""
    return hashlib.sha256(f"{stack}\x00{address}\x00{generation}".encode()).hexdigest()[:32]


def as_map(tags: Any) -> dict[str, str]:
    """Tags in any of AWS's shapes as a mapping, without those that AWS keeps for itself (``aws:``)."""
    if not tags:
        return {}
    if isinstance(tags, Mapping):
        pairs: Iterable[tuple[Any, Any]] = tags.items()
    else:
        pairs = ((t.get("Key", t.get("key")), t.get("Value", t.get("value", ""))) for t in tags)
    return {str(k): str(v) for k, v in pairs if not str(k).startswith("aws:")}


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services want them; ECS and a few others write ``key`` and ``value``."""
    return [{key: k, value: v} for k, v in sorted(tags.items())]


def specification(resource_type: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """EC2's ``TagSpecifications`` for one resource."""
    return [{"ResourceType": resource_type, "Tags": as_list(tags)}]
