"""Applying a plan: order, failures, lost replies, waiting, stopping."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from orchestrator.aws import tags
from orchestrator.core.address import Address
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import State
from orchestrator.core.values import Initial, Secret
from orchestrator.reconcile.report import Outcome
from tests.reconcile.fakes import (
    Cloud,
    Edition,
    Gate,
    Item,
    Slow,
    Sole,
    Thing,
    ThingKind,
    Told,
    applier,
    bring,
    lost_reply,
    plan_for,
    refusal,
)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def outcomes(report: Any) -> dict[str, str]:
    return {r.step.key: str(r.outcome) for r in report.results}


def only(verb: str, address: str, error: Exception, times: int = 1) -> Any:
    """Fail a write that many times."""
    left = [times]

    def fail(said: str, where: str) -> None:
        if (said, where) == (verb, address) and left[0]:
            left[0] -= 1
            raise error

    return fail


def test_an_empty_account_is_brought_to_the_plan_and_then_nothing_is_left_to_do(cloud: Cloud) -> None:
    net = Thing(name="net")
    desired = [Thing(name="sub", base=net.out()), net, Thing(name="box", parts=(net.out(),))]
    report = bring(cloud, *desired)
    assert report.ok
    assert cloud.addresses() == ["thing/box", "thing/net", "thing/sub"]
    assert cloud.writes[0] == ("create", "thing/net")
    assert plan_for(cloud, desired).empty


def test_who_uses_a_revision_gets_the_new_one_in_the_same_apply(cloud: Cloud) -> None:
    def system(size: int) -> list[Thing]:
        book = Edition(name="book", size=size)
        return [book, Thing(name="reader", parts=(book.out(),))]

    assert bring(cloud, *system(1)).ok
    assert [s.key for s in plan_for(cloud, system(2)).changes] == ["edition/book", "thing/reader"]
    assert bring(cloud, *system(2)).ok
    assert plan_for(cloud, system(2)).empty


def test_what_is_made_carries_the_stack_its_address_and_its_generation(cloud: Cloud) -> None:
    bring(cloud, Thing(name="net", tags={"team": "web"}))
    [item] = cloud.there()
    assert item.tags[tags.STACK] == "demo"
    assert item.tags[tags.ADDRESS] == "thing/net"
    assert item.tags[tags.GENERATION]
    assert item.tags["team"] == "web"


def test_a_failure_blocks_what_needs_it_and_nothing_else(cloud: Cloud) -> None:
    bad, good = Thing(name="bad"), Thing(name="good")
    cloud.before = only("create", "thing/bad", refusal("InvalidParameterValue"))
    told = Told()
    middle = Thing(name="middle", base=bad.out())
    report = bring(cloud, bad, good, middle, Thing(name="last", parts=(middle.out(), good.out())), sink=told)
    assert outcomes(report) == {
        "thing/bad": "failed",
        "thing/good": "done",
        "thing/middle": "blocked",
        "thing/last": "blocked",
    }
    assert [r.blocked_by for r in report.results if r.outcome is Outcome.BLOCKED] == [("thing/bad",)] * 2
    [failure] = [e for e in told.events if e.state is State.FAILED]
    assert failure.details["blocks"] == ["thing/middle", "thing/last"]
    assert failure.message == "CreateThing: InvalidParameterValue: no"


def test_a_denied_call_names_the_actions_to_allow(cloud: Cloud) -> None:
    cloud.before = only("create", "thing/net", refusal("AccessDenied"))
    [result] = bring(cloud, Thing(name="net")).results
    assert "demo:Create, demo:List" in result.hint


def test_a_secret_in_an_error_is_not_shown(cloud: Cloud) -> None:
    told = Told()
    cloud.before = only("create", "thing/db", refusal("Invalid", message="the word hunter2hunter2 is too weak"))
    report = bring(cloud, Thing(name="db", word=Secret("hunter2hunter2")), sink=told)
    assert "hunter2" not in repr(report) + repr(told.events)
    assert "***" in report.results[0].error


def test_a_creation_whose_reply_was_lost_is_found_and_not_made_twice(cloud: Cloud) -> None:
    cloud.after = only("create", "thing/net", lost_reply())
    report = bring(cloud, Thing(name="net"), Thing(name="box", base=Thing(name="net").out()))
    assert report.ok
    assert cloud.addresses() == ["thing/box", "thing/net"]


@pytest.mark.parametrize("lag", [5, 20, 100])
def test_a_creation_whose_reply_was_lost_is_found_however_late_aws_lists_it(lag: float) -> None:
    cloud = Cloud(lag=lag)
    cloud.after = only("create", "thing/net", lost_reply())
    assert bring(cloud, Thing(name="net")).ok
    assert cloud.addresses() == ["thing/net"]


@pytest.mark.parametrize("lag", [5, 20, 100])
def test_what_was_made_is_completed_however_late_aws_knows_of_it(lag: float) -> None:
    cloud = Cloud(lag=lag)

    def unknown_yet(item: Item) -> None:
        if item not in cloud.listed():
            raise refusal("InvalidThing.NotFound", "ModifyThing")

    cloud.completing = unknown_yet
    assert bring(cloud, Thing(name="net")).ok
    assert cloud.writes == [("create", "thing/net")]


def test_what_aws_says_exists_is_looked_for_until_it_lists_it() -> None:
    cloud = Cloud(lag=60)
    cloud.after = only("create", "sole/net", lost_reply())
    assert bring(cloud, Sole(name="net")).ok
    assert cloud.addresses() == ["sole/net"]


def test_a_creation_that_aws_would_recognise_is_repeated_soon(cloud: Cloud) -> None:
    cloud.before = only("create", "sole/net", lost_reply())
    began = cloud.clock.now()
    assert bring(cloud, Sole(name="net")).ok
    assert cloud.clock.now() - began < 30


def test_a_creation_that_never_reached_aws_is_made_after_looking(cloud: Cloud) -> None:
    cloud.before = only("create", "thing/net", lost_reply())
    assert bring(cloud, Thing(name="net")).ok
    assert cloud.addresses() == ["thing/net"]


def test_a_replacement_whose_reply_was_lost_is_not_taken_for_the_old_one(cloud: Cloud) -> None:
    bring(cloud, Thing(name="net", shape="round"))
    cloud.after = only("create", "thing/net", lost_reply())
    assert bring(cloud, Thing(name="net", shape="square")).ok
    [item] = cloud.there()
    assert item.resource.shape == "square"


def test_a_creation_that_stopped_half_way_is_finished_as_an_update(cloud: Cloud) -> None:
    def unknown_yet(item: Item) -> None:
        item.resource = Thing(name="net", size=0)
        raise refusal("InvalidThing.NotFound", "ModifyThing")

    cloud.completing = unknown_yet
    assert bring(cloud, Thing(name="net", size=7)).ok
    assert cloud.writes == [("create", "thing/net"), ("update", "thing/net")]
    assert [i.resource.size for i in cloud.there()] == [7]


def test_a_name_that_somebody_else_took_meanwhile_is_said_and_left_alone(cloud: Cloud) -> None:
    def taken(verb: str, address: str) -> None:
        item = cloud.make(Thing(name="net"))
        item.tags = {tags.ADDRESS: "thing/net"}
        raise refusal("ThingAlreadyExists")

    plan = plan_for(cloud, [Thing(name="net")])
    cloud.before = taken
    [result] = applier(cloud).apply(plan).results
    assert result.outcome is Outcome.FAILED
    assert "taken by something without this stack's tags" in result.error
    assert "adopt" in result.hint


def test_a_fresh_role_is_waited_for_two_minutes_and_no_longer(cloud: Cloud) -> None:
    error = refusal("InvalidParameterException", message="Unable to assume the service linked role")
    cloud.before = only("create", "thing/net", error, times=1000)
    began = cloud.clock.now()
    assert not bring(cloud, Thing(name="net")).ok
    assert 120 <= cloud.clock.now() - began < 150


def test_a_dependency_that_aws_does_not_know_everywhere_yet_is_tried_again(cloud: Cloud) -> None:
    net = Thing(name="net")
    cloud.before = only("create", "thing/box", refusal("InvalidThing.NotFound"), times=8)
    assert bring(cloud, net, Thing(name="box", base=net.out())).ok


def test_what_was_never_there_is_not_waited_for_long(cloud: Cloud) -> None:
    cloud.before = only("create", "thing/box", refusal("InvalidThing.NotFound"), times=1000)
    began = cloud.clock.now()
    assert not bring(cloud, Thing(name="box", base="thing-of-others")).ok
    assert cloud.clock.now() - began < 30


def test_a_busy_update_is_tried_again(cloud: Cloud) -> None:
    bring(cloud, Thing(name="net", size=1))
    cloud.before = only("update", "thing/net", refusal("OperationAborted"), times=3)
    assert bring(cloud, Thing(name="net", size=2)).ok


def test_what_others_own_is_set_once_and_left_alone_by_later_updates(cloud: Cloud) -> None:
    bring(cloud, Thing(name="app", size=Initial(2, "autoscaling")))
    [item] = cloud.there()
    assert item.resource.size == 2
    item.resource = Thing(name="app", size=9)
    assert bring(cloud, Thing(name="app", size=Initial(2, "autoscaling"), members=frozenset("a"))).ok
    assert (item.resource.size, item.resource.members) == (9, frozenset("a"))


def test_an_adopted_thing_gets_our_tags(cloud: Cloud) -> None:
    found = cloud.make(Thing(name="net"))
    found.tags = {tags.ADDRESS: "thing/net", "owner": "ops"}
    plan = plan_for(cloud, [Thing(name="net")], adopt=frozenset({Address("thing", "net")}))
    told = Told()
    assert applier(cloud, sink=told).apply(plan).ok
    assert found.tags[tags.STACK] == "demo"
    assert found.tags["owner"] == "ops"
    assert told.lines("done") == ["thing/net adopt done: "]


def test_what_needs_something_slow_starts_when_that_is_ready() -> None:
    cloud = Cloud(takes=90)
    gate = Slow(name="gate")
    report = bring(cloud, gate, Thing(name="route", parts=(gate.out(),)))
    made = {r.step.key: r.seconds for r in report.results}
    assert 90 <= made["slow/gate"] < 105
    assert cloud.writes[-1] == ("create", "thing/route")


def test_what_is_ready_in_the_answer_to_its_creation_is_not_looked_at(cloud: Cloud) -> None:
    plan = plan_for(cloud, [Slow(name="gate")])
    looks = cloud.looks
    assert applier(cloud).apply(plan).ok
    assert cloud.looks == looks


def test_waiting_is_told_at_once_and_then_every_half_minute() -> None:
    told = Told()
    bring(Cloud(takes=100), Slow(name="gate"), sink=told)
    assert set(told.lines("waiting")) == {"slow/gate create waiting: waiting for the thing to cool down"}
    assert told.gaps("waiting")
    assert all(30 <= gap < 41 for gap in told.gaps("waiting"))


def test_something_slow_that_never_settles_fails_at_its_deadline() -> None:
    cloud = Cloud(takes=10_000)
    [result] = bring(cloud, Slow(name="gate")).results
    assert result.error == "waited 600 s for the thing to cool down"


def test_what_aws_gives_up_is_deleted_and_made_again_once(cloud: Cloud) -> None:
    def broken(verb: str, address: str) -> None:
        if verb == "create" and len(cloud.writes) == 1:
            next(iter(cloud.items.values())).broken = "Gateway.NotAttached"

    cloud.after = broken
    assert bring(cloud, Slow(name="gate")).ok
    assert [verb for verb, _ in cloud.writes] == ["create", "delete", "create"]
    generations = [i.tags[tags.GENERATION] for i in cloud.items.values()]
    assert len(set(generations)) == 2


def test_what_aws_gives_up_twice_has_failed_with_its_reason(cloud: Cloud) -> None:
    def broken(verb: str, address: str) -> None:
        for item in cloud.there():
            item.broken = "Gateway.NotAttached"

    cloud.after = broken
    [result] = bring(cloud, Slow(name="gate")).results
    assert result.error == "AWS gave it up: Gateway.NotAttached"


def test_what_was_found_given_up_makes_room_for_a_new_one(cloud: Cloud) -> None:
    bring(cloud, Slow(name="gate"))
    next(iter(cloud.items.values())).broken = "InternalError"
    plan = plan_for(cloud, [Slow(name="gate")])
    assert [(s.key, s.verb) for s in plan.steps] == [("slow/gate#old", "delete"), ("slow/gate", "replace")]
    assert applier(cloud).apply(plan).ok
    assert plan_for(cloud, [Slow(name="gate")]).empty


def test_what_an_interrupted_apply_left_unready_is_waited_for_by_what_needs_it() -> None:
    cloud = Cloud(takes=50)
    gate = Slow(name="gate")
    cloud.make(gate).tags = {tags.STACK: "demo", tags.ADDRESS: "slow/gate", tags.GENERATION: "1"}
    began = cloud.clock.now()
    report = bring(cloud, gate, Thing(name="route", parts=(gate.out(),)))
    assert outcomes(report) == {"slow/gate": "done", "thing/route": "done"}
    assert cloud.clock.now() - began >= 50


def test_deletions_go_from_users_to_used_and_wait_until_slow_ones_are_gone() -> None:
    cloud = Cloud(takes=30)
    address = Thing(name="address")
    gate = Slow(name="gate", base=address.out())
    bring(cloud, address, gate, Thing(name="route", parts=(gate.out(),)))
    cloud.writes.clear()
    assert bring(cloud).ok
    assert cloud.writes == [("delete", "thing/route"), ("delete", "slow/gate"), ("delete", "thing/address")]
    assert cloud.addresses() == []


def test_something_gone_already_is_a_done_deletion(cloud: Cloud) -> None:
    bring(cloud, Thing(name="net"))
    plan = plan_for(cloud, [])
    cloud.items.clear()
    assert applier(cloud).apply(plan).ok


def test_a_deletion_that_is_held_up_says_by_which_interface_of_whom_and_gives_up_in_the_end(cloud: Cloud) -> None:
    bring(cloud, Thing(name="subnet"))
    [item] = cloud.there()
    cloud.items["subnet-1"] = cloud.items.pop(item.id)
    item.id = "subnet-1"
    cloud.interfaces = [
        {"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "Description": "ELB app/forum/1", "Status": "in-use"},
        {"NetworkInterfaceId": "eni-2", "SubnetId": "subnet-2", "Description": "of another subnet", "Status": "in-use"},
    ]
    cloud.before = only("delete", "thing/subnet", refusal("DependencyViolation", "DeleteThing"), times=1000)
    told = Told()
    [result] = bring(cloud, sink=told).results
    assert (
        result.error
        == "DeleteThing: DependencyViolation: no; held by network interface eni-1 (ELB app/forum/1, in-use)"
    )
    assert all(30 <= gap < 41 for gap in told.gaps("retrying"))


def test_data_is_not_deleted_unless_that_was_asked_for(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(cloud, Thing(name="store"))
    emptied: list[str] = []
    monkeypatch.setattr(ThingKind, "holds_data", True)
    monkeypatch.setattr(ThingKind, "empty", lambda _self, _aws, live: emptied.append(str(live.address)))
    refused = bring(cloud)
    assert [r.outcome for r in refused.results] == [Outcome.FAILED]
    assert cloud.addresses() == ["thing/store"]
    assert bring(cloud, named=frozenset({Address("thing", "store")})).ok
    assert emptied == ["thing/store"]


def test_what_others_still_fill_is_emptied_before_every_try(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(cloud, Thing(name="store"))
    emptied: list[float] = []
    monkeypatch.setattr(ThingKind, "holds_data", True)
    monkeypatch.setattr(ThingKind, "empty", lambda _self, aws, _live: emptied.append(aws.clock.now()))
    cloud.before = only("delete", "thing/store", refusal("BucketNotEmpty", "DeleteBucket"), times=5)
    assert bring(cloud, data=True).ok
    assert len(emptied) == 6


def test_what_was_filled_after_it_was_seen_empty_is_not_deleted(cloud: Cloud) -> None:
    bring(cloud, Thing(name="store"))
    cloud.before = only("delete", "thing/store", refusal("BucketNotEmpty", "DeleteBucket"), times=5)
    began = cloud.clock.now()
    [result] = bring(cloud).results
    assert "BucketNotEmpty" in result.error
    assert "plan again" in result.hint
    assert cloud.clock.now() - began < 5


def test_a_service_linked_role_that_cannot_be_made_names_the_action_to_allow(cloud: Cloud) -> None:
    message = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
    cloud.before = only("create", "thing/app", refusal("InvalidParameterException", message=message), times=1000)
    [result] = bring(cloud, Thing(name="app")).results
    assert "iam:CreateServiceLinkedRole" in result.hint


def test_what_a_failed_step_still_holds_is_not_pruned(cloud: Cloud) -> None:
    old, new = Thing(name="old"), Thing(name="new")
    bring(cloud, old, Thing(name="user", parts=(old.out(),)))
    cloud.before = only("update", "thing/user", refusal("InvalidParameterValue"))
    report = bring(cloud, new, Thing(name="user", parts=(new.out(),)))
    assert outcomes(report) == {"thing/new": "done", "thing/user": "failed", "thing/old": "blocked"}
    assert "thing/old" in cloud.addresses()


def test_the_old_half_stays_while_its_replacement_could_not_be_made(cloud: Cloud) -> None:
    bring(cloud, Thing(name="net", shape="round"))
    cloud.before = only("create", "thing/net", refusal("VpcLimitExceeded"))
    report = bring(cloud, Thing(name="net", shape="square"))
    assert outcomes(report) == {"thing/net": "failed", "thing/net#old": "blocked"}
    assert [i.resource.shape for i in cloud.there()] == ["round"]


def test_converging_and_pruning_can_be_run_apart(cloud: Cloud) -> None:
    bring(cloud, Thing(name="old"))
    plan = plan_for(cloud, [Thing(name="new")])
    work = applier(cloud)
    converged = work.converge(plan)
    assert cloud.addresses() == ["thing/new", "thing/old"]
    assert converged.lookup(Thing(name="new").out()).startswith("thing-")
    assert (converged + work.prune(plan, converged)).ok
    assert cloud.addresses() == ["thing/new"]


def members(cloud: Cloud) -> set[str]:
    [item] = [i for i in cloud.there() if isinstance(i.resource, Gate)]
    assert isinstance(item.resource, Gate)
    return set(item.resource.members)


def test_what_running_tasks_may_need_is_taken_away_only_with_the_pruning(cloud: Cloud) -> None:
    bring(cloud, Gate(name="door", members=frozenset({"old", "both"})))
    plan = plan_for(cloud, [Gate(name="door", members=frozenset({"both", "new"}))])
    work = applier(cloud)
    converged = work.converge(plan)
    assert members(cloud) == {"old", "both", "new"}
    pruned = work.prune(plan, converged)
    assert members(cloud) == {"both", "new"}
    assert outcomes(converged + pruned) == {"gate/door": "done", "gate/door#tighten": "done"}


def test_an_update_that_only_takes_away_writes_nothing_before_the_pruning(cloud: Cloud) -> None:
    bring(cloud, Gate(name="door", members=frozenset({"old"})))
    plan = plan_for(cloud, [Gate(name="door")])
    work = applier(cloud)
    cloud.writes.clear()
    converged = work.converge(plan)
    assert cloud.writes == []
    assert work.prune(plan, converged).ok
    assert members(cloud) == set()


def test_an_update_that_only_adds_has_no_second_half(cloud: Cloud) -> None:
    bring(cloud, Gate(name="door"))
    assert outcomes(bring(cloud, Gate(name="door", members=frozenset({"new"})))) == {"gate/door": "done"}


def test_nothing_is_taken_away_where_the_adding_failed(cloud: Cloud) -> None:
    bring(cloud, Gate(name="door", members=frozenset({"old"})))
    cloud.before = only("update", "gate/door", refusal("InvalidParameterValue"))
    report = bring(cloud, Gate(name="door", members=frozenset({"new"})))
    assert outcomes(report) == {"gate/door": "failed", "gate/door#tighten": "blocked"}
    assert members(cloud) == {"old"}


def test_what_is_no_longer_wanted_goes_after_what_still_names_it_has_been_narrowed(cloud: Cloud) -> None:
    guest = Thing(name="guest")
    bring(cloud, guest)
    [item] = cloud.there()
    bring(cloud, guest, Gate(name="door", members=frozenset({item.id})))
    cloud.writes.clear()
    assert bring(cloud, Gate(name="door")).ok
    assert cloud.writes == [("update", "gate/door"), ("delete", "thing/guest")]


def test_asked_to_stop_it_starts_nothing_more_and_the_rest_is_reported_as_left(cloud: Cloud) -> None:
    stop = threading.Event()
    cloud.after = lambda _verb, _address: stop.set()
    first = Thing(name="first")
    report = bring(cloud, first, Thing(name="second", base=first.out()), stop=stop)
    assert outcomes(report) == {"thing/first": "done", "thing/second": "stopped"}
    assert report.stopped
    assert not report.failed


def test_asked_to_stop_it_does_not_wait_for_what_is_slow() -> None:
    cloud = Cloud(takes=500)
    stop = threading.Event()
    cloud.after = lambda _verb, _address: stop.set()
    gate = Slow(name="gate")
    report = bring(cloud, gate, Thing(name="route", parts=(gate.out(),)), stop=stop)
    assert outcomes(report) == {"slow/gate": "stopped", "thing/route": "stopped"}
    cloud.after = lambda _verb, _address: None
    assert bring(cloud, gate, Thing(name="route", parts=(gate.out(),))).ok
    assert cloud.addresses() == ["slow/gate", "thing/route"]


def test_a_lost_lease_stops_everything_before_the_next_write(cloud: Cloud) -> None:
    def hold() -> None:
        if cloud.writes:
            raise OrchestratorError("demo is no longer ours to change")

    first = Thing(name="first")
    with pytest.raises(OrchestratorError, match="no longer ours"):
        bring(cloud, first, Thing(name="second", base=first.out()), hold=hold)
    assert cloud.writes == [("create", "thing/first")]


def test_a_defect_in_a_kind_is_a_failed_step_and_not_a_crash(cloud: Cloud) -> None:
    cloud.before = only("create", "thing/net", KeyError("VpcId"))
    [result] = bring(cloud, Thing(name="net")).results
    assert result.outcome is Outcome.FAILED
    assert "defect" in result.hint
