"""A plan as read: every value with the place where it was written, so that every fault can be shown there.

Environments, variables and defaults move values about; a node remembers where it came from all the same.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Scalar: TypeAlias = str | int | float | bool | None


@dc.dataclass(frozen=True)
class Mark:
    """A place in the file, counted from 1, and the path that stands there."""

    line: int
    column: int
    path: Path = ()


@dc.dataclass(frozen=True)
class Node:
    """A value and where it was written. ``key`` is where its name stands; ``raw`` is its text before variables."""

    value: Scalar | Mapping[str, Node] | tuple[Node, ...]
    mark: Mark
    key: Mark
    raw: str | None = None

    def plain(self) -> Any:
        """The value without its places; lists are tuples."""
        match self.value:
            case Mapping():
                return {name: node.plain() for name, node in self.value.items()}
            case tuple():
                return tuple(node.plain() for node in self.value)
        return self.value

    def child(self, step: str | int) -> Node | None:
        """What stands under a name or at an index."""
        if isinstance(self.value, Mapping):
            return self.value.get(str(step))
        if isinstance(self.value, tuple) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None

    def find(self, path: Path) -> Node:
        """The node at a path. Steps that the file does not have, as short forms leave some out, are passed over."""
        node = self
        for step in path:
            node = node.child(step) or node
        return node

    def section(self, name: str) -> Mapping[str, Node]:
        """The mapping under a name; empty when there is none, or something else."""
        node = self.child(name)
        return node.value if node is not None and isinstance(node.value, Mapping) else {}

    def scalars(self) -> Iterator[Node]:
        """Every single value in it."""
        match self.value:
            case Mapping():
                for node in self.value.values():
                    yield from node.scalars()
            case tuple():
                for node in self.value:
                    yield from node.scalars()
            case _:
                yield self


def merge(base: Node, over: Node) -> Node:
    """``over`` laid upon ``base``: mappings join, all else replaces, and a key left empty takes the base's away."""
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    joined = dict(base.value)
    for name, node in over.value.items():
        if node.value is None and name in joined:
            del joined[name]
        else:
            joined[name] = merge(joined[name], node) if name in joined else node
    return dc.replace(base, value=joined)


def without(node: Node, *names: str) -> Node:
    """A mapping without some of its keys."""
    if not isinstance(node.value, Mapping):
        return node
    return dc.replace(node, value={name: child for name, child in node.value.items() if name not in names})


def under(node: Node, name: str, child: Node) -> Node:
    """A mapping with one of its values replaced."""
    if not isinstance(node.value, Mapping):
        return node
    return dc.replace(node, value={**node.value, name: child})
