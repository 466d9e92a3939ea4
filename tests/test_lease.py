"""Who may change a stack, and when somebody else may."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator import lease as leases
from orchestrator.core.errors import AwsError, Conflict, LockHeld
from orchestrator.core.store import Stored
from orchestrator.lease import Holder, Lease, LeaseLost, acquire
from orchestrator.stores.memory import MemoryStore
from tests.reconcile.fakes import Clock

ADA = Holder(owner="ada@ci-1:77", pid=77, place="elsewhere")
BOB = Holder(owner="bob@ci-2:78", pid=78, place="elsewhere too")


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore()

    def lease(self, holder: Holder = ADA, doing: str = "apply plans/forum.yaml") -> Lease:
        return Lease(self.store, self.clock, "forum", doing, holder=holder)

    def taken(self, holder: Holder = ADA) -> Lease:
        lease = self.lease(holder)
        lease.acquire()
        return lease


@pytest.fixture
def world() -> World:
    return World()


def taken_away(world: World, reason: str) -> bool:
    """Bob takes it from whoever has it."""
    return leases.release(world.store, world.clock, "forum", force=True, reason=reason, by=BOB.owner)


def test_a_held_stack_says_by_whom_since_when_doing_what_and_how_to_free_it(world: World) -> None:
    world.taken()
    with pytest.raises(LockHeld) as held:
        world.lease(BOB).acquire()
    assert held.value.message == "forum is held by ada@ci-1:77 since 1970-01-12T13:46:40Z: apply plans/forum.yaml"
    assert "orchestrator lock release forum" in held.value.hint
    assert held.value.exit_code == 15


def test_a_stack_given_back_is_free_at_once(world: World) -> None:
    world.taken().release()
    world.taken(BOB).assert_held()


def test_the_fence_only_grows(world: World) -> None:
    fences = []
    for holder in (ADA, BOB, ADA):
        lease = world.taken(holder)
        fences.append(lease.fence)
        lease.release()
        assert lease.fence == 0
    assert fences == [1, 2, 3]


def test_a_lease_that_ran_out_is_taken_only_after_a_margin_for_clocks_that_differ(world: World) -> None:
    world.taken()
    world.clock.sleep(89)
    with pytest.raises(LockHeld):
        world.lease(BOB).acquire()
    world.clock.sleep(1)
    assert world.taken(BOB).fence == 2


def test_who_lost_it_stops_before_the_next_write_and_knows_to_whom(world: World) -> None:
    ada = world.taken()
    world.clock.sleep(100)
    world.taken(BOB)
    with pytest.raises(LeaseLost, match=r"no longer ours to change: bob@ci-2:78 has it now"):
        ada.assert_held()
    with pytest.raises(LeaseLost):
        ada.renew()


def test_who_could_not_renew_it_stops_even_though_nobody_took_it(world: World) -> None:
    ada = world.taken()
    world.clock.sleep(60)
    with pytest.raises(LeaseLost, match="ran out"):
        ada.assert_held()


def test_asking_renews_it_in_time(world: World) -> None:
    ada = world.taken()
    for _ in range(20):
        world.clock.sleep(25)
        ada.assert_held()
    with pytest.raises(LockHeld):
        world.lease(BOB).acquire()


def test_a_lease_taken_away_by_force_is_noticed_before_the_next_step_with_who_took_it_and_why(world: World) -> None:
    ada = world.taken()
    ada.assert_held()
    assert taken_away(world, "the runner was deleted")
    with pytest.raises(LeaseLost, match="bob@ci-2:78 took it away: the runner was deleted"):
        ada.assert_held()


def test_the_fence_grows_when_a_lease_is_taken_away_and_once_more_for_its_next_holder(world: World) -> None:
    ada = world.taken()
    taken_away(world, "the runner was deleted")
    [stored] = [world.store.load(key) for key in world.store.keys("leases/")]
    assert stored is not None
    assert stored.value["fence"] == ada.fence + 1
    assert world.taken(BOB).fence == ada.fence + 2


def test_what_was_taken_away_is_told_whoever_has_held_it_since(world: World) -> None:
    world.taken()
    taken_away(world, "the runner was deleted")
    world.taken(BOB).release()
    world.taken(ADA)
    world.clock.sleep(7)
    taken_away(world, "once more")
    told = [(t.at, t.by, t.reason, t.owner, t.fence) for t in leases.takings(world.store, "forum")]
    now = world.clock.now()
    assert told == [
        (now, BOB.owner, "once more", ADA.owner, 4),
        (now - 7, BOB.owner, "the runner was deleted", ADA.owner, 1),
    ]
    assert leases.takings(world.store, "shop") == ()


def test_the_last_twenty_takings_are_remembered(world: World) -> None:
    for n in range(25):
        world.taken()
        taken_away(world, f"reason {n}")
    told = [t.reason for t in leases.takings(world.store, "forum")]
    assert told == [f"reason {n}" for n in range(24, 4, -1)]


def test_a_lease_that_is_renewed_meanwhile_is_taken_away_all_the_same(world: World) -> None:
    ada = world.lease()

    class Busy(MemoryStore):
        renewed = False

        def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
            if value["takings"] and not self.renewed:
                self.renewed = True
                ada.renew()
            return super().save(key, value, expected)

    ada._store = world.store = Busy()
    ada.acquire()
    assert taken_away(world, "the runner was deleted")
    with pytest.raises(LeaseLost):
        ada.assert_held()


def test_every_step_asks_the_store_and_steps_that_ask_at_once_ask_together(world: World) -> None:
    """A machine that has slept does not know it by its own clock, which slept, too."""
    asked, answer, inside = [], threading.Event(), threading.Event()

    class Slow(MemoryStore):
        def load(self, key: str) -> Stored | None:
            asked.append(key)
            inside.set()
            answer.wait(30)
            return super().load(key)

    world.store = Slow()
    answer.set()
    ada = world.taken()
    asked.clear()
    for _ in range(3):
        ada.assert_held()
    assert len(asked) == 3

    answer.clear()
    inside.clear()
    first = threading.Thread(target=ada.assert_held)
    first.start()
    assert inside.wait(30)
    rest = [threading.Thread(target=ada.assert_held) for _ in range(5)]
    for thread in rest:
        thread.start()
    answer.set()
    for thread in (first, *rest):
        thread.join()
    assert 4 < len(asked) <= 9


def test_a_step_is_not_begun_on_an_answer_from_before_it_was_asked_for(world: World) -> None:
    ada = world.lease()

    class Overtaking(MemoryStore):
        """Between the answer and its arrival the lease is taken away, and a second step asks."""

        second: threading.Thread | None = None
        lost = threading.Event()

        def load(self, key: str) -> Stored | None:
            found = super().load(key)
            if self.second is None and ada.fence:
                self.second = threading.Thread(target=self._step)
                taken_away(world, "the runner was deleted")
                self.second.start()
            return found

        def _step(self) -> None:
            try:
                ada.assert_held()
            except LeaseLost:
                self.lost.set()

    ada._store = world.store = store = Overtaking()
    ada.acquire()
    ada.assert_held()
    assert store.second is not None
    store.second.join()
    assert store.lost.is_set()


def test_a_store_that_is_away_stops_the_next_step_and_the_end_of_the_work_is_no_error(world: World) -> None:
    class Away(MemoryStore):
        gone = False

        def load(self, key: str) -> Stored | None:
            self._there()
            return super().load(key)

        def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
            self._there()
            return super().save(key, value, expected)

        def _there(self) -> None:
            if self.gone:
                raise AwsError("cannot reach AWS")

    world.store = store = Away()
    with acquire(store, world.clock, "forum", doing="apply", heartbeat=False) as lease:
        store.gone = True
        with pytest.raises(AwsError):
            lease.assert_held()
    store.gone = False
    world.clock.sleep(90)
    assert world.taken(BOB).fence == 2


def test_giving_back_what_was_lost_does_not_free_it_for_its_new_holder(world: World) -> None:
    ada = world.taken()
    world.clock.sleep(100)
    bob = world.taken(BOB)
    ada.release()
    bob.renew()
    bob.assert_held()


def test_a_dead_process_of_this_machine_holds_nothing(world: World) -> None:
    here = Holder.here()
    dead = Holder(owner="ada@here:1", pid=_a_dead_pid(), place=here.place)
    world.taken(dead)
    assert leases.held(world.store, world.clock) == []
    assert world.taken(here).fence == 2


def test_a_process_number_of_another_machine_says_nothing(world: World) -> None:
    world.taken(Holder(owner="ada@there:1", pid=_a_dead_pid(), place="another boot"))
    with pytest.raises(LockHeld):
        world.lease(Holder.here()).acquire()


def test_all_holders_are_listed_with_what_they_do(world: World) -> None:
    world.taken()
    Lease(world.store, world.clock, "shop", "deploy", holder=BOB).acquire()
    Lease(world.store, world.clock, "done", "deploy", holder=BOB).acquire()
    leases.release(world.store, world.clock, "done", force=True)
    listed = [(h.stack, h.owner, h.doing, h.since) for h in leases.held(world.store, world.clock)]
    now = world.clock.now()
    assert listed == [("forum", ADA.owner, "apply plans/forum.yaml", now), ("shop", BOB.owner, "deploy", now)]


def test_a_lease_that_may_be_alive_is_not_released_without_force(world: World) -> None:
    world.taken()
    with pytest.raises(LockHeld):
        leases.release(world.store, world.clock, "forum")
    world.clock.sleep(90)
    assert leases.release(world.store, world.clock, "forum")
    assert not leases.release(world.store, world.clock, "forum")


def test_of_two_who_want_it_at_once_one_gets_it(world: World) -> None:
    got: list[str] = []
    start = threading.Barrier(4)

    def want(name: str) -> None:
        lease = world.lease(Holder(owner=name, pid=1, place=name))
        start.wait()
        try:
            lease.acquire()
        except LockHeld:
            return
        got.append(name)

    threads = [threading.Thread(target=want, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_an_acquisition_whose_reply_was_lost_is_recognised_as_ours(world: World) -> None:
    class Lossy(MemoryStore):
        def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
            stored = super().save(key, value, expected)
            if stored.version == 1:
                raise Conflict("what a store says when its first try got through and its second did not")
            return stored

    world.store = Lossy()
    assert world.taken().fence == 2


def test_it_is_renewed_by_itself_while_the_work_takes_its_time() -> None:
    beats = threading.Semaphore(0)

    class Ticking(Clock):
        """Sleeps end when the test lets them."""

        def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
            beats.acquire()
            super().sleep(seconds, wake)

    renewed = threading.Event()

    class Watched(MemoryStore):
        def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
            stored = super().save(key, value, expected)
            if stored.version == 3:
                renewed.set()
            return stored

    clock = Ticking()
    with acquire(Watched(), clock, "forum", doing="apply", owner="ada") as lease:
        began = clock.now()
        beats.release(2)
        assert renewed.wait(30)
        lease.assert_held()
        assert clock.now() - began == 40
        beats.release(100)


def test_it_is_given_back_when_the_work_fails(world: World) -> None:
    with pytest.raises(KeyError), acquire(world.store, world.clock, "forum", doing="apply", heartbeat=False):
        raise KeyError("boom")
    assert leases.held(world.store, world.clock) == []


def _a_dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()
    return child.pid
