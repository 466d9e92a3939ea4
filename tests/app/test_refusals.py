"""What AWS keeps undoing is written three times, then only reported; what lasts is forgotten."""

from __future__ import annotations

from orchestrator.app.refusals import described, note, without_refused
from orchestrator.core.address import Address
from orchestrator.reconcile.steps import Action, Change, Plan, Step
from orchestrator.stores.memory import MemoryStore


def step(new: str = "on") -> Step:
    return Step("vpc/main", Action.UPDATE, Address("vpc", "main"), changes=(Change("dns_hostnames", "off", new),))


def apply_once(store: MemoryStore, wanted: Step, *, lasts: bool = False) -> tuple[Step, ...]:
    """What is refused by now; what is written beside that lasts, or is back at once."""
    plan, refused = without_refused(store, "forum", Plan((wanted,)))
    note(store, "forum", () if lasts else plan.changes, refused)
    return refused


def test_a_difference_that_survives_three_applies_is_reported_and_no_longer_acted_on() -> None:
    store = MemoryStore()
    assert [bool(apply_once(store, step())) for _ in range(3)] == [False, False, False]
    plan, refused = without_refused(store, "forum", Plan((step(),)))
    assert plan.empty
    assert apply_once(store, step())
    assert apply_once(store, step()), "it stays so, however often something else is applied"
    assert described(refused) == ["vpc/main: dns_hostnames set 3 times and undone each time"]


def test_another_difference_of_the_same_resource_starts_from_the_beginning() -> None:
    store = MemoryStore()
    for _ in range(3):
        apply_once(store, step())
    assert apply_once(store, step("maybe")) == ()


def test_what_lasted_once_is_forgotten() -> None:
    store = MemoryStore()
    for _ in range(2):
        apply_once(store, step())
    apply_once(store, step(), lasts=True)
    assert [bool(apply_once(store, step())) for _ in range(3)] == [False, False, False]


def test_what_a_look_does_not_find_any_more_is_forgotten() -> None:
    store = MemoryStore()
    for _ in range(5):
        assert apply_once(store, step()) == ()
        assert without_refused(store, "forum", Plan())[1] == ()
