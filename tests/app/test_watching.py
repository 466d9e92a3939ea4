"""Rollouts as they are shown: where they stand, what gates have measured, and how far one got that goes back."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

from orchestrator.app import watching
from orchestrator.rollout import machine, orders
from orchestrator.rollout.gates.base import Judgement, Limits
from orchestrator.rollout.gates.metrics import ErrorRate
from orchestrator.rollout.orders import Word
from orchestrator.rollout.stages.base import Facts, Tally
from orchestrator.rollout.stages.verdicts import Done, Fail
from orchestrator.rollout.state import Cursor, Outcome, as_json
from orchestrator.rollout.strategies import canary, route
from orchestrator.stores.memory import MemoryStore

GATE = ErrorRate(maximum=1, limits=Limits(every=30, samples=2, failures=1))
WAY = route(dc.replace(canary([(10, 300)], bake=0, hold=0), watch=(GATE,)), balanced=True, first=False, deadline=900)
NAMES = [stage.name for stage in WAY.forward]


def _cursor(**changes: Any) -> Cursor:
    told: dict[str, Any] = {
        "id": "1",
        "stack": "forum",
        "service": "posts",
        "strategy": "canary",
        "release": {"image": "v2@sha256:1", "image_before": "v1@sha256:0", "hash": "h"},
        "by": "ann",
        "started": 1000.0,
        "since": 1000.0,
        "deadline": 2000.0,
        "facts": Facts(old="blue", new="green", count=2, least=1),
        "forward": WAY.forward,
        "back": WAY.back,
        "yielding": WAY.yielding,
    }
    return Cursor(**{**told, **changes})


def _baking() -> Cursor:
    cursor = _cursor()
    while cursor.stage and cursor.stage.name != "bake":
        percent = 10 if cursor.stage.name == "shift" else cursor.facts.percent
        cursor = dc.replace(cursor, facts=dc.replace(cursor.facts, percent=percent))
        cursor = machine.advance(cursor, Done(), 1100.0)
    return cursor


def _states(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(stage["name"], stage["state"]) for stage in told["stages"]]


def test_stages_are_done_at_work_or_ahead_and_the_one_at_work_says_until_when() -> None:
    told = watching.rollout(MemoryStore(), _baking(), 1200.0)
    at = NAMES.index("bake")
    assert _states(told) == [(n, "done" if i < at else "now" if i == at else "ahead") for i, n in enumerate(NAMES)]
    assert (told["stages"][at]["until"], told["stages"][at - 1]["until"]) == (1400.0, None)
    assert (told["percent"], told["weights"]) == (10, [[1100.0, 0], [1100.0, 10]])
    assert watching.said(told) == "v2: bake at 10 %"


def test_one_that_goes_back_shows_how_far_it_got_and_the_way_back() -> None:
    back = machine.advance(_baking(), Fail("5xx"), 1300.0)
    told = watching.rollout(MemoryStore(), back, 1300.0)
    at = NAMES.index("bake")
    assert _states(told)[at : at + 2] == [("bake", "failed"), (NAMES[at + 1], "left out")]
    assert _states(told)[len(NAMES) :][0] == (WAY.back[0].name, "now")
    assert told["phase"] == "back" and watching.said(told) == f"v2: going back, {WAY.back[0].name} at 10 %"


def test_a_gate_is_told_once_with_its_newest_count_and_every_answer() -> None:
    cursor = _baking()
    tally = Tally(asked=2, passes=1, failures=1, at=1150.0, words="2.00 %", last=Judgement.FAIL.value)
    facts = dc.replace(cursor.facts, tallies={f"forward {cursor.at} {GATE.title}": tally})
    answer = {"gate": GATE.title, "judgement": "fail"}
    noted = machine.note_down(dc.replace(cursor, facts=facts), 1150.0, "2.00 %", **answer)
    (gate,) = watching.rollout(MemoryStore(), noted, 1200.0)["gates"]
    assert (gate["verdict"], gate["words"], gate["passes"], gate["samples"]) == ("fail", "2.00 %", 1, 2)
    assert (gate["failures"], gate["forgiven"], gate["every"], gate["stages"]) == (1, 1, 30, ["bake"])
    assert gate["answers"] == [{"at": 1150.0, "judgement": "fail", "words": "2.00 %"}]


def test_whether_somebody_is_at_work_on_it_and_what_they_were_told() -> None:
    store, cursor = MemoryStore(), dc.replace(_baking(), driven=1200.0)
    store.save(cursor.key, as_json(cursor), None)
    orders.give(store, "forum", "posts", Word.ABORT, by="bob", at=1210.0, reason="smells")
    told = watching.rollout(store, cursor, 1220.0)
    assert (told["driven_now"], told["asks"], told["order"]) == (True, False, "abort by bob: smells")
    late = watching.rollout(store, cursor, 1220.0 + watching.NOBODY_AFTER)
    asks = watching.rollout(store, dc.replace(cursor, outcome=Outcome.PAUSED, why="approve"), 1220.0)
    assert (late["driven_now"], asks["driven_now"], asks["asks"]) == (False, False, True)
