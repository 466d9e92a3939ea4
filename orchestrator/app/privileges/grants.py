"""On what each action is granted: on names where names tell what is ours, by the stack's tag where only tags do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.app.privileges.arns import Arns, Place
from orchestrator.app.privileges.policy import Condition, Statement
from orchestrator.app.privileges.scopes import ANY, CREATES, IN_CLUSTER, LINKED, MADE, PASSED, SCOPES, TAGGED
from orchestrator.aws import tags

_ALWAYS: Mapping[str, Condition] = {
    "application-autoscaling:scalable-target": {
        "StringEquals": {"application-autoscaling:service-namespace": "ecs"},
    },
}
"""By type of resource, what holds of all of ours and can be asked for although their ARNs say nothing."""
_MADE_WITH = f"aws:RequestTag/{tags.STACK}"
_CARRIES = f"aws:ResourceTag/{tags.STACK}"

Grant = tuple[tuple[str, ...], Condition]
"""On what, and when."""


@dataclass(frozen=True, kw_only=True)
class Grants:
    """What each action of a plan is granted on."""

    place: Place
    arns: Arns
    linked: frozenset[str]
    """AWS services whose service-linked roles may have to be made."""
    reads: frozenset[str] = field(default_factory=frozenset)
    """Actions by which observing looks at whatever bears a name that could be the stack's."""

    def statements(self, actions: Iterable[str]) -> tuple[Statement, ...]:
        """One for all actions that are granted alike."""
        alike: dict[str, tuple[Grant, set[str]]] = {}
        for action in sorted(actions):
            for grant in self._grants(action):
                if not grant[0]:
                    continue  # the plan has nothing of that type
                alike.setdefault(json.dumps(grant, sort_keys=True), (grant, set()))[1].add(action)
        return tuple(
            Statement(actions=tuple(sorted(granted)), resources=resources, condition=condition)
            for (resources, condition), granted in alike.values()
        )

    def _grants(self, action: str) -> Iterator[Grant]:
        service = action.partition(":")[0]
        names: set[str] = set()
        for type_ in SCOPES[action]:
            if type_ in _SPECIAL:
                yield from _SPECIAL[type_](self)
            elif type_.startswith(MADE):
                yield from self._made(f"{service}:{type_.removeprefix(MADE)}")
            elif service in TAGGED:
                yield self._carrying(service)
            elif f"{service}:{type_}" in _ALWAYS:
                yield self._named(f"{service}:{type_}", action), _ALWAYS[f"{service}:{type_}"]
            else:
                names.update(self._named(f"{service}:{type_}", action))
        if action == "ec2:CreateTags":
            yield self._tagged_at_creation()
        if names:
            yield tuple(sorted(names)), {}

    def _named(self, type_: str, action: str) -> tuple[str, ...]:
        return self.arns.of(type_, reading=action in self.reads)

    def _made(self, type_: str) -> Iterator[Grant]:
        """What is made has to be made with the stack's tag."""
        resources = (ANY,) if type_.endswith(ANY) else self.arns.of(type_, reading=False)
        if resources:
            yield resources, {"StringEquals": {_MADE_WITH: self.place.stack}}

    def _all(self, service: str) -> tuple[str, ...]:
        types = sorted(t for t in self.arns.exact if t.partition(":")[0] == service)
        return tuple(arn for t in types for arn in self.arns.of(t, reading=False))

    def _carrying(self, service: str) -> Grant:
        """One grant for all types: an action concerns only its own, and each one has to carry the tag."""
        return self._all(service), {"StringEquals": {_CARRIES: self.place.stack}}

    def _tagged_at_creation(self) -> Grant:
        """Tags that come with a creation are authorised by themselves, on what does not exist yet."""
        return self._all("ec2"), {"StringEquals": {"ec2:CreateAction": sorted(CREATES), _MADE_WITH: self.place.stack}}

    def _anything(self) -> Iterator[Grant]:
        yield (ANY,), {}

    def _in_cluster(self) -> Iterator[Grant]:
        clusters = self.arns.of("ecs:cluster", reading=False)
        if clusters:
            yield (ANY,), {"ArnEquals": {"ecs:cluster": list(clusters)}}

    def _passed(self) -> Iterator[Grant]:
        for service, roles in sorted(self.arns.passed.items()):
            yield tuple(sorted(roles)), {"StringEquals": {"iam:PassedToService": service}}

    def _linked(self) -> Iterator[Grant]:
        for service in sorted(self.linked):
            role = self.place.arn("iam:role", f"role/aws-service-role/{service}/*")
            yield (role,), {"StringEquals": {"iam:AWSServiceName": service}}

    def _profiles(self) -> Iterator[Grant]:
        """Somebody may have put a role of ours into a profile, which then keeps it from being deleted."""
        yield (self.place.arn("iam:instance-profile", "instance-profile/*"),), {}


_SPECIAL = {
    ANY: Grants._anything,
    IN_CLUSTER: Grants._in_cluster,
    PASSED: Grants._passed,
    LINKED: Grants._linked,
    "instance-profile": Grants._profiles,
}
