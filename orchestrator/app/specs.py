"""From a service as planned to one that can be rolled out: every reference replaced by what it stands for on AWS."""

from __future__ import annotations

import dataclasses as dc
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.app.strategies import strategy_of
from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Ref, Unknown, resolve, unknowns
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.plan.compile import Compiled, ServicePlan
from orchestrator.plan.compile.context import COLOURS
from orchestrator.reconcile.steps import Traits
from orchestrator.rollout.release import ColourSpec, OnConflict, ServiceSpec

_FILLED_IN_LATER = ""
"""Stands where a rollout puts the revision that it registers."""


class Outputs:
    """What references stand for: what lives says it, and names say it of what is certain to come."""

    def __init__(
        self,
        live: Iterable[Live[Any]],
        wanted: Iterable[Resource],
        traits: Mapping[str, Traits],
        made: Mapping[Address, Mapping[str, Any]] | None = None,
    ) -> None:
        live = [x for x in live if x.owned]
        self._known = {x.address: x.outputs for x in live} | dict(made or {})
        self._groups: dict[Address, set[str]] = defaultdict(set)
        for group in (x for x in live if isinstance(x.resource, TargetGroup)):
            self._groups[group.address].add(str(group.outputs["arn"]))
        self._wanted = {r.address: r for r in wanted}
        self._traits = traits

    def former(self, planned: ServicePlan) -> dict[str, tuple[str, ...]]:
        """By colour, the live target groups that a replacement of them will leave behind."""
        return {
            colour: tuple(sorted(self._groups.get(c.target_group, ())))
            for colour, c in planned.colours.items()
            if c.target_group
        }

    def __call__(self, ref: Ref[Any]) -> Any:
        """The output, or ``Unknown`` when only an apply can tell."""
        outputs = self._known.get(ref.to, {})
        if outputs.get(ref.output) is not None:
            return outputs[ref.output]
        return Unknown(ref)

    def certain(self, ref: Ref[Any]) -> Any:
        """The output, or what it will be, or ``Unknown``."""
        value = self(ref)
        if isinstance(value, Unknown) and ref.to in self._wanted:
            traits = self._traits.get(ref.to.kind) or Traits()
            return traits.predict(self._wanted[ref.to]).get(ref.output, value)
        return value


def specs_of(stack: str, compiled: Compiled, outputs: Outputs, *, ruled: bool = True) -> dict[str, ServiceSpec]:
    """The services that everything they stand on exists for, by name.

    Without ``ruled`` their rules may be missing: enough to see which colour has tasks, not to roll anything out.
    """
    groups = {r.address: r for r in compiled.resources if isinstance(r, TargetGroup)}
    specs = {service.name: _spec(stack, service, outputs, groups) for service in compiled.services}
    if not ruled:
        specs = {name: dc.replace(spec, rule=None, test_rule=None, url="") for name, spec in specs.items()}
    return {name: spec for name, spec in specs.items() if not unknowns(spec)}


def _checks(planned: ServicePlan, groups: Mapping[Address, TargetGroup]) -> tuple[int, float] | None:
    """How many health checks a new target has to pass, and the seconds between two."""
    group = next((groups[a] for c in planned.colours.values() if (a := c.target_group) and a in groups), None)
    return (group.healthy_threshold, float(group.health_interval)) if group else None


def _spec(stack: str, planned: ServicePlan, outputs: Outputs, groups: Mapping[Address, TargetGroup]) -> ServiceSpec:
    def lookup(ref: Ref[Any]) -> Any:
        return _FILLED_IN_LATER if ref.to == planned.task_definition.address else outputs(ref)

    def known(value: Any) -> Any:
        return resolve(value, lookup)

    colours: dict[str, ColourSpec] = {
        colour: ColourSpec(
            service=known(c.service), target_group=known(Ref(c.target_group, "arn")) if c.target_group else None
        )
        for colour, c in planned.colours.items()
        if planned.rule or colour == COLOURS[0]  # a service that rolls in place has one side
    }
    return ServiceSpec(
        stack=stack,
        name=planned.name,
        cluster=known(planned.cluster),
        task_definition=known(planned.task_definition),
        container=planned.name,
        repository=planned.repository,
        repository_uri=known(Ref(Address("repository", planned.name), "uri")),
        image=planned.image,
        colours=colours,
        former=outputs.former(planned),
        rule=known(Ref(planned.rule, "arn")) if planned.rule else None,
        test_rule=known(Ref(planned.test_rule, "arn")) if planned.test_rule else None,
        test_headers=planned.test_headers,
        url=known(planned.url),
        sticky=planned.strategy.sticky,
        minimum=planned.min,
        desired=planned.desired,
        strategy=strategy_of(planned),
        deadline=planned.strategy.deadline,
        checks=_checks(planned, groups),
        needs=tuple(sorted(planned.needs)),
        on_conflict=OnConflict(planned.strategy.concurrent),
    )
