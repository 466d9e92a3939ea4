"""Channels: what arrives, in which order, how often it is tried, and that nobody waits for one that is dead."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from io import StringIO

import pytest

from orchestrator.core.clock import Clock, SystemClock
from orchestrator.notices.channel import TRIES, WAITING
from orchestrator.notices.channels import Channels
from orchestrator.notices.post import Undelivered, threaded
from orchestrator.notices.words import Message
from tests.notices.conftest import Receiver

Receivers = Callable[..., Receiver]


class Hurried:
    """Real time, in which pauses between tries are noted instead of waited for."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.paused: list[float] = []

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        if wake is None:
            self._clock.sleep(seconds)
        else:
            self.paused.append(seconds)


class Standing:
    """Time that passes only for whoever waits, and for him at once."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        self.at += seconds


def written(first: str, thread: str = "") -> Message:
    return Message(subject="shop cart", first=first, plain="why", markdown="`why`", kind="info", thread=thread)


def opened(clock: Clock, said: list[str], **environ: str) -> Channels:
    return Channels(environ, clock, said.append)


def put(channels: Channels, address: str, *firsts: str, name: str = "team") -> None:
    channel = channels.channel(name, address)
    assert channel is not None
    for first in firsts:
        channel.put(written(first))


def test_what_is_put_into_a_channel_arrives_in_order(receivers: Receivers) -> None:
    receiver, said = receivers(), list[str]()
    channels = opened(SystemClock(), said, TEAM=receiver.url)
    put(channels, "env:TEAM", "one", "two", "three")
    channels.close(10)
    assert (receiver.titles, said) == (["one", "two", "three"], [])
    assert receiver.got[0] == {"version": "1.0", "title": "one", "message": "why", "attachments": [], "type": "info"}


def test_what_a_receiver_refuses_is_tried_again_after_longer_and_longer_pauses(receivers: Receivers) -> None:
    receiver, said, clock = receivers(500, 503, 500), list[str](), Hurried()
    channels = opened(clock, said)
    put(channels, receiver.url, "one", "two")
    channels.close(10)
    assert (receiver.titles, receiver.asked, said) == (["one", "two"], 5, [])
    assert clock.paused == [1, 2, 4]


def test_a_receiver_that_goes_on_refusing_is_told_of_once_and_so_is_its_recovery(receivers: Receivers) -> None:
    receiver, said = receivers(*[500] * (2 * TRIES)), list[str]()
    channels = opened(Hurried(), said)
    put(channels, receiver.url, "one", "two", "three", "four")
    channels.close(10)
    assert receiver.titles == ["three", "four"]
    assert said == [
        "channel team: a message could not be delivered: it answered 500",
        "channel team: messages are delivered again",
    ]


def test_a_receiver_that_hangs_keeps_nobody_waiting_and_what_is_left_behind_is_said(receivers: Receivers) -> None:
    dead, well, said, clock = receivers(hangs=True), receivers(), list[str](), Standing()
    channels = opened(clock, said)
    put(channels, well.url, "one", name="ops")
    opened_well = channels.channel("ops", well.url)
    while opened_well and opened_well.left():
        SystemClock().sleep(0.001)  # the other channel is not held up: this ends while the dead one still hangs
    put(channels, dead.url, "one", "two", "three")
    assert clock.at == 0
    channels.close(5)
    assert (well.titles, dead.got, round(clock.at)) == (["one"], [], 5)
    assert said == ["channel team: 3 messages not delivered in time"]


def test_of_more_messages_than_there_is_room_for_the_newest_are_kept() -> None:
    begun, going, sent, said = threading.Event(), threading.Event(), list[str](), list[str]()

    def slowly(_url: str, message: Message) -> None:
        begun.set()
        going.wait(60)
        sent.append(message.first)

    channels = Channels({}, SystemClock(), said.append, post=slowly)
    put(channels, "json://127.0.0.1/", "first")
    begun.wait(60)
    put(channels, "json://127.0.0.1/", *map(str, range(WAITING + 20)))
    going.set()
    channels.close(10)
    assert sent[-WAITING:] == [str(n) for n in range(20, WAITING + 20)]
    why = f"more than {WAITING} messages wait, the oldest are dropped"
    assert said[0] == f"channel team: a message could not be delivered: {why}"


def test_a_variable_that_is_missing_is_said_once_and_the_other_channels_do_not_notice(receivers: Receivers) -> None:
    receiver, said = receivers(), list[str]()
    channels = opened(SystemClock(), said, TEAM=receiver.url, EMPTY=" ")
    for _ in range(3):
        assert channels.channel("ops", "env:OPS_MAIL") is None
        assert channels.channel("void", "env:EMPTY") is None
        put(channels, "env:TEAM", "told")
    channels.close(10)
    assert receiver.titles == ["told"] * 3
    assert said == [
        "channel ops: nothing can be sent: the environment variable OPS_MAIL is not set",
        "channel void: nothing can be sent: the environment variable EMPTY is not set",
    ]


@pytest.mark.parametrize(
    "address",
    [
        "slack://T1JJ3T3L2/hunter2hunter2",
        "nonsense-hunter2hunter2",
        "jsons://ann:hunter2hunter2@127.0.0.1:1/hunter2hunter2?token=hunter2hunter2",
    ],
)
def test_an_address_that_does_not_work_is_shown_nowhere(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    said = list[str]()
    channels = opened(Hurried(), said, TEAM=address)
    root, heard = logging.getLogger(), StringIO()  # caplog would listen to loggers that pass nothing on, too
    handler, level = logging.StreamHandler(heard), root.level
    root.addHandler(handler)
    root.setLevel(0)
    try:
        put(channels, "env:TEAM", "one")
        channels.close(20)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert len(said) == 1 and said[0].startswith("channel team: a message could not be delivered: it")
    assert "hunter2" not in "".join([*said, heard.getvalue(), *capfd.readouterr()])


def test_a_defect_while_a_message_is_written_costs_that_message_and_no_other(receivers: Receivers) -> None:
    receiver, said = receivers(), list[str]()
    channels = opened(SystemClock(), said)
    channels.later(lambda: put(channels, receiver.url, str(1 // 0)))
    channels.later(lambda: put(channels, receiver.url, "two"))
    channels.close(10)
    assert (receiver.titles, said) == (["two"], ["a message could not be written: ZeroDivisionError"])


def test_two_stacks_with_one_address_share_its_thread_and_its_limits(receivers: Receivers) -> None:
    receiver = receivers()
    channels = opened(SystemClock(), [], A=receiver.url, B=receiver.url)
    assert channels.channel("team", "env:A") is channels.channel("others", "env:B")


@pytest.mark.parametrize(
    ("address", "with_thread"),
    [
        ("gchat://space/key/token", "gchat://space/key/token?threadkey=shop%2Fcart%2F7"),
        ("gchat://space/key/token?threadkey=mine", "gchat://space/key/token?threadkey=mine"),
        ("pagerduty://key@api?region=eu", "pagerduty://key@api?region=eu&dedup=shop%2Fcart%2F7"),
        ("slack://a/b/c", "slack://a/b/c"),
        (
            "mailtos://u:p@example.com",
            "mailtos://u:p@example.com?+References=%3Cshop.cart.7%40orchestrator.invalid%3E"
            "&+In-Reply-To=%3Cshop.cart.7%40orchestrator.invalid%3E",
        ),
    ],
)
def test_the_messages_of_a_rollout_are_one_thread_where_a_service_takes_a_name_for_it(
    address: str, with_thread: str
) -> None:
    assert (threaded(address, "shop/cart/7"), threaded(address, "")) == (with_thread, address)


def test_apprise_puts_the_thread_where_mail_programs_and_services_look_for_it() -> None:
    import apprise

    mail = apprise.Apprise.instantiate(threaded("mailto://u:p@example.com?to=a@example.com", "shop/cart/7"))
    assert mail.headers == {  # type: ignore[union-attr]
        "References": "<shop.cart.7@orchestrator.invalid>",
        "In-Reply-To": "<shop.cart.7@orchestrator.invalid>",
    }
    chat = apprise.Apprise.instantiate(threaded("gchat://space/key/token", "shop/cart/7"))
    assert chat.thread_key == "shop/cart/7"  # type: ignore[union-attr]
    duty = apprise.Apprise.instantiate(threaded("pagerduty://integration@api", "shop/cart/7"))
    assert duty.dedup == "shop/cart/7"  # type: ignore[union-attr]


def test_an_attempt_that_fails_says_what_was_answered_and_nothing_else(receivers: Receivers) -> None:
    from orchestrator.notices.post import deliver

    with pytest.raises(Undelivered, match=r"^it answered 403$"):
        deliver(receivers(403).url, written("one"))
