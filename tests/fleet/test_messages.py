"""A daemon that only schedules: one message a stack at a time, and what it makes of answers, silence and outages."""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from orchestrator.app.doors import Doors
from orchestrator.app.keeping import Difference
from orchestrator.aws.door import Call
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, State
from orchestrator.core.store import Scoped, Stored
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Means, Result, Ticked
from orchestrator.daemon.schedule import Again
from orchestrator.fleet.message import Message
from orchestrator.fleet.messages import LOST, Messages
from orchestrator.fleet.report import Answer, Made, Report, Trouble, Working, revise
from orchestrator.stores.memory import MemoryStore
from tests.daemon.stage import BUCKET

PLACE = "123456789012.eu-west-1"
KEY = "shop.yaml"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        self.time += seconds


class Store(MemoryStore):
    """One that can be away."""

    away = False

    def load(self, key: str) -> Stored | None:
        if self.away:
            raise OrchestratorError("the table is away")
        return super().load(key)

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        if self.away:
            raise OrchestratorError("the table is away")
        return super().save(key, value, expected)


@dc.dataclass
class Office:
    """A daemon, its queue, and the broker and store between it and the workers, whom the test plays."""

    plans: Path
    clock: Clock = dc.field(default_factory=Clock)
    store: Store = dc.field(default_factory=Store)
    sent: list[Message] = dc.field(default_factory=list)
    events: list[Event] = dc.field(default_factory=list)
    ticked: list[Ticked] = dc.field(default_factory=list)
    broker_away: bool = False

    def __post_init__(self) -> None:
        (self.plans / KEY).write_text(BUCKET.replace("NAME", "shop").replace("MODE", "enforce"))
        self.open("one")

    def open(self, name: str) -> None:
        """Start a daemon, the first one or the next."""
        doors = Doors(self.clock, make=lambda _access, _clock: cast("Any", _Door()))
        self.means = Means(
            doors=doors,
            stores=lambda _plan, _door: self.store,
            clock=self.clock,
            wall=self.clock,
            stop=threading.Event(),
            sink=self.events.append,
            ticked=self.ticked.append,
        )
        self.queue = Messages(self.send, self.means, name)
        self.daemon = Daemon(Plans(self.plans), self.means, queue=self.queue)
        self.queue.attach(self.daemon)

    def send(self, message: Message, within: float) -> None:
        if self.broker_away:
            raise ConnectionError("redis://:hunter22@broker refused")
        self.sent.append(message)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.daemon.turn()
            self.queue.turn()
            self.clock.sleep(1.0)

    def first(self) -> Message:
        """The first message, which is due within half a minute."""
        self.run(31)
        (message,) = self.sent
        return message

    def tells(self, change: Any) -> None:
        """What a worker puts into the store."""
        revise(Scoped(self.store, PLACE), "shop", KEY, change)

    def works(self, message: Message) -> None:
        working = Working(tick=message.tick, by="worker", at=self.clock.now())
        self.tells(lambda told: dc.replace(told, working=working))

    def answers(self, message: Message, again: Again = Again.LATER, **told: Any) -> None:
        self.tells(lambda before: before.with_answer(Answer(tick=message.tick, again=again, **told)))

    def said(self, state: State) -> list[str]:
        return [f"{e.subject}: {e.message}" for e in self.events if e.action == "trouble" and e.state is state]


class _Door:
    calls: list[Call]

    def __init__(self) -> None:
        self.calls = []
        self.scope = PLACE

    def reader(self) -> _Door:
        return self


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    return Office(tmp_path)


def test_a_stack_is_sent_no_second_message_while_the_first_is_unanswered(office: Office) -> None:
    message = office.first()
    for _ in range(60):
        office.works(message)
        office.run(10)
    assert office.sent == [message]
    assert office.queue.busy() == {KEY}
    office.answers(message)
    office.run(70)
    assert len(office.sent) == 2
    assert office.sent[1].tick != message.tick


def test_a_message_names_a_stack_and_a_digest_of_its_plan_and_nothing_else(office: Office) -> None:
    told = office.first().as_json()
    assert set(told) == {"key", "plan", "tick"}
    assert told["key"] == KEY
    assert len(told["plan"]) == 16


def test_there_is_more_to_do_so_it_is_sent_again_at_once(office: Office) -> None:
    office.answers(office.first(), Again.SOON)
    office.run(4)
    assert len(office.sent) == 2


