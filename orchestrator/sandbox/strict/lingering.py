"""What AWS keeps for a while after its owner is gone: network interfaces of a load balancer, a bucket's name.

A refusal that lasts until such a thing is really gone has to remember it, because the models forget it at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trace:
    """Something that is still in the way until ``until``."""

    kind: str
    scope: tuple[str, str]
    until: float
    detail: Any


class Lingering:
    """A small table of traces; each is forgotten when its time is over."""

    def __init__(self) -> None:
        self._traces: list[Trace] = []

    def keep(self, trace: Trace) -> None:
        """Remember it until its time is over."""
        self._traces.append(trace)

    def of(self, kind: str, scope: tuple[str, str], now: float) -> list[Any]:
        """What of that kind still lingers in an account and region."""
        self._traces = [trace for trace in self._traces if trace.until > now]
        return [trace.detail for trace in self._traces if trace.kind == kind and trace.scope == scope]

    def forget(self) -> None:
        """Start over, as when the sandbox is reset."""
        self._traces.clear()
