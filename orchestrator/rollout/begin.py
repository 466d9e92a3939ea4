"""The first cursor of a rollout: from what is wanted and what is there, to the stages and the facts they start from."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.core.clock import iso
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.fleet import previous_of
from orchestrator.rollout.release import RELEASE_TAG, ServiceSpec
from orchestrator.rollout.stages.base import Facts
from orchestrator.rollout.stages.capacity import Follow
from orchestrator.rollout.stages.together import Together
from orchestrator.rollout.stages.traffic import Bake, Ready, Shift
from orchestrator.rollout.state import Cursor
from orchestrator.rollout.strategies import Route, Stages, healing, route
from orchestrator.rollout.survey import LiveService


def begin(spec: ServiceSpec, decision: Decision, live: LiveService, *, by: str, now: float, joint: str = "") -> Cursor:
    """A cursor at its first stage. ``live`` is read just now: the decision may be older."""
    first = decision.need is Need.FIRST or live.active is None
    facts = _facts(spec, decision.need, live, first=first)
    way = _route(spec, decision.need, live, first=first)
    if joint:
        way = dc.replace(way, forward=_together(way.forward))
    release = decision.release
    hashed = release.hash if release else ""
    watching = sum(stage.seconds for stage in way.forward if isinstance(stage, Bake))
    return Cursor(
        id=f"{iso(now).replace('-', '').replace(':', '')}-{hashed[:8] or decision.need.value}",
        stack=spec.stack,
        service=spec.name,
        strategy=decision.need.value if decision.need is Need.HEAL else spec.strategy.kind,
        release={
            "hash": hashed,
            "image": release.image.text if release else "",
            "plan_image": release.plan_image if release else "",
            "before": live.side.tags.get(RELEASE_TAG, "") if live.side else "",
            "image_before": live.image,
            "task_definition_before": live.side.task_definition if live.side else "",
        },
        by=by,
        started=now,
        since=now,
        deadline=now + spec.deadline + watching,
        facts=facts,
        joint=joint,
        freeze=spec.strategy.freeze and not first,
        forward=way.forward,
        back=way.back,
        yielding=way.yielding,
    )


def _route(spec: ServiceSpec, need: Need, live: LiveService, *, first: bool) -> Route:
    if need is Need.HEAL:
        return healing()
    way = route(spec.strategy, balanced=spec.balanced, first=first, deadline=spec.deadline)
    if not first and spec.balanced and live.shares.get(live.active or "") != 100:
        return dc.replace(way, forward=(Ready(), Shift(0), *way.forward))
    return way


def _together(forward: Stages) -> Stages:
    """Waiting for the others comes before whatever cannot be undone by weights alone."""
    at = next((n for n, stage in enumerate(forward) if stage.name == Follow.name), len(forward))
    return (*forward[:at], Together(), *forward[at:])


def _facts(spec: ServiceSpec, need: Need, live: LiveService, *, first: bool) -> Facts:
    if first:
        new = _first_colour(spec, live)
        return Facts(
            old=None,
            new=new,
            count=max(spec.minimum, spec.desired),
            least=spec.minimum,
            percent=live.shares.get(new) or 0,
            aim=live.shares.get(new) or 0,
            first=True,
        )
    old = live.active or ""
    side = live.sides[old]
    in_place = need is not Need.HEAL and (spec.strategy.in_place or not spec.balanced)
    new = old if in_place else spec.other(old)
    percent = live.shares.get(new) or 0
    return Facts(
        old=old,
        new=new,
        count=max(spec.minimum, side.desired, side.running),
        least=spec.minimum,
        percent=percent,
        aim=percent,
        previous=previous_of(side) if in_place else {},
    )


def _first_colour(spec: ServiceSpec, live: LiveService) -> str:
    """The one that the rule already sends to, so that no weight has to move; else the plan's first."""
    whole = [colour for colour, share in live.shares.items() if share == 100]
    return next(iter((*whole, *spec.colours)))
