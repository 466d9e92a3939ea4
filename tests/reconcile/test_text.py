"""Plans as people read them, word for word."""

from __future__ import annotations

import dataclasses as dc
import json
from textwrap import dedent
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial, Join, JsonDoc, PolicyDoc, Secret
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.steps import Plan, Traits
from orchestrator.reconcile.text import as_json, render
from tests.reconcile.fakes import Thing

TRAITS = {"thing": Traits()}


def live(resource: Resource, outputs: dict[str, Any] | None = None, *, owned: bool = True) -> Live[Any]:
    return Live(resource, {"id": f"{resource.name}-1"} | (outputs or {}), owned)


def plan(desired: list[Resource], there: list[Live[Any]], traits: Traits | None = None, **more: Any) -> Plan:
    return make_plan(desired, there, {"thing": traits or Traits()}, **more)


def said(text: str) -> str:
    return dedent(text).strip("\n")


def test_creations_show_what_says_more_than_a_default_and_what_is_not_known_yet() -> None:
    net = Thing(name="net")
    there = Thing(name="there", size=2)
    desired = [
        net,
        there,
        Thing(name="sub", base=net.out(), parts=(there.out(),), size=Initial(3, "autoscaling"), word=Secret("hunter2")),
        Thing(name="log", document=JsonDoc({"to": Join(("arn:", net.out("arn"), "/*"))})),
    ]
    assert render(plan(desired, [live(there)])) == said("""
      + thing/net  in the plan, not on AWS
      + thing/log  in the plan, not on AWS
          document = {"to": (known after apply)}
      + thing/sub  in the plan, not on AWS
          size = 3  ≈ from then on owned by autoscaling
          base = (known after apply)
          parts = ["there-1"]
          word = ***

    Plan: 3 to create; 1 unchanged.
    """)


def test_changes_show_before_and_after_and_leave_out_what_stays() -> None:
    before = Thing(name="net", size=1, shape="round", members=frozenset("ab"), tags={"team": "web", "old": "1"})
    after = dc.replace(before, size=2, members=frozenset("bc"), tags={"team": "ops"})
    assert render(plan([after], [live(before)])) == said("""
      ~ thing/net  differs from the plan
          size: 1 -> 2
          members:
            - "a"
            + "c"
          tags.team: "web" -> "ops"

    Plan: 1 to change; 0 unchanged.
    """)


def test_a_replacement_cascades_and_names_what_forces_it() -> None:
    net = Thing(name="net", shape="square")
    sub = Thing(name="sub", base=net.out())
    user = Thing(name="user", parts=(sub.out(),))
    there = [
        live(Thing(name="net", shape="round")),
        live(Thing(name="sub", base="net-1")),
        live(Thing(name="user", parts=("sub-1",))),
    ]
    assert render(plan([net, sub, user], there)) == said("""
    -/+ thing/net  shape cannot be changed in place
          shape: "round" -> "square"  forces replacement
    -/+ thing/sub  because thing/net will be new
          base: "net-1" -> (known after apply)  forces replacement
      ~ thing/user  differs from the plan
          parts:
            - "sub-1"
            + (known after apply)

    Plan: 1 to change, 2 to replace; 0 unchanged.
    """)


