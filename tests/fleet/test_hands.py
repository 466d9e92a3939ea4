"""Two workers that take turns at a stack: what one has seen the other knows, and neither does what it should not."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app import pausing
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, State
from orchestrator.core.store import Scoped, Store, Stored
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Result
from orchestrator.daemon.schedule import Again
from orchestrator.fleet.hands import Hands
from orchestrator.fleet.message import Message, Misshapen, digest
from orchestrator.fleet.report import Report, read
from orchestrator.plan.load.loader import load_plan
from orchestrator.stores.memory import MemoryStore
from tests.daemon.stage import BUCKET, Stage, stage

KEY = "shop.yaml"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        found.write(text=BUCKET)
        yield found


class Deaf(MemoryStore):
    """A store that can be read, and takes nothing."""

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        raise OrchestratorError("the table takes nothing")


@dc.dataclass
class Worker:
    """One, and what it says in its own log."""

    shop: Stage
    name: str
    store: Store | None = None

    def __post_init__(self) -> None:
        self.log: list[Event] = []
        store = self.store or self.shop.store
        means = self.shop.means(sink=self.log.append, stores=lambda _plan, _door: store, wall=SystemClock())
        self.hands = Hands(Plans(self.shop.plans), means, self.name)

    def does(self, tick: str, plan: str = "") -> Again | None:
        return self.hands(Message(key=KEY, plan=plan or _digest(self.shop), tick=tick))

    def said(self) -> list[str]:
        return [f"{e.subject}: {e.message}" for e in self.log]


def _digest(shop: Stage) -> str:
    return digest(load_plan(shop.plans / KEY))


def _report(shop: Stage) -> Report:
    return read(Scoped(shop.store, shop.system().reader.scope), "shop", KEY)


def test_what_one_worker_has_told_the_next_tells_no_more(shop: Stage) -> None:
    one, two = Worker(shop, "one"), Worker(shop, "two")
    assert one.does("1") is Again.LATER
    assert one.said() == ["shop: bucket/media: create (in the plan, not on AWS)"]
    assert two.does("2") is Again.LATER
    assert two.said() == []
    shop.write(text=BUCKET, mode="enforce")
    assert two.does("3") is Again.SOON
    assert one.does("4") is Again.LATER
    assert one.said()[1:] == ["shop: in sync"]
    told = _report(shop)
    assert [e.message for e in told.since(0) if e.action == "drift"][-1] == "in sync"
    assert (told.view.differences, told.working) == ((), None)


def test_a_report_that_another_release_has_written_is_written_anew(shop: Stage) -> None:
    Worker(shop, "one").does("1")
    scoped, place = Scoped(shop.store, shop.system().reader.scope), "shop/tick"
    stored = scoped.load(place)
    assert stored is not None
    scoped.save(place, {"view": "elsewhere", "told": "much"}, stored.version)
    assert Worker(shop, "two").does("2") is Again.LATER
    assert _report(shop).view.looked is not None


def test_a_worker_that_cannot_tell_the_daemon_says_so_once_in_its_own_log(shop: Stage) -> None:
    worker = Worker(shop, "one", store=Deaf())
    for tick in ("1", "2"):
        worker.does(tick)
    assert worker.said().count("shop: the daemon cannot be told of it: the table takes nothing") == 1


def test_how_a_tick_went_is_told_with_its_answer(shop: Stage) -> None:
    Worker(shop, "one").does("1")
    answer = _report(shop).answer("1")
    assert answer is not None
    assert [ticked.result for ticked in answer.ticked] == [Result.SUCCESS]
    assert {"ListBuckets"} <= {made.operation for made in answer.calls if made.times}


def test_a_message_that_comes_twice_is_done_once(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    assert Worker(shop, "one").does("1") is Again.SOON
    with shop.writes() as written:
        assert Worker(shop, "two").does("1") is None
    assert written == []


def test_a_worker_whose_plan_is_another_leaves_the_stack_alone_and_says_so(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    daemons = _digest(shop)
    shop.write(text=BUCKET.replace("versioning: true", "versioning: false"), mode="enforce")
    worker = Worker(shop, "one")
    with shop.writes() as written:
        assert worker.does("1", plan=daemons) is Again.AFTER_A_FAILURE
    assert written == []
    answer = _report(shop).answer("1")
    assert answer is not None
    assert [t.message for t in answer.troubles] == [
        "one has another plan of shop.yaml than the daemon: it leaves the stack alone"
    ]
    assert [e.state for e in worker.log] == [State.BLOCKED]


def test_a_file_that_has_changed_is_read_before_the_next_tick(shop: Stage) -> None:
    worker = Worker(shop, "one")
    worker.does("1")
    shop.write(text=BUCKET, mode="enforce")
    assert worker.does("2") is Again.SOON


def test_a_forged_message_can_only_name_a_stack_that_the_worker_knows(shop: Stage) -> None:
    worker = Worker(shop, "one")
    calls = len(shop.aws.sandbox.calls)
    for key in ("other.yaml", "../../etc/passwd", "shop"):
        assert worker.hands(Message(key=key, plan="0", tick="1")) is None
    assert len(shop.aws.sandbox.calls) == calls
    assert worker.said()[0] == "other.yaml: there is no such stack in the plans here"


@pytest.mark.parametrize(
    "told",
    [
        "shop.yaml",
        None,
        {"key": KEY},
        {"key": KEY, "plan": "0", "tick": "1", "run": "rm"},
        {"key": KEY, "plan": 1, "tick": "1"},
        {"key": KEY, "plan": "0", "tick": "1" * 501},
        {"key": KEY, "plan": "0", "tick": "1\n2"},
        {"key": "", "plan": "0", "tick": "1"},
    ],
)
def test_what_is_none_of_our_messages_is_refused(told: object) -> None:
    with pytest.raises(Misshapen):
        Message.of(told)


def test_a_message_is_read_as_it_was_written() -> None:
    message = Message(key=KEY, plan="0", tick="1")
    assert Message.of(message.as_json()) == message


def test_the_digest_is_of_what_the_plan_says_not_of_how_it_is_written(shop: Stage) -> None:
    before = _digest(shop)
    shop.write(text=f"# a comment\n{BUCKET}")
    assert _digest(shop) == before
    shop.write(text=BUCKET.replace("versioning: true", "versioning: false"))
    assert _digest(shop) != before


def test_a_paused_stack_is_seen_so_by_the_daemon_that_sent_it(shop: Stage) -> None:
    pausing.pause(shop.system(), pausing.Pause(by="ann", at=0.0, reason="a fair"))
    Worker(shop, "one").does("1")
    assert "a fair" in _report(shop).view.paused


def test_what_a_tick_ran_into_is_told_to_the_daemon_and_in_the_workers_own_log(shop: Stage) -> None:
    worker = Worker(shop, "one")
    shop.write(text=f"{BUCKET}account: '999999999999'\n")
    assert worker.does("1") is Again.AFTER_A_FAILURE
    assert any("999999999999" in line for line in worker.said())
