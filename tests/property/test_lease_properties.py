"""Two who want one stack, with clocks that differ, processes that die and a store that fails: never both at once.

What "at once" means is told by the fence. Whoever is let begin a step shows the fence that it holds: in the order in
which steps begin, fences never fall, and one fence is one holder's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from orchestrator import lease as leases
from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.errors import AwsError, Conflict, LockHeld
from orchestrator.core.store import Store, Stored
from orchestrator.lease import SKEW, TTL, Holder, Lease, LeaseLost
from orchestrator.stores.dynamodb import DynamoDbStore, make_table
from orchestrator.stores.file import FileStore
from orchestrator.stores.memory import MemoryStore
from tests.reconcile.fakes import Clock
from tests.world import REGION, world

OWNERS = tuple(Holder(owner=name, pid=1, place=f"the machine of {name}") for name in ("ada", "bob"))
WHO = st.sampled_from([0, 1])
TROUBLE = st.sampled_from(["", "", "", "lost", "refused", "died before", "died after"])


class Died(BaseException):
    """The process is gone."""


class Skewed:
    """Real time as a machine sees it whose clock is wrong."""

    def __init__(self, real: Clock, skew: float) -> None:
        self._real = real
        self._skew = skew

    def now(self) -> float:
        return self._real.now() + self._skew

    def sleep(self, seconds: float, wake: Any = None) -> None:
        self._real.sleep(seconds, wake)


class Troubled:
    """A store whose next calls go as they are told, one word a call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.trouble: list[str] = []

    def load(self, key: str) -> Stored | None:
        return self._done(lambda: self._store.load(key))

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        return self._done(lambda: self._store.save(key, value, expected))

    def keys(self, prefix: str) -> Iterator[str]:
        return self._store.keys(prefix)

    def _done(self, call: Callable[[], Any]) -> Any:
        word = self.trouble.pop(0) if self.trouble else ""
        if word == "died before":
            raise Died
        if word == "refused":
            raise AwsError("not now")
        answer = call()
        if word == "died after":
            raise Died
        if word == "lost":
            raise AwsError("cannot reach AWS")
        return answer


class TwoOwners(RuleBasedStateMachine):
    """Everything that two processes and a person with force can do to one lease."""

    make: ClassVar[Callable[[], Store]] = MemoryStore

    @initialize(skew=st.floats(0, SKEW), ahead=WHO)
    def begin(self, skew: float, ahead: int) -> None:
        self.real = Clock()
        self.clocks = [Skewed(self.real, skew if n == ahead else 0.0) for n in (0, 1)]
        self.store = type(self).make()
        self.stores = [Troubled(self.store) for _ in OWNERS]
        self.leases = [self.fresh(n) for n in (0, 1)]
        self.highest = 0
        self.begun: list[tuple[int, str]] = []
        self.forced = False

    def fresh(self, who: int) -> Lease:
        return Lease(self.stores[who], self.clocks[who], "forum", "apply", holder=OWNERS[who])

    def attempt(self, who: int, trouble: list[str], act: Callable[[], Any]) -> bool:
        """Whether it was done; a process that dies is started again, and knows nothing."""
        self.stores[who].trouble = trouble
        try:
            act()
        except (LeaseLost, LockHeld, AwsError, Conflict):
            return False
        except Died:
            self.leases[who] = self.fresh(who)
            return False
        finally:
            self.stores[who].trouble = []
        return True

    @rule(who=WHO, trouble=st.lists(TROUBLE, max_size=3))
    def acquire(self, who: int, trouble: list[str]) -> None:
        lease = self.leases[who]
        if lease.fence == 0 and self.attempt(who, trouble, lease.acquire):
            assert lease.fence > self.highest

    @rule(who=WHO, trouble=st.lists(TROUBLE, max_size=2))
    def renew(self, who: int, trouble: list[str]) -> None:
        self.attempt(who, trouble, self.leases[who].renew)

    @rule(who=WHO, trouble=st.lists(TROUBLE, max_size=2))
    def step(self, who: int, trouble: list[str]) -> None:
        lease = self.leases[who]
        if self.attempt(who, trouble, lease.assert_held):
            self.begun.append((lease.fence, lease._run))

    @rule(who=WHO, trouble=st.lists(TROUBLE, max_size=1))
    def give_back(self, who: int, trouble: list[str]) -> None:
        self.attempt(who, trouble, self.leases[who].release)

    @rule(who=WHO, force=st.booleans(), trouble=st.lists(TROUBLE, max_size=2))
    def take_away(self, who: int, force: bool, trouble: list[str]) -> None:
        self.forced |= force
        store, clock = self.stores[who], self.clocks[who]
        self.attempt(who, trouble, lambda: leases.release(store, clock, "forum", force=force, reason="gone"))

    @rule(seconds=st.sampled_from([1.0, TTL / 3, TTL - 1, TTL, TTL + SKEW - 1, TTL + SKEW, 2 * TTL]))
    def pass_time(self, seconds: float) -> None:
        self.real.sleep(seconds)

    @invariant()
    def steps_begin_in_the_order_of_fences_and_a_fence_is_one_holders(self) -> None:
        fences = [fence for fence, _ in self.begun]
        assert fences == sorted(fences)
        assert len(set(self.begun)) == len(set(fences))

    @invariant()
    def the_stored_fence_never_falls(self) -> None:
        stored = self.store.load("leases/forum")
        fence = stored.value["fence"] if stored else 0
        assert fence >= self.highest
        self.highest = fence

    @invariant()
    def by_their_own_clocks_at_most_one_thinks_it_is_the_holder(self) -> None:
        """Without force nobody has to ask the store to be right."""
        held = [(lease._held, clock.now()) for lease, clock in zip(self.leases, self.clocks, strict=True)]
        if not self.forced:
            assert sum(holding is not None and now < holding.until for holding, now in held) <= 1


