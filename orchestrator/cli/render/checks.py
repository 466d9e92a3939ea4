"""Results of ``verify``: one line a check, and what to do about the bad ones."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.core.events import Event, State

if TYPE_CHECKING:
    from orchestrator.app.verification import Check
    from orchestrator.cli.session import Session


def show(session: Session, checks: Sequence[Check]) -> int:
    """Print them; 0 when all are good, else 1."""
    for check in checks:
        if session.junit:
            state = State.DONE if check.good else State.FAILED
            session.junit(
                Event(at=session.clock.now(), subject=check.name, action="verify", state=state, message=check.detail)
            )
        if session.json:
            session.json.result("check", dc.asdict(check))
            continue
        mark = ("✓ ", "green") if check.good else ("✗ ", "bold red")
        session.say(mark, (check.name, "bold"), f": {check.detail}")
        if not check.good and check.hint:
            session.say(f"    {check.hint}")
    if session.junit:
        session.junit.write()
    bad = sum(1 for check in checks if not check.good)
    session.say(f"{len(checks)} checks, {bad} bad" if bad else f"{len(checks)} checks, all good")
    return 1 if bad else 0
