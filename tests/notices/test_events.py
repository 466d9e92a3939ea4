"""Every event, as the engines and the daemon tell it, arrives at a webhook: once, and in which words."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from orchestrator.app.ending import Ending, Outcome, ServiceEnding
from orchestrator.core.address import Address
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import AwsError
from orchestrator.core.events import Event, State
from orchestrator.core.store import Store, Stored
from orchestrator.notices.channels import Channels
from orchestrator.notices.notice import SEVERITIES
from orchestrator.notices.notices import Notices
from orchestrator.notices.words import harmless
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.reconcile.report import Outcome as StepOutcome
from orchestrator.reconcile.report import Report, Result
from orchestrator.reconcile.steps import Action, Step
from orchestrator.stores.memory import MemoryStore
from tests.notices.conftest import Receiver
from tests.plan.conftest import SMALL, Load

PLAN = SMALL + "notifications: {channels: {team: env:TEAM, copy: env:COPY}}\n"
RELEASE = {"image": "2@sha256:9f2c", "image_before": "1@sha256:77aa", "hash": "abc"}


def rollout(state: State, message: str, **details: Any) -> Event:
    told = {"id": "20261121T0614Z-abc", "phase": "forward", "strategy": "canary", "at": 3, "percent": 10.0}
    told |= {"outcome": None, "release": RELEASE, **details}
    return Event(at=0, subject="cart", action="roll out", state=state, message=message, details=told)


def drift(*now: str, left_alone: tuple[str, ...] = ()) -> Event:
    told = {"now": [*now, *left_alone], "left_alone": list(left_alone)}
    return Event(at=0, subject="shop", action="drift", state=State.NOTE, details=told)


def trouble(where: str, message: str = "") -> Event:
    state = State.FAILED if message else State.DONE
    return Event(at=0, subject=where, action="trouble", state=state, message=message or "is well")


def lock(said: str, *, gone: bool = False, fence: int = 7) -> Event:
    return Event(
        at=0, subject="shop", action="lock", state=State.BLOCKED, message=said, details={"fence": fence, "gone": gone}
    )


STARTED = rollout(State.STARTED, "canary: 1 → 2")
PAUSED = rollout(
    State.WAITING,
    "paused for approval: waits for approval at 10 %",
    outcome="paused for approval",
    events=["(service cart-blue) has reached a steady state."],
    readings=[{"gate": "errors", "stage": "bake", "judgement": "pass", "note": "0.1 % of 412 requests", "at": 0}],
)
SUCCEEDED = rollout(State.DONE, "succeeded", outcome="succeeded", phase="ended", percent=100.0)
ROLLED_BACK = rollout(
    State.FAILED,
    "rolled back: errors: 7.3 % of 412 requests, at most 1 %",
    outcome="rolled back",
    phase="ended",
    gates=["errors: 7.3 % of 412 requests, at most 1 %"],
    stopped=["task 1a2b: Essential container in task exited: exit code 137"],
    logs=["DATABASE_URL=postgres://cart:hunter2hunter2@db/cart"],
)


@dc.dataclass
class Desk:
    """A stack whose people have a receiver each."""

    loaded: LoadedPlan
    team: Receiver
    copy: Receiver
    store: Store = dc.field(default_factory=MemoryStore)
    said: list[str] = dc.field(default_factory=list)

    def channels(self) -> Channels:
        """Those of one process."""
        return Channels({"TEAM": self.team.url, "COPY": self.copy.url}, SystemClock(), self.said.append)

    def tell(self, *events: Event, ending: Ending | None = None, channels: Channels | None = None) -> list[str]:
        """What one run tells; the first lines that arrived from it."""
        before, opened = len(self.team.got), channels or self.channels()
        notices = Notices(self.loaded, opened, lambda: self.store)
        for event in events:
            notices(event)
        if ending:
            notices.ended(ending, "apply", "orchestrator apply PLAN")
        while opened.left():
            SystemClock().sleep(0.001)
        return self.team.titles[before:]


@pytest.fixture
def desk(load: Load, receivers: Callable[..., Receiver]) -> Iterator[Desk]:
    found = Desk(load(PLAN), receivers(), receivers())
    yield found
    assert found.copy.got == found.team.got  # two channels are told the same
    assert found.said == []


def failed(subject: str, error: str) -> Result:
    step = Step(key=subject, address=Address.parse(subject), action=Action.CREATE)
    return Result(step=step, outcome=StepOutcome.FAILED, error=error)


SAID: Mapping[str, tuple[Event | Ending, str, str, str]] = {
    "rollout-started": (
        STARTED,
        "shop cart: rollout started: 1 → 2",
        "Strategy: canary.\nNext: orchestrator status PLAN cart --watch",
        "info",
    ),
    "rollout-waiting": (
        PAUSED,
        "shop cart: waits for approval at 10 %: 1 → 2",
        "errors: 0.1 % of 412 requests\nNext: orchestrator promote PLAN cart\nNext: orchestrator abort PLAN cart",
        "warning",
    ),
    "rollout-succeeded": (SUCCEEDED, "shop cart: rolled out 2", "shop cart: rolled out 2", "success"),
    "rollout-rolled-back": (
        ROLLED_BACK,
        "shop cart: rolled back to 1",
        "errors: 7.3 % of 412 requests, at most 1 %\n"
        "stopped: task 1a2b: Essential container in task exited: exit code 137\n"
        "It runs what it ran before.\nNext: orchestrator history PLAN cart",
        "warning",
    ),
    "rollout-rollback-failed": (
        rollout(State.FAILED, "rollback failed: no; AccessDenied", outcome="rollback failed", phase="back"),
        "shop cart: rollback failed: 1 → 2",
        "no; AccessDenied\nThe new side has 10 % of the traffic. Going back is tried again.\n"
        "Next: orchestrator status PLAN cart",
        "failure",
    ),
    "rollout-failed": (
        rollout(State.BLOCKED, "stopped: frozen: p95 is 2.1 s", outcome="stopped"),
        "shop cart: rollout stands still: 1 → 2",
        "frozen: p95 is 2.1 s\nNothing more is changed; the new side has 10 % of the traffic.\n"
        "Next: orchestrator promote PLAN cart\nNext: orchestrator abort PLAN cart",
        "failure",
    ),
    "apply-failed": (
        Ending(report=Report(results=(failed("subnet/public-a", "AccessDenied: no"),))),
        "shop: apply failed: 1 step failed",
        "subnet/public-a: AccessDenied: no\nWhat did not need them was carried out.\nNext: orchestrator apply PLAN",
        "failure",
    ),
    "drift-found": (
        drift("bucket/media: update (versioning: on -> off)", "subnet/public-a: create"),
        "shop: drift found: 2 things differ from the plan",
        "bucket/media: update (versioning: on -› off)\nsubnet/public-a: create\nNext: orchestrator drift PLAN",
        "warning",
    ),
    "stack-broken": (
        trouble("shop", "AccessDenied: no"),
        "shop: cannot be kept as planned",
        "AccessDenied: no\nIt is tried again and again, with longer and longer pauses.\nNext: orchestrator plan PLAN",
        "failure",
    ),
    "lock-stuck": (
        lock("held by ann@laptop:7 since 2026-11-21T06:14:00Z: apply"),
        "shop: lock has been held for long",
        "held by ann@laptop:7 since 2026-11-21T06:14:00Z: apply\nNobody else can change the stack meanwhile.\n"
        'Next: orchestrator lock ls\nNext: orchestrator lock release shop --force --reason "..."',
        "warning",
    ),
}
OVER: Mapping[str, tuple[Event, Event, str, str]] = {
    "drift-healed": (
        drift("subnet/public-a: create"),
        drift(),
        "shop: in sync again",
        "subnet/public-a: create\nThis differed, and is as planned again.",
    ),
    "stack-recovered": (
        trouble("shop", "AccessDenied"),
        trouble("shop"),
        "shop: can be kept as planned again",
        "shop: can be kept as planned again",
    ),
}


def test_every_event_is_among_those_that_are_sent_here() -> None:
    assert {*SAID, *OVER, "drift-left-alone"} == set(SEVERITIES)


@pytest.mark.parametrize("name", SAID)
def test_an_event_arrives_with_what_happened_why_and_what_to_run_next(desk: Desk, name: str) -> None:
    happened, title, body, kind = SAID[name]
    assert desk.tell(happened) == [title] if isinstance(happened, Event) else desk.tell(ending=happened) == [title]
    (got,) = desk.team.got
    assert (got["message"].replace(str(desk.loaded.path), "PLAN"), got["type"]) == (body, kind)


@pytest.mark.parametrize("name", OVER)
def test_that_something_is_over_arrives_when_it_had_been_told_and_not_otherwise(desk: Desk, name: str) -> None:
    before, after, title, body = OVER[name]
    assert desk.tell(after) == []
    desk.tell(before)
    assert (desk.tell(after), desk.team.got[-1]["message"], desk.team.got[-1]["type"]) == ([title], body, "success")


def test_a_message_names_the_page_of_the_daemon_where_the_plan_does(desk: Desk, load: Load) -> None:
    text = PLAN.replace("{channels:", "{page: 'https://deploy.example.com/', channels:")
    desk.loaded = load(text + "environments: {prod: {}}\n", "prod")
    desk.tell(SUCCEEDED, drift("a: update"))
    assert [got["message"].splitlines()[-1] for got in desk.team.got] == [
        "See https://deploy.example.com/stacks/plan.yaml%20-e%20prod/rollouts/cart",
        "See https://deploy.example.com/stacks/plan.yaml%20-e%20prod",
    ]
    assert "-e prod" in desk.team.got[1]["message"]


def test_what_the_container_wrote_is_never_sent(desk: Desk) -> None:
    desk.tell(ROLLED_BACK)
    assert "hunter2" not in str(desk.team.got) and "DATABASE_URL" not in str(desk.team.got)


def test_a_rollout_is_told_once_however_many_processes_take_it_up(desk: Desk) -> None:
    first = desk.tell(STARTED, PAUSED)
    assert first == ["shop cart: rollout started: 1 → 2", "shop cart: waits for approval at 10 %: 1 → 2"]
    assert desk.tell(STARTED, PAUSED) == []
    later = dc.replace(PAUSED, details={**PAUSED.details, "at": 5, "percent": 50.0})
    assert desk.tell(STARTED, later, SUCCEEDED) == [
        "shop cart: waits for approval at 50 %: 1 → 2",
        "shop cart: rolled out 2",
    ]
    again = {**STARTED.details, "id": "20261121T0715Z-abc"}
    assert desk.tell(dc.replace(STARTED, details=again)) == ["shop cart: rollout started: 1 → 2"]


def test_turns_stops_and_lost_leases_of_a_rollout_are_no_news(desk: Desk) -> None:
    stopped = rollout(State.BLOCKED, "stopped", outcome="stopped")
    left = rollout(State.WAITING, "timed out, still in progress: bake", outcome="timed out, still in progress")
    going_back = rollout(State.BLOCKED, "stopped: 5xx", outcome="stopped", phase="back")
    taken_up = rollout(State.STARTED, "canary: 1 → 2", phase="back")
    assert desk.tell(stopped, left, going_back, taken_up, rollout(State.WAITING, "bake: 60 s left")) == []


def test_drift_is_told_when_it_is_new_and_not_at_each_look_nor_by_each_daemon(desk: Desk) -> None:
    one, two = desk.channels(), desk.channels()
    assert len(desk.tell(drift("a: update"), drift("a: update"), channels=one)) == 1
    assert desk.tell(drift("a: update"), channels=two) == []
    assert desk.tell(drift("a: update", "b: create"), channels=two) == [
        "shop: drift found: 2 things differ from the plan"
    ]
    assert desk.team.got[-1]["message"].startswith("b: create\n")
    assert desk.tell(drift("b: create"), drift(), channels=one) == ["shop: in sync again"]
    assert desk.tell(drift(), channels=two) == []
    assert desk.tell(drift("a: update"), channels=two) == ["shop: drift found: 1 thing differs from the plan"]


def test_what_was_put_back_in_vain_is_told_once_until_it_is_gone(desk: Desk) -> None:
    one, two = desk.channels(), desk.channels()
    vain = drift("b: create", left_alone=("a: update",))
    assert desk.tell(drift("a: update", "b: create"), vain, channels=one)[1:] == ["shop: drift is left alone"]
    assert desk.team.got[-1]["message"] == (
        "a: update\nIt was put back three times, and was as before. Nobody touches it any more.\n"
        f"Next: orchestrator drift {desk.loaded.path}"
    )
    assert desk.tell(vain, channels=two) == []
    more = drift(left_alone=("a: update", "b: create"))
    assert desk.tell(more, channels=two) == ["shop: drift is left alone"]
    assert desk.team.got[-1]["message"].startswith("b: create\n")
    assert desk.tell(drift(), channels=one) == ["shop: in sync again"]
    assert desk.tell(more, channels=one) == [
        "shop: drift found: 2 things differ from the plan",
        "shop: drift is left alone",
    ]


def test_what_breaks_again_is_told_again_though_nobody_wants_to_know_that_it_was_well(desk: Desk, load: Load) -> None:
    desk.loaded = load(PLAN.replace("COPY}}", "COPY}, routes: [{to: [team, copy], on: [stack-broken]}]}"))
    channels = desk.channels()
    for _ in range(2):
        assert desk.tell(trouble("shop", "no"), channels=channels) == ["shop: cannot be kept as planned"]
        assert desk.tell(trouble("shop"), channels=channels) == []


def test_what_is_wrong_now_here_now_there_is_told_once_of_each_place_until_it_is_over(desk: Desk) -> None:
    channels = desk.channels()
    for _ in range(3):
        desk.tell(trouble("shop", "AccessDenied"), trouble("store", "full"), channels=channels)
    assert desk.team.titles == ["shop: cannot be kept as planned", "shop: cannot be kept as planned: store"]
    assert desk.tell(trouble("shop"), channels=channels) == ["shop: can be kept as planned again"]
    assert len(desk.tell(trouble("shop", "AccessDenied"), channels=channels)) == 1


def test_what_stays_as_it_is_costs_no_look_into_the_store(desk: Desk) -> None:
    channels, asked = desk.channels(), list[str]()

    class Counted(MemoryStore):
        def load(self, key: str) -> Stored | None:
            asked.append(key)
            return super().load(key)

    desk.store = Counted()
    for _ in range(50):
        desk.tell(drift("a: update"), trouble("shop"), channels=channels)
    assert asked == ["shop/told/drift", "shop/told/left-alone", "shop/told/trouble"]


def test_while_the_store_is_away_a_thing_is_told_all_the_same_and_so_is_that_it_is_over(desk: Desk) -> None:
    class Away(MemoryStore):
        def load(self, key: str) -> Stored | None:
            raise AwsError("cannot reach AWS")

    channels, well, desk.store = desk.channels(), desk.store, Away()
    outage = trouble("store", "cannot reach AWS")
    assert desk.tell(outage, channels=channels) == ["shop: cannot be kept as planned: store"]
    assert desk.tell(outage, channels=channels) == []
    assert desk.tell(STARTED, STARTED, channels=channels) == ["shop cart: rollout started: 1 → 2"]
    desk.store = well
    assert desk.tell(trouble("shop"), channels=channels) == ["shop: can be kept as planned again"]


def test_an_outage_that_thirty_stacks_run_into_reaches_a_channel_once_and_so_does_its_end(
    load: Load, desk: Desk
) -> None:
    channels = desk.channels()
    stacks = [load(PLAN.replace("name: shop", f"name: shop{number}")) for number in range(30)]
    for _ in range(2):
        for desk.loaded in stacks:
            desk.tell(trouble("AWS eu-west-1", "cannot reach AWS"), channels=channels)
        for desk.loaded in stacks:
            desk.tell(trouble(desk.loaded.stack), channels=channels)
    told = ["shop0: cannot be kept as planned: AWS eu-west-1", "shop0: can be kept as planned again"]
    assert desk.team.titles == told * 2


def test_a_lock_that_is_stuck_is_told_once_for_each_holder(desk: Desk) -> None:
    held = lock("held by ann@laptop:7 since 2026-11-21T06:14:00Z: apply")
    assert len(desk.tell(held)) == 1
    assert desk.tell(held) == []
    assert desk.tell(lock("left behind by ann@laptop:7", gone=True)) == ["shop: lock was left behind"]
    assert len(desk.tell(dc.replace(held, details={"fence": 8, "gone": False}))) == 1


def test_a_rollout_that_was_refused_is_told_by_the_command_that_wanted_it(desk: Desk) -> None:
    end = ServiceEnding(service="cart", outcome=Outcome.REFUSED, why="no way back: shop-cart:3 is not there any more")
    assert desk.tell(ending=Ending(services=(end,))) == ["shop cart: rollout refused"]


def test_a_rollout_that_stands_still_is_not_told_again_as_a_broken_stack(desk: Desk) -> None:
    frozen = rollout(State.BLOCKED, "stopped: frozen: p95 is 2.1 s", outcome="stopped")
    assert desk.tell(frozen, trouble("shop", "cart stopped: frozen: p95 is 2.1 s")) == [
        "shop cart: rollout stands still: 1 → 2"
    ]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<!channel> <@U123|ann> & <b>", "‹!channel› ‹@\u200bU123|ann› & ‹b›"),
        ("@everyone look, ci@runner-7:4711", "@\u200beveryone look, ci@runner-7:4711"),
        ("[your bank](https://evil.example)", "[your bank] (https://evil.example)"),
        ("one\ntwo\r\n\x1b[31mthree\u202eruof", "one two [31mthree ruof"),
        ("`rm -rf`", "'rm -rf'"),
        ("DB_PASSWORD=hunter2-7", "DB_PASSWORD=***"),
        ("x" * 500, "x" * 399 + "…"),
    ],
)
def test_nothing_in_a_reason_calls_people_hides_a_link_or_leaves_its_line(hostile: str, shown: str) -> None:
    assert harmless(hostile) == shown
