"""The ARNs of a plan's resources, as far as names tell them before anything exists."""

from __future__ import annotations

import dataclasses as dc
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.resource import Resource
from orchestrator.core.values import Ref, refs, resolve, stable
from orchestrator.kinds.base import Kind, Named
from orchestrator.kinds.catalogue import KINDS

_WITHOUT_REGION = frozenset({"iam", "route53", "s3"})
_WITHOUT_ACCOUNT = frozenset({"route53", "s3"})
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_UNKNOWN = "0" * 12
"""The account in whose place a plan is compiled when it is not known."""
_HASH = 8
"""Digits that end a name which was cut."""

Names = Mapping[str, frozenset[str]]
"""ARNs by IAM's type of resource."""


@dc.dataclass(frozen=True, kw_only=True)
class Place:
    """Where a plan is applied. ``*`` stands for what is not known."""

    stack: str
    region: str
    account: str

    @property
    def partition(self) -> str:
        """Told by the region."""
        start = self.region.partition("-")[0]
        return "aws-cn" if start == "cn" else "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, kind: str, tail: str) -> str:
        """The ARN of a type of resource such as ``ecs:service``."""
        service = kind.partition(":")[0]
        region = "" if service in _WITHOUT_REGION else self.region
        account = "" if service in _WITHOUT_ACCOUNT else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}:{tail}"


@dc.dataclass(frozen=True, kw_only=True)
class Arns:
    """Exactly what the plan names, and beside that the family of names that observing has to look at."""

    exact: Names
    family: Names
    passed: Mapping[str, frozenset[str]] = dc.field(default_factory=dict)
    """Roles by the AWS service that takes them."""

    def of(self, kind: str, *, reading: bool) -> tuple[str, ...]:
        """What an action on a type of resource is granted on."""
        found = self.exact.get(kind, frozenset())
        return tuple(sorted(_without_covered(found | self.family.get(kind, frozenset()) if reading else found)))


def arns_of(resources: Iterable[Resource], place: Place) -> Arns:
    """The ARNs of all these resources."""
    by_address = {r.address: r for r in resources}
    exact: dict[str, set[str]] = defaultdict(set)
    family: dict[str, set[str]] = defaultdict(set)
    passed: dict[str, set[str]] = defaultdict(set)
    for resource in by_address.values():
        kind = KINDS[resource.kind]
        named = _with_names(resource, by_address, place)
        for kind_of, form in kind.arns.items():
            exact[kind_of].add(place.arn(kind_of, form.format_map(_Fields(named))))
        if kind.passes_to:
            passed[kind.passes_to] |= set(_roles(resource, by_address, place))
    for kind in KINDS.values():
        for kind_of, tail in _family(kind, by_address.values(), by_address, place):
            family[kind_of].add(place.arn(kind_of, tail))
    return Arns(exact=_frozen(exact), family=_frozen(family), passed=_frozen(passed))


class _Fields(dict[str, str]):
    """Fields of a resource for the form of its ARN; what it does not say is anything."""

    def __init__(self, resource: Resource | None, **known: str) -> None:
        super().__init__(known)
        self._resource = resource

    def __missing__(self, key: str) -> str:
        return str(getattr(self._resource, key, "*"))


def _with_names(resource: Resource, others: Mapping[Address, Resource], place: Place) -> Resource:
    """The resource with names in place of references, and with ``*`` for what only the account tells of its name."""

    def name(ref: Ref[Any]) -> str:
        return str(getattr(others.get(ref.to), "aws_name", "*"))

    named: Resource = resolve(resource, name)
    if isinstance(named, Named) and place.account == "*" and "{account}" in named.naming:
        full = named.naming.format(stack=place.stack, name=named.name, account=_UNKNOWN, region=place.region)
        known = named.aws_name if len(full) <= named.name_limit else f"{named.aws_name[:-_HASH]}*"
        return dc.replace(named, aws_name=known.replace(_UNKNOWN, "*"))
    return named


def _family(
    kind: Kind[Any], resources: Iterable[Resource], others: Mapping[Address, Resource], place: Place
) -> Iterator[tuple[str, str]]:
    """The names that a stack may have given to a kind, those of what its plan no longer says among them."""
    if not issubclass(kind.resource, Named):
        return
    naming = kind.resource.naming.format(stack=place.stack, name="*", account=place.account, region=place.region)
    known: list[Resource | None] = [_with_names(r, others, place) for r in resources if r.kind == kind.resource.kind]
    for kind_of, form in kind.arns.items():
        for resource in known or ([None] if place.stack in naming else []):
            yield kind_of, form.format_map(_Fields(resource, aws_name=naming))


def _roles(resource: Resource, others: Mapping[Address, Resource], place: Place) -> Iterator[str]:
    """The roles that a resource names, those of the plan and those of somebody else."""
    yield from _ROLE.findall(stable(resource))
    for ref in refs(resource):
        role = others.get(ref.to)
        if role is not None and role.kind == "role":
            named = _with_names(role, others, place)
            yield place.arn("iam:role", KINDS["role"].arns["iam:role"].format_map(_Fields(named)))


def _without_covered(arns: Iterable[str]) -> set[str]:
    """Without those that another one's ``*`` means anyway."""
    found = set(arns)
    return {a for a in found if not any(b != a and "*" in b and fnmatchcase(a, b) for b in found)}


def _frozen(found: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {kind: frozenset(arns) for kind, arns in found.items()}
