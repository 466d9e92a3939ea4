"""Strategies: each is a function to a list of stages, and differs from the others in nothing else.

Every list comes with its ways back. They are entered from any failure, put the traffic first and the capacity after it,
and are made of the same stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from orchestrator.rollout.gates.base import Gate
from orchestrator.rollout.stages.base import PREVIOUS, Stage
from orchestrator.rollout.stages.capacity import NEW, OLD, Arm, Follow, Retire, Suspend, Tidy
from orchestrator.rollout.stages.check import Check, Test
from orchestrator.rollout.stages.provision import Provision
from orchestrator.rollout.stages.traffic import Approve, Bake, Enlist, Hold, Ready, Shift

Stages: TypeAlias = tuple[Stage, ...]


@dataclass(frozen=True, kw_only=True)
class Route:
    """The way forward and the ways back."""

    forward: Stages
    back: Stages
    yielding: Stages
    """The way back when a newer deployment by somebody else has taken the new side's ECS service."""


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """How a release takes over. ``steps``: percent of the traffic, and seconds to watch at each, before all of it."""

    kind: str = "all-at-once"
    steps: tuple[tuple[int, float], ...] = ()
    approve: bool = False
    in_place: bool = False
    bake: float = 30.0
    hold: float = 60.0
    check: tuple[Gate, ...] = ()
    """Before anything is started."""
    test: tuple[Gate, ...] = ()
    """On the new side before it gets traffic."""
    watch: tuple[Gate, ...] = ()
    """While the new side has traffic, at every step, when it has all of it, and while the old side is held."""
    freeze: bool = False
    """Stop where it fails and let a person decide: for what cannot go back."""


def all_at_once(*, bake: float = 30.0, hold: float = 60.0) -> Strategy:
    """All traffic in one step, once the new side is healthy."""
    return Strategy(kind="all-at-once", bake=bake, hold=hold)


def canary(steps: Sequence[tuple[int, float]], *, bake: float = 30.0, hold: float = 60.0) -> Strategy:
    """Any list of percentages, each watched for as long as it says."""
    return Strategy(kind="canary", steps=tuple(steps), bake=bake, hold=hold)


def linear(step: int, every: float, *, bake: float = 30.0, hold: float = 60.0) -> Strategy:
    """The same share more, at the same interval."""
    return Strategy(kind="linear", steps=tuple((p, every) for p in range(step, 100, step)), bake=bake, hold=hold)


def manual(*, bake: float = 30.0, hold: float = 60.0) -> Strategy:
    """Everything ready, and no traffic before a person says so."""
    return Strategy(kind="manual", approve=True, bake=bake, hold=hold)


def rolling(*, bake: float = 30.0) -> Strategy:
    """Task by task in the same ECS service: for what has no load balancer, or does without a second colour."""
    return Strategy(kind="rolling", in_place=True, bake=bake, hold=0.0)


def route(strategy: Strategy, *, balanced: bool, first: bool, deadline: float) -> Route:
    """The stages of a rollout. ``first``: nothing runs yet, so there is nothing to shift from or to go back to."""
    if first:
        return _first(strategy, deadline, balanced=balanced)
    if strategy.in_place or not balanced:
        return _in_place(strategy, deadline)
    return _colours(strategy, deadline)


def healing() -> Route:
    """All traffic to the side that runs, none to the other, and nothing left over on that."""
    return Route(forward=(Ready(), Shift(0), Follow(OLD), Retire(NEW)), back=(), yielding=())


def _first(strategy: Strategy, deadline: float, *, balanced: bool) -> Route:
    joins: Stages = (Enlist(),) if balanced else ()
    traffic: Stages = (Shift(100),) if balanced else ()
    provisions: Stages = (*joins, Provision(deadline=deadline))
    forward: Stages = (*_check(strategy), *provisions, *traffic, *_test(strategy), Follow(), Arm(), Tidy())
    return Route(forward=forward, back=(Retire(NEW),), yielding=())


def _in_place(strategy: Strategy, deadline: float) -> Route:
    return Route(
        forward=(
            *_check(strategy),
            *_approval(strategy),
            Provision(in_place=True, deadline=deadline),
            *_test(strategy),
            *_watch(Bake(strategy.bake, strategy.watch)),
            Arm(),
            Tidy(),
        ),
        back=(Provision(PREVIOUS, in_place=True, deadline=deadline),),
        yielding=(),
    )


def _colours(strategy: Strategy, deadline: float) -> Route:
    steps = [stage for percent, seconds in strategy.steps for stage in (Shift(percent), Bake(seconds, strategy.watch))]
    back: Stages = (Ready(), Shift(0), Follow(OLD))
    forward: Stages = (
        *_check(strategy),
        Suspend(),
        Enlist(),
        Provision(deadline=deadline),
        *_test(strategy),
        *_approval(strategy),
        *steps,
        Shift(100),
        *_watch(Bake(strategy.bake, strategy.watch)),
        Follow(NEW),
        *_watch(Hold(strategy.hold, strategy.watch)),
        Retire(OLD),
        Arm(),
        Tidy(),
    )
    return Route(forward=forward, back=(*back, Retire(NEW)), yielding=back)


def _check(strategy: Strategy) -> Stages:
    return (Check(strategy.check),) if strategy.check else ()


def _test(strategy: Strategy) -> Stages:
    return (Test(strategy.test),) if strategy.test else ()


def _approval(strategy: Strategy) -> Stages:
    return (Approve(),) if strategy.approve else ()


def _watch(stage: Bake) -> Stages:
    return (stage,) if stage.seconds > 0 else ()
