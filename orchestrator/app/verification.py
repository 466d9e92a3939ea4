"""Checks before a deployment, so that what would fail half-way fails before anything has changed. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.app import outlook as looking
from orchestrator.app.outlook import Outlook
from orchestrator.app.system import System
from orchestrator.aws.errors import classify, message_of
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.resource import Live
from orchestrator.core.values import refs
from orchestrator.kinds.ec2.vpc import Subnet
from orchestrator.rollout.decide import Need
from orchestrator.rollout.gates.base import Judgement, Reading
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.preflight import obstacles
from orchestrator.rollout.release import ServiceSpec

_SPARE = 2
"""Addresses beside a whole second set of tasks: a replacement may start before its predecessor is gone."""
_SCANNING = 300.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at. ``hint`` says what to do when it is not good."""

    name: str
    good: bool
    detail: str
    hint: str = ""


def verify(system: System, images: Mapping[str, str]) -> tuple[Check, ...]:
    """All checks, the bad ones among them."""
    for name in images:
        if name not in system.loaded.model.services:
            known = ", ".join(system.loaded.model.services)
            raise OrchestratorError(f"--image: found no service {name!r}, allowed: {known}")
    outlook = looking.look(system, images)
    return (
        *_images(outlook),
        *_roles(outlook),
        *_addresses(outlook),
        *_weights(outlook),
        *_rollouts(system, outlook),
        *_scans(system, outlook, images),
        *_certificate(system),
    )


def _images(outlook: Outlook) -> Iterator[Check]:
    for decision in outlook.decisions.values():
        name = f"image of {decision.service}"
        if decision.missing:
            yield Check(name=name, good=False, detail=str(decision.missing), hint=f"push it: {decision.missing.push}")
        elif decision.release:
            yield Check(name=name, good=True, detail=decision.release.image.text)
    for service in outlook.waiting:
        yield Check(name=f"image of {service}", good=True, detail="its repository is not there yet; apply makes it")


def _roles(outlook: Outlook) -> Iterator[Check]:
    there = {x.address: x for x in outlook.live}
    for service in outlook.compiled.services:
        for reference in sorted(set(refs(service.task_definition)), key=str):
            if reference.to.kind != "role":
                continue
            live = there.get(reference.to)
            name = f"{reference.to} of {service.name}"
            if live is None:
                yield Check(name=name, good=True, detail="not there yet; apply makes it")
            else:
                yield Check(
                    name=name, good=_trusts_tasks(live), detail="lets ECS tasks assume it", hint="apply puts it right"
                )


def _trusts_tasks(live: Live[Any]) -> bool:
    return "ecs-tasks.amazonaws.com" in str(getattr(live.resource, "trust", ""))


def _addresses(outlook: Outlook) -> Iterator[Check]:
    """A blue-green rollout runs twice the tasks for a while, each with an address of its own."""
    subnets = {x.outputs["id"]: x for x in outlook.live if isinstance(x.resource, Subnet)}
    needed = sum(_tasks(spec, outlook) for spec in outlook.specs.values())
    used = {s for spec in outlook.specs.values() for c in spec.colours.values() for s in c.service.subnets}
    known = [subnets[s] for s in used if s in subnets]
    if not known:
        return
    free = sum(int(x.outputs.get("free") or 0) for x in known)
    names = ", ".join(sorted(x.address.name for x in known))
    yield Check(
        name="free addresses",
        good=free >= needed + _SPARE,
        detail=f"{free} free in {names}, a rollout of all services takes {needed}",
        hint="free addresses, or use larger subnets",
    )


def _tasks(spec: ServiceSpec, outlook: Outlook) -> int:
    side = outlook.decisions[spec.name].live.side
    return max(spec.minimum, spec.desired, side.desired if side else 0)


def _weights(outlook: Outlook) -> Iterator[Check]:
    for decision in outlook.decisions.values():
        if decision.need in (Need.HEAL, Need.LOOK):
            reasons = "; ".join(decision.reasons)
            yield Check(name=f"traffic of {decision.service}", good=False, detail=reasons, hint="apply puts it right")
        elif decision.live.active:
            yield Check(name=f"traffic of {decision.service}", good=True, detail=f"all on {decision.live.active}")


def _rollouts(system: System, outlook: Outlook) -> Iterator[Check]:
    """What a rollout would be refused for: what its tasks need, and what it would go back to."""
    asked = [(outlook.specs[n], d.live, d.release) for n, d in outlook.decisions.items() if d.release]
    found = system.reader.each(lambda each: obstacles(system.reader, *each), asked)
    for (spec, live, _), obstructions in zip(asked, found, strict=True):
        ready = "what it needs is there" if live.side is None else "what it needs is there, and so is the way back"
        yield Check(
            name=f"rollout of {spec.name}",
            good=not obstructions,
            detail="; ".join(obstructions) or ready,
            hint="a rollout would be refused; put that right first",
        )


def _scans(system: System, outlook: Outlook, images: Iterable[str]) -> Iterator[Check]:
    """What the plan's gates would say about the scans of images that are to be deployed."""
    for name in images:
        spec, decision = outlook.specs.get(name), outlook.decisions.get(name)
        if spec is None or decision is None or decision.release is None:
            continue
        digest = spec.wants(decision.release.image.text).digest
        for gate in spec.strategy.check:
            if isinstance(gate, Scan):
                said = _scanned(system, gate, spec.repository, digest)
                good = said is not None and said.judgement is Judgement.PASS
                words = said.words if said else "nobody has scanned it"
                yield Check(name=f"scan of {name}", good=good, detail=words, hint="a rollout of it would go back")


def _scanned(system: System, gate: Scan, repository: str, digest: str) -> Reading | None:
    """The scan's result. One that is at work is waited for: it was begun by a push a moment ago."""
    until = system.clock.now() + _SCANNING
    while True:
        said = gate.look(system.reader, repository, digest)
        at_work = said is not None and said.judgement is Judgement.NOT_YET
        if not at_work or system.clock.now() >= until or system.stop.is_set():
            return said
        system.clock.sleep(gate.limits.every, system.stop)


def _certificate(system: System) -> Iterator[Check]:
    entry = system.loaded.model.entry
    if entry is None or entry.certificate is None:
        return
    try:
        answer = system.reader.client("acm").describe_certificate(CertificateArn=entry.certificate)
        status = str(answer["Certificate"]["Status"])
    except Exception as error:
        if not hasattr(error, "response"):
            raise
        status = f"{classify(error)}: {message_of(error)}"
    yield Check(
        name="certificate",
        good=status == "ISSUED",
        detail=f"{entry.certificate} is {status}",
        hint="validate it in ACM, in the region of the plan",
    )
