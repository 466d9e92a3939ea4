"""IAM policy documents: statements, and how many of them fit into one managed policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

LIMIT = 6144
"""Characters of a managed policy; IAM does not count white space."""

Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is allowed, on what, and when."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Condition

    def written(self) -> dict[str, Any]:
        """As IAM reads it."""
        written = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return {**written, **({"Condition": self.condition} if self.condition else {})}

    def halves(self) -> tuple[Statement, Statement]:
        """Two that allow together what this one allows."""
        field = "resources" if len(self.resources) > 1 else "actions"
        listed = getattr(self, field)
        middle = len(listed) // 2
        return replace(self, **{field: listed[:middle]}), replace(self, **{field: listed[middle:]})


@dataclass(frozen=True)
class Document:
    """A policy that IAM accepts as it is."""

    statements: tuple[Statement, ...]

    def written(self) -> dict[str, Any]:
        """As IAM reads it."""
        return {"Version": "2012-10-17", "Statement": [s.written() for s in self.statements]}

    def text(self) -> str:
        """For people to read, and for ``aws iam create-policy``."""
        return json.dumps(self.written(), indent=2)

    @property
    def size(self) -> int:
        """Characters as IAM counts them."""
        return len(json.dumps(self.written(), separators=(",", ":")))


def documents(statements: Iterable[Statement], limit: int = LIMIT) -> tuple[Document, ...]:
    """None larger than the limit: each statement goes into the first that has room for it."""
    found: list[Document] = []
    for statement in _small(statements, limit):
        for place, document in enumerate(found):
            longer = Document((*document.statements, statement))
            if longer.size <= limit:
                found[place] = longer
                break
        else:
            found.append(Document((statement,)))
    return tuple(found)


def _small(statements: Iterable[Statement], limit: int) -> Iterator[Statement]:
    for statement in statements:
        if Document((statement,)).size > limit and len(statement.resources) * len(statement.actions) > 1:
            yield from _small(statement.halves(), limit)
        else:
            yield statement
