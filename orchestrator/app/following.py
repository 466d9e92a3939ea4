"""What follows a service's traffic from colour to colour: scalable target, policies, alarms, the pipeline's target.

Whatever the plan compiles to differently for another colour follows it. It is moved by the reconciler, on its own: only
its kinds are read, only its steps are taken.
"""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Mapping
from typing import Any

from orchestrator.app.specs import Outputs
from orchestrator.app.system import System
from orchestrator.core.address import Address
from orchestrator.core.errors import AwsError
from orchestrator.core.events import Sink
from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, resolve
from orchestrator.kinds.catalogue import KINDS
from orchestrator.plan.compile.context import COLOURS, ColourName
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import observe


class Followers:
    """Moves what follows, one service at a time: some of it belongs to several."""

    def __init__(self, system: System, colours: Mapping[str, ColourName], outputs: Outputs, sink: Sink) -> None:
        self._system = system
        self._colours = dict(colours)
        self._outputs = outputs
        self._sink = sink
        self._lock = threading.Lock()

    def move(self, service: str, colour: str) -> None:
        """Bring what follows a service to one of its colours. Raises ``AwsError`` when a part does not move."""
        system = self._system
        with self._lock:
            self._colours = {**self._colours, service: _colour(colour)}
            wanted = {r.address: r for r in system.compile(self._colours).resources}
            moving = self._dependent(service)
            here = [self._settled(wanted[a], moving) for a in sorted(moving & wanted.keys())]
            kinds = {a.kind: KINDS[a.kind] for a in moving}
            live = [
                x for x in observe(system.reader, system.stack, wanted.values(), kinds=kinds) if x.address in moving
            ]
            plan = make_plan(here, live, system.traits)
            cause = f"follows {service} to {colour}"
            told = dc.replace(plan, steps=tuple(dc.replace(step, cause=cause) for step in plan.steps))
            report = system.applier(self._sink).apply(told)
            if not report.ok:
                failed = "; ".join(f"{r.step.address}: {r.error}" for r in report.failed)
                raise AwsError(f"what follows {service} did not all move to {colour}: {failed}")

    def _dependent(self, service: str) -> set[Address]:
        """The addresses that mean something else, or are not there, when the service is on its other colour."""
        blue, green = (_by_address(self._system, {**self._colours, service: c}) for c in COLOURS)
        return {a for a in blue.keys() | green.keys() if _kept(blue.get(a)) != _kept(green.get(a))}

    def _settled(self, resource: Resource, moving: set[Address]) -> Resource:
        """The resource without references to anything that does not move with it."""

        def known(ref: Any) -> Any:
            return ref if ref.to in moving else self._outputs.certain(ref)

        changes = {f: resolve(getattr(resource, f), known) for f, _ in resource.attrs()}
        return dc.replace(resource, **changes, after=frozenset(resource.after & moving))


def _by_address(system: System, colours: Mapping[str, ColourName]) -> dict[Address, Resource]:
    return {r.address: r for r in system.compile(colours).resources}


def _kept(resource: Resource | None) -> Resource | None:
    """The resource without what others decide once it exists: the weights of a rule do not follow, they lead."""
    if resource is None:
        return None
    given: dict[str, Any] = {f: None for f, _ in resource.attrs() if isinstance(getattr(resource, f), Initial)}
    return dc.replace(resource, **given)


def _colour(name: str) -> ColourName:
    return "green" if name == "green" else "blue"
