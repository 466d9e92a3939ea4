"""What is wrong is told once, by however many stacks it is met."""

from __future__ import annotations

from orchestrator.core.clock import SystemClock
from orchestrator.core.events import Event
from orchestrator.daemon.troubles import Troubles


def test_an_outage_met_by_every_stack_at_every_tick_is_told_once_and_its_end_once() -> None:
    events: list[Event] = []
    troubles = Troubles(events.append, SystemClock())
    for _ in range(3):
        for stack in range(50):
            troubles.met("AWS eu-west-1", str(stack), "cannot reach AWS")
    for stack in range(50):
        assert [e.message for e in events] == ["cannot reach AWS"]
        troubles.over(str(stack))
    assert [e.message for e in events] == ["cannot reach AWS", "is well again"]
    assert troubles.now() == {}


def test_what_one_stack_is_over_another_may_still_be_in() -> None:
    events: list[Event] = []
    troubles = Troubles(events.append, SystemClock())
    troubles.met("store", "a", "full", "make room")
    troubles.met("store", "b", "full", "make room")
    troubles.over("a")
    assert ([e.message for e in events], troubles.now()) == (["full; make room"], {"store": 1})
