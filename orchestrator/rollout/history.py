"""What became of every rollout: who, what, when, the weights over time, the evidence, the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.core.store import Store
from orchestrator.rollout.state import Cursor, Outcome, as_json

_WHAT = ("id", "stack", "service", "strategy", "release", "by")
_HOW = ("started", "ended", "waited", "why", "evidence", "journal")


def write(store: Store, cursor: Cursor) -> None:
    """Keep the record of an ended rollout. Written before its cursor ends, so perhaps twice, never not at all."""
    place = f"{cursor.stack}/history/{cursor.service}/{cursor.id}"
    known = store.load(place)
    store.save(place, record(cursor), known.version if known else None)


def record(cursor: Cursor) -> dict[str, Any]:
    """A rollout as its history tells it."""
    plain = as_json(cursor)
    return {
        **{k: plain[k] for k in _WHAT + _HOW},
        "outcome": cursor.outcome.value if cursor.outcome else "",
        "exit_code": cursor.outcome.exit_code if cursor.outcome else None,
        "weights": weights(cursor),
        "gates": [dict(entry) for entry in cursor.journal if "gate" in entry],
    }


def weights(cursor: Cursor) -> list[tuple[float, float]]:
    """The new side's share over time: one entry a change."""
    found: list[tuple[float, float]] = []
    for entry in cursor.journal:
        if not found or found[-1][1] != entry["percent"]:
            found.append((entry["at"], entry["percent"]))
    return found


def records(store: Store, stack: str, service: str | None = None) -> Iterator[Mapping[str, Any]]:
    """The records of a stack or of one service, newest first."""
    prefix = f"{stack}/history/{service}/" if service else f"{stack}/history/"
    for key in sorted(store.keys(prefix), key=lambda k: k.rpartition("/")[2], reverse=True):
        stored = store.load(key)
        if stored:
            yield stored.value


def failed_before(store: Store, stack: str, service: str, release: str) -> str:
    """Why the same release was rolled back when it was tried last; empty when it was not."""
    for found in records(store, stack, service):
        if found["release"]["hash"] == release:
            return str(found["why"]) if found["outcome"] == Outcome.ROLLED_BACK else ""
    return ""
