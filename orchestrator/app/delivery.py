"""New images for running services. Infrastructure is looked at and left as it is."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping

from orchestrator.app import outlook as looking
from orchestrator.app.ending import Ending
from orchestrator.app.outlook import Outlook
from orchestrator.app.provision import roll_out
from orchestrator.app.specs import Outputs
from orchestrator.app.system import System
from orchestrator.core.errors import OrchestratorError, Refused
from orchestrator.core.events import Sink
from orchestrator.reconcile.steps import Plan
from orchestrator.rollout.decide import Need


def look(system: System, images: Mapping[str, str]) -> Outlook:
    """What deploying these images would do. Raises ``Refused`` when one is not there or its service cannot take it."""
    known = system.loaded.model.services
    for name in images:
        if name not in known:
            raise OrchestratorError(f"--image: found no service {name!r}, allowed: {', '.join(known)}")
    outlook = looking.look(system, images)
    absent = sorted(set(images) & set(outlook.waiting))
    if absent:
        raise Refused(
            f"what {', '.join(absent)} stand on is not all there yet",
            hint=f"provision it first: orchestrator apply {system.loaded.path}",
        )
    chosen = {n: d for n, d in outlook.decisions.items() if n in images}
    for decision in chosen.values():
        if decision.missing:
            raise Refused(f"{decision.service}: {decision.missing}", hint=f"push it first: {decision.missing.push}")
        if decision.need is Need.LOOK:
            raise Refused(
                f"{decision.service}: {'; '.join(decision.reasons)}", hint="put it right by hand, or by apply"
            )
    specs = {n: s for n, s in outlook.specs.items() if n in images}
    left = tuple(n for n in outlook.unfinished if n in images)
    return dc.replace(
        outlook, plan=Plan(), decisions=chosen, specs=specs, waiting=(), unfinished=left, deferred=frozenset()
    )


def deploy(system: System, outlook: Outlook, sink: Sink, *, patience: float | None = None) -> Ending:
    """Roll the images out: several are one release, kept or undone together.

    ``patience``: seconds after which the rollout is left as it is, to be taken up by the next command.
    """
    began = system.clock.now()
    outputs = Outputs(outlook.live, outlook.compiled.resources, system.traits)
    joint = len(outlook.rollouts) > 1
    services = roll_out(system, outlook, outputs, sink, joint=joint, patience=patience)
    return Ending(services=services, seconds=system.clock.now() - began)
