"""How every service of a stack stands on AWS, read in one or two calls for all of them.

The active colour is what the weights on AWS say, and what it runs is what its ECS service says; no file is asked.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping

from orchestrator.aws.door import Aws
from orchestrator.rollout.release import (
    IMAGE_TAG,
    PLAN_IMAGE_TAG,
    RELEASE_TAG,
    TASK_DEFINITION_TAG,
    ServiceSpec,
    revision,
)
from orchestrator.rollout.router import share, weights
from orchestrator.rollout.sides import Side
from orchestrator.rollout.watch import Known, Sight, Subject, look


@dc.dataclass(frozen=True, kw_only=True)
class LiveService:
    """One service as it stands."""

    name: str
    sides: Mapping[str, Side]
    active: str | None
    """The colour that serves, or that should when the weights are not plain; None when nothing runs."""
    shares: Mapping[str, float | None] = dc.field(default_factory=dict)
    """Percent of the traffic by colour; empty without a load balancer."""
    unsettled: tuple[str, ...] = ()
    """What is not as a finished rollout leaves it."""
    foreign: str = ""
    """Why nothing may be touched before a person has looked."""

    @property
    def side(self) -> Side | None:
        """The active colour's ECS service."""
        return self.sides[self.active] if self.active else None

    @property
    def release(self) -> str:
        """Hash of what runs; empty when nothing does, or nobody knows."""
        return self._label(RELEASE_TAG) if self.recorded else ""

    @property
    def image(self) -> str:
        """The image that runs, as ``tag@digest``."""
        return self._label(IMAGE_TAG)

    @property
    def plan_image(self) -> str:
        """What the plan said when it was last rolled out."""
        return self._label(PLAN_IMAGE_TAG)

    @property
    def recorded(self) -> bool:
        """Whether the active side runs the revision that its labels name."""
        return self.side is not None and revision(self.side.task_definition) == self._label(TASK_DEFINITION_TAG)

    @property
    def strayed(self) -> bool:
        """Whether somebody else has deployed another revision to the active ECS service since."""
        return self.side is not None and bool(self._label(TASK_DEFINITION_TAG)) and not self.recorded

    @property
    def spoilt(self) -> bool:
        """Whether what the active side ran last is a release that failed with none to go back to."""
        return self._label(RELEASE_TAG).startswith("failed:")

    def _label(self, key: str) -> str:
        return self.side.tags.get(key, "") if self.side else ""


def survey(aws: Aws, specs: Iterable[ServiceSpec], known: Known | None = None) -> dict[str, LiveService]:
    """Every service by name: DescribeServices for ten colours a call, DescribeRules for all rules at once.

    What is ``known`` is not asked.
    """
    listed = {spec.name: spec for spec in specs}
    sights = look(aws, {name: subject_of(spec) for name, spec in listed.items()}, known)
    return {name: stand(spec, sights[name]) for name, spec in listed.items()}


def subject_of(spec: ServiceSpec, closely: str | None = None, *, glance: bool = False) -> Subject:
    """What there is to look at of a service."""
    groups = {colour: c.target_group for colour, c in spec.colours.items() if c.target_group}
    return Subject(
        cluster=spec.cluster,
        services=spec.services,
        rule=spec.rule,
        test_rule=spec.test_rule,
        closely=closely,
        glance=glance,
        groups=groups,
    )


def groups_of(spec: ServiceSpec, sides: Mapping[str, Side]) -> dict[str, tuple[str, ...]]:
    """Target groups by colour, the one its tasks are in first: the plan may already name another."""
    found: dict[str, tuple[str, ...]] = {}
    for colour, planned in spec.colours.items():
        side = sides[colour]
        live = side.target_groups if side.desired or side.running else ()
        stale = side.target_groups if not live else ()
        ours = (planned.target_group,) if planned.target_group else ()
        found[colour] = tuple(dict.fromkeys((*live, *ours, *stale, *spec.former.get(colour, ()))))
    return found


def stand(spec: ServiceSpec, sight: Sight) -> LiveService:
    """One service from what was seen of it."""
    sides = sight.sides
    if not spec.balanced or sight.rule is None:
        return _unbalanced(spec, sides)
    groups = groups_of(spec, sides)
    live = weights(sight.rule.actions)
    shares = {colour: share(live, groups, colour) for colour in spec.colours}
    strangers = sorted(set(live) - {g for each in groups.values() for g in each})
    foreign = f"the rule forwards to groups that are not this service's: {', '.join(strangers)}" if strangers else ""
    active = _active(spec, sides, shares)
    unsettled = _unsettled(spec, sides, shares, active) if not foreign else ()
    return LiveService(name=spec.name, sides=sides, active=active, shares=shares, unsettled=unsettled, foreign=foreign)


def _unbalanced(spec: ServiceSpec, sides: Mapping[str, Side]) -> LiveService:
    busy = [c for c, side in sides.items() if side.active and side.desired]
    there = [c for c, side in sides.items() if side.active]
    active = next(iter(busy or there), None)
    return LiveService(name=spec.name, sides=sides, active=active, unsettled=_strayed(sides, active))


def _active(spec: ServiceSpec, sides: Mapping[str, Side], shares: Mapping[str, float | None]) -> str | None:
    """The colour that has tasks; else the one that is there at all; of both the one not spoilt, with more traffic."""
    if not any(side.active for side in sides.values()):
        return None

    def rank(colour: str) -> tuple[bool, bool, bool, float]:
        side = sides[colour]
        wanted = bool(side.desired) or spec.minimum == 0
        spoilt = side.tags.get(RELEASE_TAG, "").startswith("failed:")
        return side.active and wanted, side.active, not spoilt, shares[colour] or 0.0

    return max(sides, key=rank)


def _unsettled(
    spec: ServiceSpec, sides: Mapping[str, Side], shares: Mapping[str, float | None], active: str | None
) -> tuple[str, ...]:
    if active is None:
        return ()
    found = list(_strayed(sides, active))
    if shares[active] != 100:
        found.append("weights are " + ", ".join(f"{c} {s or 0:g} %" for c, s in sorted(shares.items())))
    other = sides[spec.other(active)]
    if other.active and other.desired:
        found.append(f"{other.desired} tasks of the idle {other.service}")
    return tuple(found)


def _strayed(sides: Mapping[str, Side], active: str | None) -> tuple[str, ...]:
    """Whether somebody else has deployed to the active ECS service."""
    side = sides[active] if active else None
    recorded = side.tags.get(TASK_DEFINITION_TAG, "") if side else ""
    if side is None or not recorded or recorded == revision(side.task_definition):
        return ()
    return (f"{side.service} runs {revision(side.task_definition)}, last rolled out was {recorded}",)