def test_never_two_holders_and_the_fence_only_grows() -> None:
    run_state_machine_as_test(TwoOwners, settings=settings(max_examples=150, stateful_step_count=30, deadline=None))


def test_never_two_holders_over_files() -> None:
    with TemporaryDirectory() as root:
        run_state_machine_as_test(
            _over(lambda: FileStore(Path(root) / str(next(_numbers)))),
            settings=settings(max_examples=15, stateful_step_count=20, deadline=None),
        )


def test_never_two_holders_over_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    with world() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        door = Door(Access(region=REGION), aws.clock)

        def table() -> Store:
            name = f"locks-{next(_numbers)}"
            make_table(door, name)
            return DynamoDbStore(door, name, "ada")

        run_state_machine_as_test(
            _over(table),
            settings=settings(
                max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )


_numbers = iter(range(1, 1_000_000))


def _over(make: Callable[[], Store]) -> type[TwoOwners]:
    return type("TwoOwnersOverAStore", (TwoOwners,), {"make": staticmethod(make)})


@pytest.mark.parametrize("trouble", ["died before", "died after", "lost", "refused"])
def test_whichever_call_a_holder_ends_at_the_next_one_gets_it_with_a_higher_fence(trouble: str) -> None:
    """A whole life of a lease, ended at its first call, at its second, and so on."""
    calls, ended = 0, True
    while ended:
        clock, store = Clock(), MemoryStore()
        ada = Troubled(store)
        ada.trouble = [""] * calls + [trouble]
        lease = Lease(ada, clock, "forum", "apply", holder=OWNERS[0])
        with suppress(Died, AwsError):
            _live(lease, clock)
        ended, calls, ada.trouble = not ada.trouble, calls + 1, []
        stored = store.load("leases/forum")
        left = stored.value["fence"] if stored else 0
        clock.sleep(TTL + SKEW)
        bob = Lease(store, clock, "forum", "apply", holder=OWNERS[1])
        bob.acquire()
        assert bob.fence == left + 1
        with pytest.raises(LeaseLost):
            lease.assert_held()
    assert calls > 5


def _live(lease: Lease, clock: Clock) -> None:
    lease.acquire()
    for _ in range(3):
        lease.assert_held()
        clock.sleep(TTL / 2)
    lease.renew()
    lease.release()
