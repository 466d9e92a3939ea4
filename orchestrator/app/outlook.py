"""One look at a system: what it wants, what lives, what differs, and what each service needs. Reads only."""

from __future__ import annotations

import dataclasses as dc
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from orchestrator.app.refusals import without_refused
from orchestrator.app.specs import Outputs, specs_of
from orchestrator.app.system import System
from orchestrator.core.address import Address
from orchestrator.core.resource import Live
from orchestrator.core.values import resolve
from orchestrator.kinds.elbv2 import snapshot
from orchestrator.kinds.scope import Scope
from orchestrator.plan.compile import Compiled
from orchestrator.reconcile import guard
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import observe
from orchestrator.reconcile.steps import Action, Plan, Step
from orchestrator.rollout.assess import assess
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.release import ServiceSpec
from orchestrator.rollout.router import Rule
from orchestrator.rollout.state import Cursor, Phase
from orchestrator.rollout.survey import LiveService, survey
from orchestrator.rollout.watch import Known
from orchestrator.rollout.watch import sides as sides_at


@dc.dataclass(frozen=True, kw_only=True)
class Outlook:
    """What there is to do. ``waiting`` are services that nothing can be decided about before the rest exists."""

    compiled: Compiled
    live: tuple[Live[Any], ...]
    plan: Plan
    decisions: Mapping[str, Decision]
    specs: Mapping[str, ServiceSpec]
    waiting: tuple[str, ...] = ()
    images: Mapping[str, str] = dc.field(default_factory=dict)
    """What services are to run in place of what the plan says: what is asked for, or was and is not finished."""
    unfinished: tuple[str, ...] = ()
    """Services whose rollout a former process left on its way."""
    refused: tuple[Step, ...] = ()
    """Updates that AWS undid time and again: told, and not tried any more."""
    deferred: frozenset[Address] = frozenset()
    """What can only be made once a service runs: its scaling, and what else follows its traffic."""

    @property
    def rollouts(self) -> tuple[Decision, ...]:
        """The services whose rollout or repair is called for."""
        return tuple(d for d in self.decisions.values() if d.acts)

    @property
    def concerns(self) -> tuple[Decision, ...]:
        """The services that are not as planned, whether or not we can do something about it."""
        return tuple(d for d in self.decisions.values() if d.need not in (Need.NOTHING, Need.RECORD))

    @property
    def records(self) -> tuple[Decision, ...]:
        """The services that run what they should, under another name than the one we know."""
        return tuple(d for d in self.decisions.values() if d.need is Need.RECORD)

    @property
    def empty(self) -> bool:
        """Whether AWS is as the plan says."""
        return self.plan.empty and not self.concerns and not self.waiting and not self.unfinished

    @property
    def fingerprint(self) -> str:
        """Changes when anything that would be done changes."""
        needs = [(d.service, d.need.value, d.release.hash if d.release else "") for d in self.concerns]
        told = repr((self.plan.fingerprint, sorted(needs), sorted(self.waiting), self.unfinished))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def headline(self) -> str:
        """How much there is to do, in a few words."""
        parts = [f"{len(self.plan.changes)} changes"] if self.plan.changes else []
        moving = len({d.service for d in self.rollouts} | {*self.waiting, *self.unfinished})
        parts += [f"{moving} rollout{'s' if moving != 1 else ''}"] if moving else []
        return " and ".join(parts) or "nothing"

    def now_and_later(self) -> tuple[Plan, tuple[Step, ...]]:
        """The plan that can be carried out at once, and the steps that wait for services to run."""
        later = tuple(s for s in self.plan.steps if s.address in self.deferred and s in self.plan.changes)
        keys = {s.key for s in later}
        return dc.replace(self.plan, steps=tuple(s for s in self.plan.steps if s.key not in keys)), later


def look(system: System, images: Mapping[str, str] | None = None) -> Outlook:
    """Compare the plan with AWS. ``images`` are wanted in place of what the plan says, by service."""
    compiled = system.compile()
    scope = Scope(system.stack, compiled.resources)
    with ThreadPoolExecutor(1, "survey") as beside:
        sides = beside.submit(sides_at, system.reader, _places(system, compiled))
        live = observe(system.reader, system.stack, compiled.resources, elsewhere=_rolled_out(compiled), scope=scope)
    outputs = Outputs(live, compiled.resources, system.traits)
    specs = specs_of(system.stack, compiled, outputs)
    known = Known(services=sides.result(), rules=_rules(system, scope, specs))
    standing = survey(system.reader, _seen(system, compiled, outputs, specs), known)
    colours = {name: s.active for name, s in standing.items() if s.active}
    if any(colour != "blue" for colour in colours.values()):
        compiled = system.compile(colours)  # type: ignore[arg-type]  # the names are those that specs were made of
        specs = specs_of(system.stack, compiled, outputs)
    left = unfinished(system.store, system.stack)
    return _outlook(system, compiled, live, specs, standing, left, {**_ordered(left, specs), **(images or {})})


