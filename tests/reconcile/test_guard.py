"""What the guard refuses, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.address import Address
from orchestrator.core.errors import Refused
from orchestrator.core.resource import Live
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.guard import Limits, check, losses, sparing_data, with_truth_about_data
from orchestrator.reconcile.steps import Plan, Traits
from tests.reconcile.fakes import KINDS, Cloud, Thing, ThingKind, refusal


def live(name: str, *, owned: bool = True, **fields: Any) -> Live[Any]:
    return Live(Thing(name=name, **fields), {"id": f"{name}-1", "arn": f"arn:{name}"}, owned)


def deleting(count: int, of: int, traits: Traits | None = None) -> Plan:
    names = [f"t{n:03}" for n in range(of)]
    return make_plan([Thing(name=n) for n in names[count:]], map(live, names), {"thing": traits or Traits()})


def test_five_deletions_pass_however_small_the_stack() -> None:
    check(deleting(5, 6))


def test_six_of_a_small_stack_are_too_many() -> None:
    with pytest.raises(Refused, match="6 of 10 things would be deleted or replaced, 5 at most") as refusal:
        check(deleting(6, 10))
    assert "--allow-deletions 6" in refusal.value.hint
    assert refusal.value.exit_code == 16


def test_a_fifth_of_a_large_stack_passes_and_more_does_not() -> None:
    check(deleting(20, 100))
    with pytest.raises(Refused):
        check(deleting(21, 100))


def test_what_a_person_allowed_replaces_the_limits() -> None:
    check(deleting(10, 10), Limits(allowed=10))
    with pytest.raises(Refused):
        check(deleting(1, 10), Limits(allowed=0))


def test_replacements_count_once_each() -> None:
    wanted = [Thing(name=f"t{n}", shape="square") for n in range(5)]
    check(make_plan(wanted, [live(f"t{n}") for n in range(5)], {"thing": Traits()}))


def test_data_is_not_lost_unless_named_or_all_given_up() -> None:
    plan = deleting(1, 2, Traits(holds_data=True))
    with pytest.raises(Refused, match=r"thing/t000: holds data and would be deleted \(no longer in the plan\)"):
        check(plan)
    with pytest.raises(Refused):
        check(plan, named=frozenset({Address("thing", "t001")}))
    check(plan, named=frozenset({Address("thing", "t000")}))
    check(plan, data=True)


def test_a_replacement_loses_data_too() -> None:
    wanted = [Thing(name="store", shape="square")]
    with pytest.raises(Refused, match="replaced"):
        check(make_plan(wanted, [live("store")], {"thing": Traits(holds_data=True)}))


def test_creating_or_changing_what_holds_data_loses_none() -> None:
    wanted = [Thing(name="store", size=2), Thing(name="new")]
    check(make_plan(wanted, [live("store")], {"thing": Traits(holds_data=True)}))


def test_a_taken_name_is_refused_with_what_has_it_and_the_way_to_adopt_it() -> None:
    with pytest.raises(Refused, match=r"thing/net: its name is taken .* \(arn:net\)") as refusal:
        check(make_plan([Thing(name="net")], [live("net", owned=False)], {}))
    assert "adopt:" in refusal.value.hint


def test_what_would_have_to_be_replaced_cannot_be_adopted() -> None:
    adopt = frozenset({Address("thing", "net")})
    plan = make_plan([Thing(name="net", shape="square")], [live("net", owned=False)], {}, adopt=adopt)
    with pytest.raises(Refused, match=r"thing/net: cannot be adopted, .* \(shape\)"):
        check(plan)
    assert [s.verb for s in plan.steps] == ["replace"]


def test_all_reasons_are_given_at_once() -> None:
    plan = make_plan([Thing(name="net")], [live("net", owned=False), live("store")], {"thing": Traits(holds_data=True)})
    with pytest.raises(Refused) as refusal:
        check(plan, Limits(allowed=0))
    assert len(refusal.value.message.splitlines()) == 4


def test_what_is_empty_holds_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud: Any = Cloud()
    monkeypatch.setattr(ThingKind, "holds", lambda _self, _aws, live: live.resource.name == "t000")
    plan = with_truth_about_data(cloud, deleting(2, 3, Traits(holds_data=True)), KINDS)
    assert [str(s.address) for s in losses(plan)] == ["thing/t000"]


def test_what_may_not_be_looked_into_counts_as_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: Any) -> bool:
        raise refusal("AccessDenied", "ListImages")

    cloud: Any = Cloud()
    monkeypatch.setattr(ThingKind, "holds", closed)
    plan = with_truth_about_data(cloud, deleting(1, 2, Traits(holds_data=True)), KINDS)
    assert [str(s.address) for s in losses(plan)] == ["thing/t000"]


def test_sparing_data_spares_what_it_stands_on_and_nothing_else() -> None:
    there = [
        live("net"),
        live("other"),
        Live(Thing(name="subnet", base="net-1"), {"id": "subnet-1"}),
        Live(Thing(name="web", base="subnet-1"), {"id": "web-1"}),
        Live(Thing(name="db", base="subnet-1"), {"id": "db-1"}),
    ]
    plan = make_plan([], there, {"thing": Traits()})
    holding = tuple(s if s.key != "thing/db" else type(s)(**{**vars(s), "holds_data": True}) for s in plan.steps)
    left, spared = sparing_data(Plan(holding))
    assert [s.key for s in left.steps] == ["thing/other", "thing/web"]
    assert {s.key for s in spared} == {"thing/db", "thing/subnet", "thing/net"}