def test_who_has_begun_and_falls_silent_is_taken_for_dead(office: Office) -> None:
    message = office.first()
    office.works(message)
    office.run(LOST - 2)
    assert office.said(State.FAILED) == []
    office.run(30)
    assert office.said(State.FAILED) == [
        "shop.yaml: worker was at work on it, and has not been heard of for 60 s; it is sent to another"
    ]
    assert len(office.sent) == 2
    office.answers(office.sent[1])
    office.run(5)
    assert office.said(State.DONE) == ["shop.yaml: is well again"]


def test_when_nobody_begins_that_is_said_once_and_it_is_sent_again_after_its_interval(office: Office) -> None:
    office.first()
    office.run(500)
    assert [line.partition(";")[0] for line in office.said(State.FAILED)] == [
        "workers: no worker has begun what was sent"
    ]
    before = len(office.sent)
    assert 3 <= before <= 6
    while len(office.sent) == before:
        office.run(1)
    office.answers(office.sent[-1])
    office.run(5)
    assert office.said(State.DONE) == ["workers: is well again"]


def test_while_the_broker_is_away_the_daemon_says_so_once_and_goes_on_when_it_is_back(office: Office) -> None:
    office.broker_away = True
    office.run(300)
    assert len(office.said(State.FAILED)) == 1
    assert "the broker takes no messages" in office.said(State.FAILED)[0]
    assert "hunter22" not in office.said(State.FAILED)[0]
    office.broker_away = False
    office.run(2)
    assert len(office.sent) == 1
    assert office.said(State.DONE) == ["broker: is well again"]


def test_while_the_store_is_away_the_daemon_says_so_once_and_goes_on_when_it_is_back(office: Office) -> None:
    office.store.away = True
    office.run(300)
    assert [line.partition(";")[0] for line in office.said(State.FAILED)] == ["store: the table is away"]
    office.store.away = False
    office.run(7)
    assert len(office.sent) == 1
    assert office.said(State.DONE) == ["store: is well again"]


def test_a_daemon_that_is_started_again_waits_for_who_is_at_work_and_sends_nothing(office: Office) -> None:
    message = office.first()
    office.works(message)
    office.open("two")
    office.run(40)
    assert office.sent == [message]
    office.answers(message)
    office.run(70)
    assert len(office.sent) == 2


def test_a_daemon_that_is_started_again_does_not_wait_for_who_died_long_ago(office: Office) -> None:
    office.works(office.first())
    office.clock.sleep(1000)
    office.open("two")
    office.run(31)
    assert len(office.sent) == 2


def test_what_workers_see_and_tell_reaches_the_daemons_views_log_and_counts(office: Office) -> None:
    message = office.first()
    happened = Event(at=5.0, subject="bucket/media", action="create", state=State.DONE, details={"stack": "shop"})
    found = Difference(subject="bucket/media", action="create", lines=("in the plan",), mark="m", applied=1)
    ticked = Ticked(key=KEY, stack="shop", result=Result.SUCCESS, seconds=2.0)

    def tell(told: Report) -> Report:
        seen = dc.replace(told.view, differences=(found,), moving=("mailer",), looked=7.0, mode="never", ticks=99)
        return dc.replace(told, view=seen).with_events((happened,))

    office.tells(tell)
    office.run(5)
    office.answers(
        message, ticked=(ticked,), calls=(Made(service="s3", operation="ListBuckets", result="ok", times=3),)
    )
    office.run(10)
    view = office.daemon.views.view(KEY)
    assert (view.differences, view.moving, view.looked) == ((found,), ("mailer",), 7.0)
    assert (view.mode, view.ticks) == ("enforce", 1), "what is the daemon's own to say"
    assert office.events.count(happened) == 1
    assert office.ticked == [ticked]
    assert office.daemon.calls[Call("s3", "ListBuckets", "ok")] == 3


def test_what_a_tick_ran_into_is_told_by_where_it_is_and_over_with_the_next_good_one(office: Office) -> None:
    office.answers(office.first(), Again.AFTER_A_FAILURE, troubles=(Trouble(where="AWS", message="cannot be reached"),))
    office.run(20)
    assert office.said(State.FAILED) == ["AWS: cannot be reached"]
    office.answers(office.sent[-1])
    office.run(5)
    assert office.said(State.DONE) == ["AWS: is well again"]


def test_a_closed_queue_takes_nothing_and_does_not_wait_for_workers(office: Office) -> None:
    office.works(office.first())
    office.run(5)
    office.queue.close()
    assert not office.queue.put("other")
    assert office.queue.busy() == frozenset()
