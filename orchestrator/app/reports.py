"""What daemons have found to differ from the plan, kept for whoever asks later, or elsewhere, without asking AWS.

A report is written when a look finds something else than the one before it: so there is one for when a difference
came, and one for when it was gone.
"""

from __future__ import annotations

import contextlib
import dataclasses as dc
from collections.abc import Iterable

from orchestrator.app.keeping import Difference
from orchestrator.aws.tags import fingerprint
from orchestrator.core.errors import Conflict
from orchestrator.core.store import Store, Stored

_KEPT = 50


@dc.dataclass(frozen=True, kw_only=True)
class Report:
    """What one look found, none for all as planned. ``at``: seconds since the epoch; ``by``: who looked."""

    at: float
    by: str
    differences: tuple[Difference, ...] = ()


def keep(store: Store, stack: str, found: Iterable[Difference], *, at: float, by: str) -> None:
    """Write a report, if the last one says something else. Two that write at once have seen the same."""
    stored = store.load(_key(stack))
    known, report = _parse(stored), Report(at=at, by=by, differences=tuple(found))
    if known and mark(known[0].differences) == mark(report.differences):
        return
    reports = [dc.asdict(each) for each in (report, *known)[:_KEPT]]
    with contextlib.suppress(Conflict):
        store.save(_key(stack), {"reports": reports}, stored.version if stored else None)


def mark(found: Iterable[Difference]) -> str:
    """The same for what is told in the same words, however often it was applied in vain."""
    return fingerprint(*sorted(str(difference) for difference in found))


def kept(store: Store, stack: str) -> tuple[Report, ...]:
    """The reports of a stack, the newest first, some fifty at most."""
    return _parse(store.load(_key(stack)))


def _parse(stored: Stored | None) -> tuple[Report, ...]:
    reports = stored.value["reports"] if stored else ()
    return tuple(
        Report(
            at=report["at"],
            by=report["by"],
            differences=tuple(Difference(**{**d, "lines": tuple(d["lines"])}) for d in report["differences"]),
        )
        for report in reports
    )


def _key(stack: str) -> str:
    return f"{stack}/drift"
