"""The rules of the diff and the order of removals."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial, PolicyDoc, Ref, Unknown
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.reconcile.diff import compare, make_plan
from orchestrator.reconcile.observe import traits
from orchestrator.reconcile.steps import Plan, Step, Traits
from tests.reconcile.fakes import Thing


def live(resource: Resource, id: str = "", **outputs: Any) -> Live[Any]:
    return Live(resource, {"id": id or f"{resource.name}-1", **outputs})


def plan(desired: list[Resource], there: list[Live[Any]], **of_thing: Any) -> Plan:
    return make_plan(desired, there, {"thing": Traits(**of_thing)})


def keys(steps: tuple[Step, ...]) -> list[str]:
    return [f"{s.action} {s.key}" for s in steps]


def test_what_is_as_wanted_is_kept_and_the_plan_is_empty() -> None:
    made = plan([Thing(name="net")], [live(Thing(name="net"))])
    assert keys(made.steps) == ["= thing/net"]
    assert made.empty


def test_none_is_not_ours_to_decide() -> None:
    wanted = Thing(name="net", size=None)  # type: ignore[arg-type]
    assert plan([wanted], [live(Thing(name="net", size=7))]).empty


def test_removing_a_field_from_the_plan_brings_its_default_back() -> None:
    [change] = plan([Thing(name="net")], [live(Thing(name="net", size=7))]).steps[0].changes
    assert (change.field, change.old, change.new) == ("size", 7, 1)


def test_an_initial_value_that_moved_on_is_foreign_and_no_change() -> None:
    changes, foreign = compare(Thing(name="app", size=Initial(2, "autoscaling")), live(Thing(name="app", size=5)))
    assert changes == ()
    assert [(f.field, f.live, f.plan, f.owner) for f in foreign] == [("size", 5, 2, "autoscaling")]


def test_tags_of_others_are_left_alone() -> None:
    there = live(Thing(name="net", tags={"team": "web", "cost": "7"}))
    assert plan([Thing(name="net", tags={"team": "web"})], [there]).empty


def test_things_are_made_after_what_they_refer_to_or_come_after() -> None:
    first = Thing(name="z-first")
    second = Thing(name="m-second", parts=(first.out(),))
    third = Thing(name="a-third", after=frozenset({second.address}))
    assert keys(plan([third, second, first], []).steps) == ["+ thing/z-first", "+ thing/m-second", "+ thing/a-third"]


def test_a_circle_is_named() -> None:
    one = Thing(name="one", parts=(Ref(Address("thing", "two")),))
    two = Thing(name="two", parts=(one.out(),))
    with pytest.raises(ValueError, match="circle: thing/"):
        plan([one, two], [])


def test_a_reference_to_what_nobody_declared_is_named() -> None:
    with pytest.raises(ValueError, match="thing/one refers to thing/two, which the plan does not declare"):
        plan([Thing(name="one", base=Ref(Address("thing", "two")))], [])


def test_a_replacement_makes_the_new_before_the_old_goes_where_both_can_be() -> None:
    made = plan([Thing(name="net", shape="square")], [live(Thing(name="net"))], coexists=True)
    assert keys(made.steps) == ["-/+ thing/net", "- thing/net#old"]
    assert [s.prune for s in made.steps] == [False, True]


def test_a_replacement_waits_for_the_old_to_go_where_both_cannot_be_and_users_go_before_it() -> None:
    net = Thing(name="net", shape="square")
    sub = Thing(name="sub", base=net.out())
    there = [live(Thing(name="net")), live(Thing(name="sub", base="net-1"))]
    made = plan([net, sub], there, coexists=False)
    assert keys(made.steps) == ["- thing/sub#old", "- thing/net#old", "-/+ thing/net", "-/+ thing/sub"]
    assert not any(s.prune for s in made.steps)
    assert made.steps[1].needs == {"thing/sub#old"}
    assert made.steps[2].needs == {"thing/net#old"}


@pytest.mark.parametrize(("before", "order"), [("one", ["-", "-/+"]), ("other", ["-/+", "-"])])
def test_only_under_another_name_can_the_new_be_there_beside_the_old(before: str, order: list[str]) -> None:
    there = live(TargetGroup(name="web", aws_name=before, vpc="vpc-dead", port=80), "arn:old")
    wanted = TargetGroup(name="web", aws_name="one", vpc="vpc-new", port=80)
    made = make_plan([wanted], [there], traits("123456789012", "eu-west-1", "aws"))
    assert [str(s.action) for s in made.steps] == order


def test_what_is_certain_before_it_exists_does_not_cascade() -> None:
    net = Thing(name="net", shape="square")
    sub = Thing(name="sub", base=net.out("arn"))
    there = [live(Thing(name="net"), arn="arn:net"), live(Thing(name="sub", base="arn:net"))]
    made = plan([net, sub], there, predict=lambda want: {"arn": f"arn:{want.name}"})
    assert keys(made.changes) == ["-/+ thing/net", "- thing/net#old"]


def test_what_will_be_new_is_unknown_to_those_that_refer_to_it() -> None:
    net = Thing(name="net", shape="square")
    made = plan([net, Thing(name="user", parts=(net.out(),))], [live(Thing(name="net")), live(Thing(name="user"))])
    [change] = next(s for s in made.steps if s.key == "thing/user").changes
    assert isinstance(change.new[0], Unknown)


def test_removals_go_from_users_to_used() -> None:
    there = [
        live(Thing(name="a-net")),
        live(Thing(name="b-sub", base="a-net-1")),
        live(Thing(name="c-web", parts=("b-sub-1",))),
    ]
    assert keys(plan([], there).steps) == ["- thing/c-web", "- thing/b-sub", "- thing/a-net"]


@pytest.mark.parametrize(("bucket", "trail"), [("a", "b"), ("b", "a")])
def test_a_policy_that_names_something_does_not_hold_it(bucket: str, trail: str) -> None:
    condition = {"StringEquals": {"aws:SourceArn": f"{trail}-1"}}
    document = PolicyDoc({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": condition}})
    there = [live(Thing(name=bucket, document=document)), live(Thing(name=trail, base=f"{bucket}-1"))]
    assert keys(plan([], there).steps) == [f"- thing/{trail}", f"- thing/{bucket}"]


def test_what_was_seen_to_come_after_something_goes_before_it() -> None:
    app = Thing(name="a-app")
    there = [live(app), live(Thing(name="b-scaling", after=frozenset({app.address})))]
    assert keys(plan([], there).steps) == ["- thing/b-scaling", "- thing/a-app"]


def test_what_is_no_longer_used_goes_after_its_last_user_has_moved_away() -> None:
    new = Thing(name="new")
    there = [live(Thing(name="old")), live(Thing(name="user", parts=("old-1",)))]
    made = plan([new, Thing(name="user", parts=(new.out(),))], there)
    assert next(s for s in made.steps if s.key == "thing/old").needs == {"thing/user"}


def test_things_that_hold_each_other_are_removed_all_the_same() -> None:
    there = [live(Thing(name="a", parts=("b-1",))), live(Thing(name="b", parts=("a-1",)))]
    assert sorted(keys(plan([], there).steps)) == ["- thing/a", "- thing/b"]


def test_of_two_copies_the_one_that_is_as_wanted_stays() -> None:
    there = [live(Thing(name="net", shape="square"), "net-1"), live(Thing(name="net"), "net-2")]
    made = plan([Thing(name="net")], there)
    assert keys(made.steps) == ["= thing/net", "- thing/net#left over"]
    assert made.steps[1].live is there[0]


def test_what_is_not_ours_is_never_removed() -> None:
    assert plan([], [Live(Thing(name="net"), {"id": "net-1"}, owned=False)]).empty


def test_what_aws_gave_up_is_replaced_and_makes_room_first() -> None:
    made = plan([Thing(name="nat")], [live(Thing(name="nat"))], broken=lambda _live: "Gateway.NotAttached")
    assert keys(made.steps) == ["- thing/nat#old", "-/+ thing/nat"]
    assert made.steps[1].cause == "AWS gave it up: Gateway.NotAttached"


def test_the_fingerprint_does_not_depend_on_order_in_sets_nor_on_what_moves_by_itself() -> None:
    def made(members: str, free: int, size: int = 2) -> str:
        wanted = Thing(name="net", size=size, members=frozenset(members), tags=dict.fromkeys(reversed(members), ""))
        there = Live(Thing(name="net", members=frozenset("xyz")), {"id": "net-1", "free": free})
        return make_plan([wanted], [there], {}).fingerprint

    assert made("abc", 1) == made("cba", 2)
    assert made("abc", 1) != made("abd", 1)
    assert made("abc", 1) != made("abc", 1, size=3)
