"""Two who want one stack, with clocks that differ, processes that die and a store that fails: never both at once.

What "at once" means is told by the fence. Whoever is let begin a step shows the fence that it holds: in the order in
which steps begin, fences never fall, and one fence is one holder's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


class Two:
    """Ada and Bob, what they and time do, and what has to be true after each of it."""

    def __init__(self, store: Store, skews: tuple[float, float]) -> None:
        self.real = Clock()
        self.clocks = [Skewed(self.real, skew) for skew in skews]
        self.store = store
        self.stores = [Troubled(store) for _ in OWNERS]
        self.leases = [self._fresh(n) for n in (0, 1)]
        self.highest = 0
        self.begun: list[tuple[int, str]] = []
        self.forced = False

    def _fresh(self, who: int) -> Lease:
        return Lease(self.stores[who], self.clocks[who], "forum", "apply", holder=OWNERS[who])

    def turn(self, who: int, act: str, trouble: list[str]) -> None:
        """Something is done; a process that dies is started again, and knows nothing."""
        self.stores[who].trouble = trouble
        try:
            getattr(self, act)(who)
        except (LeaseLost, LockHeld, AwsError, Conflict):
            pass
        except Died:
            self.leases[who] = self._fresh(who)
        self.stores[who].trouble = []
        self.check()

    def pass_time(self, seconds: float) -> None:
        self.real.sleep(seconds)
        self.check()

    def work(self, who: int) -> None:
        """Begin a step, with a lease that is taken first where there is none."""
        lease = self.leases[who]
        if lease.fence == 0:
            lease.acquire()
            assert lease.fence > self.highest
        else:
            lease.assert_held()
        self.begun.append((lease.fence, lease._run))

    def renew(self, who: int) -> None:
        self.leases[who].renew()

    def give_back(self, who: int) -> None:
        self.leases[who].release()

    def die(self, _: int) -> None:
        raise Died

    def tidy_up(self, who: int) -> None:
        leases.release(self.stores[who], self.clocks[who], "forum")

    def take_away(self, who: int) -> None:
        self.forced = True
        leases.release(self.stores[who], self.clocks[who], "forum", force=True, reason="gone")

    def check(self) -> None:
        fences = [fence for fence, _ in self.begun]
        assert fences == sorted(fences), "a step began under a fence that somebody else had already passed"
        assert len(set(self.begun)) == len(set(fences)), "two held the same fence"
        stored = self.store.load("leases/forum")
        fence = stored.value["fence"] if stored else 0
        assert fence >= self.highest
        self.highest = fence
        if not self.forced:  # then nobody has to ask the store to be right
            held = [(lease._held, clock.now()) for lease, clock in zip(self.leases, self.clocks, strict=True)]
            assert sum(holding is not None and now < holding.until for holding, now in held) <= 1


SKEWS = ((0.0, 0.0), (SKEW, 0.0), (0.0, SKEW))
SIMPLE: tuple[tuple[Any, ...], ...] = (
    (0, "work"),
    (1, "work"),
    (0, "die"),
    (0, "give_back"),
    (1, "take_away"),
    (TTL - 1,),
    (SKEW + 1,),
)


def test_in_every_history_of_four_turns_there_are_never_two_holders_and_the_fence_only_grows() -> None:
    for skews, history in product(SKEWS, product(SIMPLE, repeat=4)):
        two = Two(MemoryStore(), skews)
        for turn in history:
            if len(turn) == 1:
                two.pass_time(*turn)
            else:
                two.turn(*turn, [])


WORDS = st.lists(st.sampled_from([*[""] * 8, "lost", "refused", "died before", "died after"]), max_size=3)
ACTS = st.sampled_from(["work", "work", "work", "renew", "give_back", "tidy_up", "take_away"])
LATER = st.sampled_from([0.0, 0.0, 0.0, 1.0, TTL / 3, TTL - 1, TTL, TTL + SKEW - 1, TTL + SKEW])
STORY = st.lists(st.tuples(LATER, st.integers(0, 1), ACTS, WORDS), min_size=4, max_size=25)


def _tell(two: Two, story: list[tuple[float, int, str, list[str]]]) -> None:
    for later, who, act, trouble in story:
        two.pass_time(later)
        two.turn(who, act, list(trouble))


@settings(max_examples=300, deadline=None)
@given(story=STORY, skews=st.sampled_from(SKEWS))
def test_never_two_holders_whatever_becomes_of_processes_and_calls(story: Any, skews: tuple[float, float]) -> None:
    _tell(Two(MemoryStore(), skews), story)


@settings(max_examples=15, deadline=None)
@given(story=STORY, skews=st.sampled_from(SKEWS))
def test_never_two_holders_over_files(story: Any, skews: tuple[float, float]) -> None:
    with TemporaryDirectory() as root:
        _tell(Two(FileStore(Path(root)), skews), story)


def test_never_two_holders_over_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    with world() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        door = Door(Access(region=REGION), aws.clock)

        @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
        @given(story=STORY, skews=st.sampled_from(SKEWS))
        def told(story: Any, skews: tuple[float, float]) -> None:
            name = f"locks-{next(numbers)}"
            make_table(door, name)
            _tell(Two(DynamoDbStore(door, name, "ada"), skews), story)

        numbers = count()
        told()


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