def _places(system: System, compiled: Compiled) -> list[tuple[str, str]]:
    """Cluster and name of every ECS service, as far as the plan alone tells: they are read beside all else."""
    outputs = Outputs((), compiled.resources, system.traits)
    named = {s.name: (resolve(s.cluster, outputs.certain), s) for s in compiled.services}
    return [
        (cluster, colour.service.aws_name)
        for cluster, service in named.values()
        if isinstance(cluster, str)
        for colour in service.colours.values()
    ]


def _rules(system: System, scope: Scope, specs: Mapping[str, ServiceSpec]) -> dict[str, Rule]:
    """The rules that the observation has read."""
    if not any(spec.rule for spec in specs.values()):
        return {}
    return {r["RuleArn"]: Rule(r["RuleArn"], r["Actions"]) for r in snapshot.look(system.reader, scope).rules}


def _ordered(left: Mapping[str, Cursor], specs: Mapping[str, ServiceSpec]) -> dict[str, str]:
    """The images that unfinished rollouts are bringing; the plan's word counts where it has changed since."""
    onward = {n: c.release for n, c in left.items() if n in specs and c.phase is Phase.FORWARD}
    return {n: r["image"] for n, r in onward.items() if r["image"] and r["plan_image"] == specs[n].image}


def _seen(
    system: System, compiled: Compiled, outputs: Outputs, specs: Mapping[str, ServiceSpec]
) -> tuple[ServiceSpec, ...]:
    """What can be looked at: a service that has lost its rule still shows which of its colours has tasks."""
    if len(specs) == len(compiled.services):
        return tuple(specs.values())
    ruleless = specs_of(system.stack, compiled, outputs, ruled=False)
    return tuple({**ruleless, **specs}.values())


def _outlook(
    system: System,
    compiled: Compiled,
    live: tuple[Live[Any], ...],
    specs: Mapping[str, ServiceSpec],
    standing: Mapping[str, LiveService],
    left: Mapping[str, Cursor],
    images: Mapping[str, str],
) -> Outlook:
    ours = _rolled_out(compiled)
    rest = [x for x in live if x.address not in ours]
    plan = make_plan(compiled.resources, rest, system.traits, adopt=_adopted(system))
    if any(s.address.kind == "subnet" and s.action in (Action.CREATE, Action.REPLACE) for s in plan.steps):
        system.compile(zones=_zones(system))
    plan, refused = without_refused(system.store, system.stack, plan)
    return Outlook(
        compiled=compiled,
        live=live,
        plan=guard.with_truth_about_data(system.reader, plan),
        refused=refused,
        decisions=assess(system.reader, specs.values(), images=images, live=standing),
        specs=specs,
        images=images,
        waiting=tuple(s.name for s in compiled.services if s.name not in specs),
        unfinished=tuple(sorted(left.keys() & specs.keys())),
        deferred=_deferred(compiled, standing),
    )


def _zones(system: System) -> tuple[str, ...]:
    """The zones that this account has here."""
    listed = system.reader.pages("ec2", "describe_availability_zones", "AvailabilityZones")
    return tuple(z["ZoneName"] for z in listed if z.get("State", "available") == "available")


def _rolled_out(compiled: Compiled) -> frozenset[Address]:
    """What rollouts look after: the ECS services of every colour, and the task definitions."""
    sides = {c.service.address for s in compiled.services for c in s.colours.values()}
    return frozenset(sides | {s.task_definition.address for s in compiled.services})


def _adopted(system: System) -> frozenset[Address]:
    return frozenset(Address.parse(text) for text in system.loaded.model.adopt)


def _deferred(compiled: Compiled, standing: Mapping[str, LiveService]) -> frozenset[Address]:
    """What follows services of which nothing runs yet: auto scaling refuses a service that does not exist."""
    idle = [s for s in compiled.services if s.name not in standing or standing[s.name].active is None]
    return frozenset(r.address for s in idle for following in s.following.values() for r in following)
