"""What whoever works on a stack tells the daemon about it: kept in the stack's store, since no broker carries it all.

It is one value a stack. What is seen and what has happened are written together, and the next worker begins with what
the one before has seen: so each change is told once, whoever notices it. Ticks that overlap all get their answers in.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orchestrator.core.errors import Conflict
from orchestrator.core.events import Event
from orchestrator.core.store import Store
from orchestrator.daemon.reconciler import Ticked
from orchestrator.daemon.schedule import Again
from orchestrator.daemon.views import StackView

_ANSWERS = 8
_EVENTS = 100
_TRIES = 10


@dc.dataclass(frozen=True, kw_only=True)
class Working:
    """That somebody was at a tick, and when last."""

    tick: str
    by: str
    at: float


@dc.dataclass(frozen=True, kw_only=True)
class Trouble:
    """What a tick ran into, and where that is: an account, the store, a stack."""

    where: str
    message: str
    hint: str = ""


@dc.dataclass(frozen=True, kw_only=True)
class Made:
    """How often an AWS call was made, with which result."""

    service: str
    operation: str
    result: str
    times: int


@dc.dataclass(frozen=True, kw_only=True)
class Answer:
    """How a tick ended."""

    tick: str
    again: Again
    troubles: tuple[Trouble, ...] = ()
    ticked: tuple[Ticked, ...] = ()
    calls: tuple[Made, ...] = ()


@dc.dataclass(frozen=True, kw_only=True)
class Report:
    """All that is told of a stack. ``told`` is how many events there ever were; ``events`` are the last of them."""

    view: StackView
    working: Working | None = None
    answers: tuple[Answer, ...] = ()
    events: tuple[Event, ...] = ()
    told: int = 0

    def answer(self, tick: str) -> Answer | None:
        """How a tick ended, if it did."""
        return next((answer for answer in self.answers if answer.tick == tick), None)

    def since(self, told: int) -> tuple[Event, ...]:
        """What happened after so many events, as far as it is still kept."""
        new = self.told - told if self.told >= told else self.told
        return self.events[-new:] if new else ()

    def with_events(self, events: tuple[Event, ...]) -> Report:
        """The same after more has happened."""
        return dc.replace(self, events=(*self.events, *events)[-_EVENTS:], told=self.told + len(events))

    def with_answer(self, answer: Answer) -> Report:
        """The same after a tick has ended."""
        working = None if self.working and self.working.tick == answer.tick else self.working
        return dc.replace(self, working=working, answers=(*self.answers, answer)[-_ANSWERS:])


_REPORT = TypeAdapter(Report)
_SCHEDULED = frozenset({"key", "stack", "region", "mode", "interval", "fault", "due", "ticks", "failures"})


def seen(view: StackView) -> dict[str, Any]:
    """What whoever works on a stack says of it; the rest is what the daemon says itself."""
    return {f.name: getattr(view, f.name) for f in dc.fields(view) if f.name not in _SCHEDULED}


def read(store: Store, stack: str, key: str) -> Report:
    """What has been told of a stack so far."""
    return _read(store, stack, key)[0]


def revise(store: Store, stack: str, key: str, change: Callable[[Report], Report]) -> None:
    """Tell more of it. ``change`` is asked again when somebody else has told something meanwhile."""
    for _ in range(_TRIES):
        report, version = _read(store, stack, key)
        value = _REPORT.dump_python(change(report), mode="json", fallback=str)
        try:
            store.save(_place(stack), value, version)
        except Conflict:
            continue
        return
    raise Conflict(f"too many tell of {stack} at once", hint="the next who tells of it tells all")


def _read(store: Store, stack: str, key: str) -> tuple[Report, int | None]:
    stored = store.load(_place(stack))
    if stored is None:
        return Report(view=StackView(key=key)), None
    try:
        return _REPORT.validate_python(dict(stored.value)), stored.version
    except ValidationError:  # another release's: the next tick tells all anew
        return Report(view=StackView(key=key)), stored.version


def _place(stack: str) -> str:
    return f"{stack}/tick"
