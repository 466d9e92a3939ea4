"""Faults in a plan file, and how all of them are shown at once."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable

from orchestrator.core.errors import PlanError
from orchestrator.plan.load.tree import Mark, Node, Path

LONGEST_FOUND = 60


@dc.dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong, and where."""

    line: int
    column: int
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.path + ': ' if self.path else ''}{self.text}"


def fault(mark: Mark, text: str) -> Fault:
    """A fault at a place."""
    return Fault(mark.line, mark.column, written(mark.path), text)


def fail(file: str, faults: Iterable[Fault]) -> PlanError:
    """The error that tells them all, in order of the file, none twice."""
    lines = [f"{file}:{f}" for f in sorted(set(faults))]
    return PlanError("\n".join(lines))


def written(path: Path) -> str:
    """A path as people write it: ``services.posts.paths[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{named(step)}" if text else named(step)
    return text


def named(name: str) -> str:
    """A name as it is shown: an address that was written in its place may hold a secret."""
    return "…" if "://" in name else name


def found(node: Node) -> str:
    """What stands there, shortly. What may be a secret is not shown: a variable's value, a channel's address."""
    value = node.raw if node.raw is not None else node.value
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str() if "://" in value and "notifications" in node.mark.path:
            return "an address"
        case str():
            return repr(value if len(value) <= LONGEST_FOUND else value[: LONGEST_FOUND - 1] + "…")
        case int() | float():
            return str(value) if len(str(value)) <= LONGEST_FOUND else "a very large number"
        case tuple():
            return "a list"
    return "a mapping"
