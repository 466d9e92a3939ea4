"""The actions that the commands on a plan take, as kinds, the rollout engine and gates declare them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from orchestrator.app.privileges.arns import Place, arns_of
from orchestrator.app.privileges.grants import Grants
from orchestrator.app.privileges.policy import Document, Statement, documents
from orchestrator.app.privileges.scopes import ANY
from orchestrator.app.strategies import strategy_of
from orchestrator.core.resource import Resource
from orchestrator.core.values import stable
from orchestrator.kinds.base import Kind
from orchestrator.kinds.catalogue import KINDS
from orchestrator.plan.compile import Context, ServicePlan, compile_plan
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.rollout.actions import ENGINE
from orchestrator.rollout.gates.base import Gate
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.gates.webhook import Webhook

LOOKING = frozenset({"ec2:DescribeAvailabilityZones", "tag:GetResources"})
"""What is read beside what kinds and rollouts read. GetCallerIdentity needs no permission."""
BLOCKED = frozenset({"ec2:DescribeNetworkInterfaces"})
"""What is read to tell why something cannot go."""
CERTIFICATE = "acm:DescribeCertificate"
_NOBODY = "0" * 12
_HELD = {
    "secretsmanager:secret": re.compile(r"arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+"),
    "ssm:parameter": re.compile(r"arn:aws[\w-]*:ssm:[\w-]+:\d{12}:parameter/[\w/.-]+"),
}


@dataclass(frozen=True, kw_only=True)
class Privileges:
    """The policy of a plan, in as many documents as IAM's limit makes it."""

    place: Place
    documents: tuple[Document, ...]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of all documents."""
        return tuple(s for d in self.documents for s in d.statements)

    @property
    def unscoped(self) -> tuple[str, ...]:
        """What no ARN and no condition narrows: IAM offers none, or all of the account's are listed."""
        return tuple(a for s in self.statements if s.resources == (ANY,) and not s.condition for a in s.actions)


def privileges(
    loaded: LoadedPlan,
    *,
    region: str | None = None,
    account: str | None = None,
    read_only: bool = False,
    kept: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> Privileges:
    """What the commands need that work on a plan; with ``read_only`` those that change nothing. Asks nobody.

    ``kept`` are actions by the ARN that they are granted on: what it takes to reach where state is kept.
    """
    model = loaded.model
    place = Place(stack=loaded.stack, region=region or ANY, account=account or model.account or ANY)
    known = place.account if place.account != ANY else _NOBODY
    compiled = compile_plan(
        model, Context(stack=place.stack, account=known, region=place.region, partition=place.partition)
    )
    certificate = model.entry.certificate if model.entry else None
    statements = granted(compiled.resources, compiled.services, place, read_only=read_only, certificate=certificate)
    store = (Statement(actions=tuple(sorted(a)), resources=(arn,), condition={}) for arn, a in kept.items())
    return Privileges(place=place, documents=documents((*statements, *store)))


def granted(
    resources: Iterable[Resource],
    services: Iterable[ServicePlan],
    place: Place,
    *,
    read_only: bool = False,
    certificate: str | None = None,
) -> tuple[Statement, ...]:
    """What keeping these resources and rolling these services out takes."""
    services = tuple(services)
    everything = [*resources, *_rolled_out(services)]
    kinds = [KINDS[name] for name in sorted({r.kind for r in everything})]
    reads = _reads(services)
    writes = frozenset() if read_only else _writes(kinds, services)
    arns = arns_of(everything, place)
    grants = Grants(
        place=place,
        arns=replace(arns, exact={**arns.exact, **_mentioned(services, certificate)}),
        linked=frozenset(k.linked for k in kinds if k.linked),
        reads=reads,
    )
    return grants.statements(reads | writes)


def _rolled_out(services: Iterable[ServicePlan]) -> Iterator[Resource]:
    """What rollouts look after, and what follows their traffic to either colour."""
    for service in services:
        yield service.task_definition
        yield from (colour.service for colour in service.colours.values())
        yield from (resource for following in service.following.values() for resource in following)


def _reads(services: Iterable[ServicePlan]) -> frozenset[str]:
    """Kinds that the plan does not name are read, too: something may be left of them."""
    asked = {action for kind in KINDS.values() for action in kind.actions.read}
    if not services:
        return LOOKING | asked
    verified = {action for gate in _gates(services) if isinstance(gate, Scan) for action in gate.looks}
    return LOOKING | asked | verified | set(ENGINE.read) | {CERTIFICATE}


def _writes(kinds: Iterable[Kind[Any]], services: Iterable[ServicePlan]) -> frozenset[str]:
    made = {a for k in kinds for verb in (k.actions.create, k.actions.update, k.actions.delete) for a in verb}
    if not services:
        return BLOCKED | made
    judged = {action for gate in _gates(services) for action in gate.actions}
    return BLOCKED | made | judged | set(ENGINE.update)


def _gates(services: Iterable[ServicePlan]) -> Iterator[Gate]:
    for service in services:
        strategy = strategy_of(service)
        yield from (*strategy.check, *strategy.test, *strategy.watch)


def _mentioned(services: Iterable[ServicePlan], certificate: str | None) -> dict[str, frozenset[str]]:
    """The ARNs of what the plan names and somebody else looks after."""
    held = stable([s.task_definition for s in services])
    found = {type_: frozenset(form.findall(held)) for type_, form in _HELD.items()}
    tokens = frozenset(gate.secret for gate in _gates(services) if isinstance(gate, Webhook) and gate.secret)
    return found | {"secretsmanager:token": tokens, "acm:certificate": frozenset([certificate] if certificate else [])}
