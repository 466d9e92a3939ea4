"""One look at everything that Elastic Load Balancing has for a stack, shared by its four kinds.

Describe calls give no tags and filter by none. So load balancers and target groups are listed once, what hangs on those
that may be ours is read below them, and the tags of all are asked for together, twenty a call.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify, unless_gone
from orchestrator.core.resource import Resource
from orchestrator.kinds.base import Item
from orchestrator.kinds.scope import Scope

SERVICE = "elbv2"
_TAGS_A_CALL = 20


@dc.dataclass(frozen=True)
class Snapshot:
    """What may be the stack's, as AWS describes it, with ``Tags`` and ``Attributes`` put into the items."""

    balancers: list[Item]
    groups: list[Item]
    listeners: list[Item]
    rules: list[Item]


def look(aws: Aws, scope: Scope) -> Snapshot:
    """The snapshot of this pass."""
    return scope.once(SERVICE, lambda: _look(aws, scope))


def with_full_name(item: Item) -> Item:
    """The item with the name that metrics and scaling policies know it by: the tail of its ARN."""
    return {**item, "FullName": _arn(item).rpartition(":")[2].removeprefix("loadbalancer/")}


def stated(item: Item, name: str, wanted: Iterable[Resource]) -> dict[str, str]:
    """Of an item's attributes, those that the plan has a say in. ``name`` is the field with AWS's name of it."""
    told: set[str] = set()
    for want in wanted:
        if item["Tags"].get(tags.ADDRESS) == str(want.address) or getattr(want, "aws_name", None) == item[name]:
            told.update(getattr(want, "attributes", ()))
    return {key: value for key, value in item.get("Attributes", {}).items() if key in told}


def retag(aws: Aws, arn: str, want: Resource) -> None:
    """Write the tags. AddTags overwrites single keys and leaves the others."""
    aws.client(SERVICE).add_tags(ResourceArns=[arn], Tags=tags.as_list(want.tags))


def _look(aws: Aws, scope: Scope) -> Snapshot:
    """In as few rounds as what is asked depends on what was told: what one round can ask, it asks at once."""
    balancers, groups = aws.each(lambda listing: listing(aws, scope), (_balancers, _groups))
    stated_any = any(getattr(want, "attributes", None) for want in scope.of("load-balancer"))
    listening = [_Ask("describe_listeners", "Listeners", "LoadBalancerArn", a) for a in _to_open(scope, balancers)]
    telling = [_Ask("describe_target_group_attributes", "Attributes", "TargetGroupArn", _arn(g)) for g in groups]
    if stated_any:
        telling += [
            _Ask("describe_load_balancer_attributes", "Attributes", "LoadBalancerArn", _arn(b)) for b in balancers
        ]
    likely = [
        *map(_arn, (*balancers, *groups)),
        *scope.proposed(aws, "listener"),
        *scope.proposed(aws, "listener-rule"),
    ]
    asks: list[Callable[[Aws], Any]] = [*listening, *telling, lambda aws: _tags(aws, likely, sure=False)]
    *answers, found = aws.each(lambda ask: ask(aws), asks)
    told = dict(zip([*listening, *telling], answers, strict=True))
    listeners = [{**item, ask.parent: ask.arn} for ask in listening for item in told[ask] or ()]
    below = [_Ask("describe_rules", "Rules", "ListenerArn", a) for a in _listeners_to_open(scope, listeners)]
    rules = [
        {**rule, ask.parent: ask.arn}
        for ask, items in zip(below, aws.each(lambda ask: ask(aws), below), strict=True)
        for rule in items or ()
        if not rule.get("IsDefault")
    ]
    attributes = {ask.arn: told[ask] for ask in telling}
    found |= _tags(aws, [a for i in (*balancers, *groups, *listeners, *rules) if (a := _arn(i)) not in found])

    def complete(items: Sequence[Item]) -> list[Item]:
        """With tags and attributes; what went away meanwhile is left out. AWS lists even those without tags."""
        there = [i for i in items if _arn(i) in found and attributes.get(_arn(i), ()) is not None]
        return [{**i, "Tags": found[_arn(i)], "Attributes": tags.as_map(attributes.get(_arn(i)))} for i in there]

    return Snapshot(complete(balancers), complete(groups), complete(listeners), complete(rules))


@dc.dataclass(frozen=True)
class _Ask:
    """One question about one thing; None is the answer when that went away meanwhile."""

    operation: str
    path: str
    parent: str
    arn: str

    def __call__(self, aws: Aws) -> list[Item] | None:
        return unless_gone(lambda: list(aws.pages(SERVICE, self.operation, self.path, **{self.parent: self.arn})))


def _balancers(aws: Aws, scope: Scope) -> list[Item]:
    listed = list(aws.pages(SERVICE, "describe_load_balancers", "LoadBalancers"))
    return [with_full_name(i) for i in _candidates(aws, scope, "load-balancer", listed, "LoadBalancerName")]


def _groups(aws: Aws, scope: Scope) -> list[Item]:
    listed = list(aws.pages(SERVICE, "describe_target_groups", "TargetGroups"))
    return [with_full_name(i) for i in _candidates(aws, scope, "target-group", listed, "TargetGroupName")]


def _candidates(aws: Aws, scope: Scope, kind: str, listed: Iterable[Item], name: str) -> Iterator[Item]:
    """Of everything in the account: what we want by name, and what may be left over of this stack."""
    names, proposed = _names(scope, kind), set(scope.proposed(aws, kind))
    names.add(scope.stack)
    for item in listed:
        if item[name] in names or item[name].startswith(f"{scope.stack}-") or _arn(item) in proposed:
            yield item


def _names(scope: Scope, kind: str) -> set[str]:
    return {str(getattr(want, "aws_name", "")) for want in scope.of(kind)}


def _to_open(scope: Scope, balancers: Iterable[Item]) -> list[str]:
    shared = {getattr(want, "load_balancer", None) for want in scope.of("listener")}
    return sorted({b["LoadBalancerArn"] for b in balancers} | {arn for arn in shared if isinstance(arn, str)})


def _listeners_to_open(scope: Scope, listeners: Iterable[Item]) -> list[str]:
    shared = {getattr(want, "listener", None) for want in scope.of("listener-rule")}
    return sorted({x["ListenerArn"] for x in listeners} | {arn for arn in shared if isinstance(arn, str)})


def _tags(aws: Aws, arns: list[str], *, sure: bool = True) -> dict[str, Mapping[str, str]]:
    """Tags by ARN. One ARN that is gone fails its whole call, whose others are then asked for one by one.

    Where it is not even ``sure`` that they are there, such a call just tells nothing.
    """
    client = aws.client(SERVICE)

    def ask(some: list[str]) -> Any:
        try:
            return client.describe_tags(ResourceArns=some)["TagDescriptions"]
        except Exception as error:
            if classify(error) is not ErrorClass.NOT_FOUND:
                raise
            return [t for arn in some for t in ask([arn])] if sure and len(some) > 1 else []

    batches = [arns[i : i + _TAGS_A_CALL] for i in range(0, len(arns), _TAGS_A_CALL)]
    return {t["ResourceArn"]: tags.as_map(t["Tags"]) for answer in aws.each(ask, batches) for t in answer}


def _arn(item: Item) -> str:
    """An item's own ARN: a rule also names its listener, a listener its load balancer."""
    return str(next(item[k] for k in ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn") if k in item))