def test_a_policy_shows_only_the_statements_and_actions_that_differ() -> None:
    def policy(*actions: str, **more: Any) -> PolicyDoc:
        read = {"Sid": "Read", "Effect": "Allow", "Action": list(actions), "Resource": "*"}
        return PolicyDoc({"Version": "2012-10-17", "Statement": [read, *more.values()]})

    there = Thing(name="role", document=policy("s3:GetObject", "s3:ListBucket"))
    write = {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    wanted = Thing(name="role", document=policy("s3:GetObject", "s3:GetObjectTagging", write=write))
    assert render(plan([wanted], [live(there)])) == said("""
      ~ thing/role  differs from the plan
          document:
            - Statement.Read.Action: "s3:ListBucket"
            + Statement.Read.Action: "s3:GetObjectTagging"
            + Statement.Write: {"Action": ["s3:PutObject"], "Effect": "Allow", "Resource": ["*"], "Sid": "Write"}

    Plan: 1 to change; 0 unchanged.
    """)


def test_a_secret_that_changed_is_not_shown() -> None:
    text = render(plan([Thing(name="db", word=Secret("new-word"))], [live(Thing(name="db", word=Secret("old-word")))]))
    assert "word: *** -> ***" in text
    assert "new-word" not in text
    assert "old-word" not in text


def test_deletions_say_why_and_data_stands_in_a_block_of_its_own() -> None:
    there = [live(Thing(name="store")), live(Thing(name="copy"))]
    assert render(plan([], there, Traits(holds_data=True))) == said("""
    Holds data, and would lose it:

      - thing/copy  no longer in the plan
      - thing/store  no longer in the plan

    Plan: 2 to delete; 0 unchanged.
    """)


def test_what_is_left_over_from_an_unfinished_replacement_is_listed() -> None:
    there = [live(Thing(name="net")), live(Thing(name="net", shape="square"), {"id": "net-2"})]
    assert render(plan([Thing(name="net")], there)) == said("""
      - thing/net (left over)  left over from a replacement

    Plan: 1 to delete; 1 unchanged.
    """)


def test_what_others_own_is_shown_and_is_no_change() -> None:
    wanted = Thing(name="app", size=Initial(2, "autoscaling"))
    assert render(plan([wanted], [live(Thing(name="app", size=5))])) == said("""
      ≈ thing/app
        ≈ size: 5 (began as 2; owned by autoscaling)

    Nothing to do: 1 as planned.
    """)


def test_an_update_that_comes_in_two_halves_is_told_once() -> None:
    there = live(Thing(name="door", members=frozenset({"old"})))
    wider = Traits(widened=lambda want, _live: dc.replace(want, members=frozenset({"old", "new"})))
    made = make_plan([Thing(name="door", members=frozenset({"new"}))], [there], {"thing": wider})
    assert [s.key for s in made.tightenings] == ["thing/door#tighten"]
    assert render(made) == said("""
      ~ thing/door  differs from the plan
          members:
            - "old"
            + "new"

    Plan: 1 to change; 0 unchanged.
    """)
    assert [s["key"] for s in as_json(made)["steps"]] == ["thing/door"]


def test_an_adopted_thing_says_so() -> None:
    there = live(Thing(name="net"), owned=False)
    assert render(plan([Thing(name="net")], [there], adopt=frozenset({Address("thing", "net")}))) == said("""
      ~ thing/net  exists without our tags: adopted

    Plan: 1 to change; 0 unchanged.
    """)


def test_a_name_that_is_taken_stands_apart_with_what_has_it() -> None:
    there = live(Thing(name="net", shape="square"), {"arn": "arn:aws:demo:::net"}, owned=False)
    assert render(plan([Thing(name="net"), Thing(name="new")], [there])) == said("""
      + thing/new  in the plan, not on AWS

    Names that are taken:

      ! thing/net  arn:aws:demo:::net  by something without this stack's tags

    Plan: 1 to create, 1 in conflict; 0 unchanged.
    """)


def test_an_empty_plan_is_one_line() -> None:
    assert render(plan([Thing(name="net")], [live(Thing(name="net"))])) == "Nothing to do: 1 as planned."


def test_a_value_too_long_for_a_line_loses_its_middle() -> None:
    text = render(plan([Thing(name="net", shape="x" * 500)], []))
    assert max(map(len, text.splitlines())) < 200


def test_json_holds_every_step_with_its_causes_and_no_secret() -> None:
    there = [live(Thing(name="net", size=Secret("hunter2")))]  # type: ignore[arg-type]
    told = as_json(plan([Thing(name="net", shape="square", word=Secret("hunter3"))], there))
    assert "hunter" not in json.dumps(told)
    assert [(s["key"], s["action"]) for s in told["steps"]] == [("thing/net", "replace"), ("thing/net#old", "delete")]
    shape = {"field": "shape", "old": "round", "new": "square", "forces_replacement": True}
    assert shape in told["steps"][0]["changes"]
    assert told["steps"][1]["needs"] == ["thing/net"]
    assert told["summary"] == "Plan: 1 to replace; 0 unchanged."
