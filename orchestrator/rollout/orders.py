"""What a person may tell a rollout while it is under way, left in the store for whoever drives it.

An order is for one rollout, by its id: one that comes too late is for nobody, and never meets the next rollout.
"""

from __future__ import annotations

import dataclasses as dc
import enum

from orchestrator.core.errors import Refused
from orchestrator.core.store import Store
from orchestrator.rollout import machine
from orchestrator.rollout.stages.traffic import Approve
from orchestrator.rollout.state import Cursor, Phase, from_json, key


class Word(enum.StrEnum):
    """What is ordered."""

    PROMOTE = "promote"
    """Go on: what waits for approval is approved, what is being watched has been watched for long enough."""
    PROMOTE_FULLY = "promote fully"
    """Give the new side everything as soon as it is fit for it, and watch no longer."""
    ABORT = "abort"
    """Go back."""


@dc.dataclass(frozen=True, kw_only=True)
class Order:
    """One order, by whom and why."""

    word: Word
    rollout: str
    by: str
    at: float
    reason: str = ""

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.word.value} by {self.by}{why}"


def place(stack: str, service: str) -> str:
    """Where an order to a service's rollout is left."""
    return f"{stack}/orders/{service}"


def give(store: Store, stack: str, service: str, word: Word, *, by: str, at: float, reason: str = "") -> Cursor:
    """Leave an order for the rollout under way; the rollout it is for. Raises ``Refused`` when it makes no sense."""
    stored = store.load(key(stack, service))
    cursor = from_json(stored.value) if stored else None
    if cursor is None or cursor.phase is Phase.ENDED:
        raise Refused(f"{service} is not being rolled out", hint="`history` tells what became of its last rollout")
    if cursor.phase is not Phase.FORWARD:
        raise Refused(f"{service} is on its way back already: {cursor.why}")
    if word is Word.PROMOTE_FULLY and not reason:
        raise Refused("leaving out what a strategy watches needs a reason", hint="say it with --reason")
    order = Order(word=word, rollout=cursor.id, by=by, at=at, reason=reason)
    known = store.load(place(stack, service))
    store.save(place(stack, service), dc.asdict(order), known.version if known else None)
    return cursor


def waiting(store: Store, cursor: Cursor) -> Order | None:
    """The order that was left for a rollout and has not been carried out."""
    stored = store.load(place(cursor.stack, cursor.service))
    if stored is None or stored.value["rollout"] != cursor.id or stored.value["at"] <= cursor.ordered:
        return None
    return Order(**{**stored.value, "word": Word(stored.value["word"])})


def carry_out(cursor: Cursor, order: Order, now: float) -> Cursor:
    """The cursor as ordered. An order is carried out once; where it makes no sense any more it is only noted."""
    noted = dc.replace(machine.note_down(cursor, now, str(order)), ordered=order.at)
    if noted.phase is not Phase.FORWARD:
        return noted
    if order.word is Word.ABORT:
        return machine.turn_back(noted, str(order), now)
    if order.word is Word.PROMOTE_FULLY:
        return machine.hurry(noted, now)
    return _promoted(noted, now)


def _promoted(cursor: Cursor, now: float) -> Cursor:
    stage = cursor.stage
    if stage is None:
        return cursor
    if stage.name == Approve.name:
        facts = dc.replace(cursor.facts, approved=True)
        return dc.replace(cursor, facts=facts, deadline=cursor.deadline + now - cursor.since)
    return machine.skip(cursor, now) if machine.watches(stage) else cursor
