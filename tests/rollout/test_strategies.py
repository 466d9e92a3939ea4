"""The lists of stages, as they are: a strategy is nothing else."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable

from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.stages.base import Stage
from orchestrator.rollout.strategies import Strategy, all_at_once, canary, linear, manual, rolling, route

GATES = (Alarms(names=("errors",)),)


def _told(stages: Iterable[Stage]) -> str:
    words = []
    for stage in stages:
        number = getattr(stage, "percent", None) or getattr(stage, "seconds", None) or getattr(stage, "side", None)
        words.append(f"{stage.name} {number}" if number else stage.name)
    return ", ".join(words)


def _forward(strategy: Strategy, *, balanced: bool = True, first: bool = False) -> str:
    return _told(route(strategy, balanced=balanced, first=first, deadline=900).forward)


def test_all_at_once() -> None:
    assert _forward(all_at_once()) == (
        "suspend, enlist, provision, shift 100, bake 30.0, follow new, hold 60.0, retire old, arm, tidy"
    )


def test_canary_takes_any_steps() -> None:
    assert _forward(canary([(1, 60), (10, 300), (50, 600)], bake=0, hold=0)) == (
        "suspend, enlist, provision, shift 1, bake 60, shift 10, bake 300, shift 50, bake 600, "
        "shift 100, follow new, retire old, arm, tidy"
    )


def test_linear_takes_equal_steps_and_the_rest_in_the_last() -> None:
    assert _forward(linear(40, 60, bake=0, hold=0)) == (
        "suspend, enlist, provision, shift 40, bake 60, shift 80, bake 60, shift 100, follow new, retire old, arm, tidy"
    )


def test_manual_waits_with_everything_ready() -> None:
    assert _forward(manual(bake=0, hold=0)) == (
        "suspend, enlist, provision, approve, shift 100, follow new, retire old, arm, tidy"
    )


def test_rolling_touches_no_traffic_and_no_second_colour() -> None:
    assert _forward(rolling()) == "provision, bake 30.0, arm, tidy"


def test_without_a_load_balancer_every_strategy_rolls_in_place() -> None:
    assert _forward(canary([(10, 60)]), balanced=False) == "provision, bake 30.0, arm, tidy"


def test_a_first_release_has_nothing_to_shift_from() -> None:
    assert _forward(canary([(10, 60)]), first=True) == "enlist, provision, shift 100, follow new, arm, tidy"
    assert _forward(rolling(), balanced=False, first=True) == "provision, follow new, arm, tidy"


def test_gates_stand_before_the_start_before_the_traffic_and_in_every_watch() -> None:
    gated = dc.replace(canary([(10, 60)]), check=GATES, test=GATES, watch=GATES, approve=True)
    way = route(gated, balanced=True, first=False, deadline=900)
    assert _told(way.forward) == (
        "check, suspend, enlist, provision, test, approve, shift 10, bake 60, shift 100, bake 30.0, "
        "follow new, hold 60.0, retire old, arm, tidy"
    )
    assert [stage.name for stage in way.forward if getattr(stage, "gates", ())] == [
        "check",
        "test",
        *["bake"] * 2,
        "hold",
    ]


def test_a_first_release_is_checked_and_tested_too() -> None:
    gated = dc.replace(all_at_once(), check=GATES, test=GATES)
    assert _forward(gated, first=True) == "check, enlist, provision, shift 100, test, follow new, arm, tidy"


def test_every_way_back_moves_the_traffic_before_the_capacity() -> None:
    way = route(canary([(10, 60)]), balanced=True, first=False, deadline=900)
    assert _told(way.back) == "ready, shift, follow old, retire new"
    assert _told(way.yielding) == "ready, shift, follow old"
    assert _told(route(rolling(), balanced=False, first=False, deadline=900).back) == "provision"
    assert _told(route(rolling(), balanced=False, first=True, deadline=900).back) == "retire new"
