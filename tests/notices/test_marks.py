"""What was told already: one of many tells it, nobody waits for the store, and who needs none of it pays nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from orchestrator.core.clock import SystemClock
from orchestrator.core.store import Stored
from orchestrator.notices.channels import Channels
from orchestrator.notices.marks import Marks, Memory
from orchestrator.notices.notice import Lasting, Mark, Once
from orchestrator.notices.notices import Notices
from orchestrator.stores.memory import MemoryStore
from tests.notices.conftest import Receiver
from tests.notices.test_events import PLAN, STARTED, drift
from tests.plan.conftest import Load

ROLLOUT = Once(topic="rollouts/cart", about="7", word="rollout-started")
DRIFT = Lasting(topic="drift", now=frozenset({"a: update"}))


class Slow(MemoryStore):
    """A store in which all read before anybody writes."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self._all = threading.Barrier(many)
        self._first = threading.local()

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        if not getattr(self._first, "over", False):
            self._first.over = True
            self._all.wait(60)
        return super().save(key, value, expected)


@pytest.mark.parametrize("mark", [ROLLOUT, DRIFT])
def test_of_processes_that_see_the_same_at_once_one_tells_it(mark: Mark) -> None:
    many = 8
    store = Slow(many)
    with ThreadPoolExecutor(many) as pool:
        processes = [Marks("shop", lambda: store, Memory(), "here") for _ in range(many)]
        taken = list(pool.map(lambda marks: marks.take(mark), processes))
    assert sorted(map(len, taken)) == [0] * (many - 1) + [1]


def test_that_it_is_over_is_told_by_one_and_only_after_it_began() -> None:
    store, over = MemoryStore(), Lasting(topic="drift", now=frozenset())
    one, two = (Marks("shop", lambda: store, Memory(), "here") for _ in range(2))
    assert one.take(over) == frozenset()
    assert one.take(DRIFT) == {"a: update"}
    assert (two.take(over), one.take(over)) == ({"a: update"}, frozenset())


def test_whoever_tells_does_not_wait_for_a_store_that_hangs(load: Load, receivers: Callable[..., Receiver]) -> None:
    receiver, goes_on, store = receivers(), threading.Event(), MemoryStore()

    def opened() -> MemoryStore:
        goes_on.wait(60)
        return store

    channels = Channels({"TEAM": receiver.url, "COPY": receiver.url}, SystemClock(), str)
    Notices(load(PLAN), channels, opened)(STARTED)  # with the store waited for, this would not come back
    assert receiver.titles == []
    goes_on.set()
    channels.close(10)
    assert receiver.titles == ["shop cart: rollout started: 1 → 2"] * 2


def test_a_command_ends_though_the_store_hangs(load: Load, receivers: Callable[..., Receiver]) -> None:
    receiver, goes_on, said = receivers(), threading.Event(), list[str]()

    def opened() -> MemoryStore:
        goes_on.wait(60)
        return MemoryStore()

    channels = Channels({"TEAM": receiver.url, "COPY": receiver.url}, SystemClock(), said.append)
    Notices(load(PLAN), channels, opened)(STARTED)
    channels.close(0.02)
    goes_on.set()
    assert (receiver.titles, said) == ([], ["1 message not written in time: the store did not answer"])


def test_that_something_is_over_does_not_overtake_that_it_began_where_one_channel_is_dead(
    load: Load, receivers: Callable[..., Receiver]
) -> None:
    dead, well = receivers(hangs=True), receivers()
    routes = "routes: [{to: [team], on: [drift-found]}, {to: [copy], on: [drift-healed]}]"
    loaded = load(PLAN.replace("COPY}}", f"COPY}}, {routes}}}"))
    channels = Channels({"TEAM": dead.url, "COPY": well.url}, SystemClock(), str)
    store = MemoryStore()
    notices = Notices(loaded, channels, lambda: store)
    for event in (drift("a: update"), drift(), drift("a: update"), drift()):
        notices(event)
    while len(well.got) < 2:
        SystemClock().sleep(0.001)
    assert well.titles == ["shop: in sync again"] * 2
    dead.let_go.set()
    channels.close(10)
    assert dead.titles == ["shop: drift found: 1 thing differs from the plan"] * 2


def test_nothing_of_it_is_imported_by_a_command_whose_plan_names_nobody() -> None:
    code = (
        "import sys, orchestrator.cli.main, orchestrator.cli.session, orchestrator.plan.load.loader\n"
        "print([m for m in sys.modules if m.startswith(('apprise', 'requests', 'orchestrator.notices'))])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={})
    assert ran.stdout == "[]\n"
