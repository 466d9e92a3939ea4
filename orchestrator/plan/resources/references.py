"""``${kind/name.output}``: how a plan refers to what another resource will have."""

from __future__ import annotations

import re
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.values import Join, Ref

_USE = re.compile(r"\$\{([a-z][a-z0-9-]*/[A-Za-z0-9_.-]+)\.([a-z_]+)\}")


def parse(text: str) -> str | Ref[Any] | Join:
    """The reference that a text is, the text joined from parts and references, or the text."""
    whole = _USE.fullmatch(text)
    if whole:
        return Ref(Address.parse(whole[1]), whole[2])
    parts: list[str | Ref[Any]] = []
    end = 0
    for use in _USE.finditer(text):
        parts += [text[end : use.start()], Ref(Address.parse(use[1]), use[2])]
        end = use.end()
    return Join(tuple(p for p in (*parts, text[end:]) if p != "")) if parts else text


def within(value: Any) -> Any:
    """A document with every reference in its texts parsed; lists as lists, as JSON has them."""
    match value:
        case str():
            return parse(value)
        case dict():
            return {key: within(item) for key, item in value.items()}
        case tuple() | list():
            return [within(item) for item in value]
    return value
