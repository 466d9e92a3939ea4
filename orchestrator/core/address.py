"""How a resource is named inside a stack, in plans, causes, tags and messages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Address:
    """Kind and name, unique in a stack: ``subnet/public-a``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address written as ``kind/name``. Raises ``ValueError`` on anything else."""
        kind, slash, name = text.partition("/")
        if not (kind and slash and name):
            raise ValueError(f"an address is written kind/name, found {text!r}")
        return cls(kind, name)
