"""One look at everything that Elastic Load Balancing has for a stack, shared by its four kinds.

Describe calls give no tags and filter by none. So load balancers and target groups are listed once, what hangs on those
that may be ours is read below them, and the tags of all are asked for together, twenty a call.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Iterator, Mapping
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
    balancers, groups = aws.each(list, (_balancers(aws, scope), _groups(aws, scope)))
    listeners = _below(aws, "describe_listeners", "Listeners", "LoadBalancerArn", _balancers_to_open(scope, balancers))
    rules = [
        rule
        for rule in _below(aws, "describe_rules", "Rules", "ListenerArn", _listeners_to_open(scope, listeners))
        if not rule.get("IsDefault")
    ]
    found = _tags(aws, [_arn(item) for item in (*balancers, *groups, *listeners, *rules)])

    def tagged(items: list[Item]) -> list[Item]:
        return [{**item, "Tags": found.get(_arn(item), {})} for item in items]

    balancers, groups = tagged(balancers), tagged(groups)
    if any(getattr(want, "attributes", None) for want in scope.of("load-balancer")):
        operation = "describe_load_balancer_attributes"
        balancers = _with_attributes(aws, scope, balancers, operation, "LoadBalancerArn")
    groups = _with_attributes(aws, scope, groups, "describe_target_group_attributes", "TargetGroupArn")
    return Snapshot(balancers, groups, tagged(listeners), tagged(rules))


def _balancers(aws: Aws, scope: Scope) -> Iterator[Item]:
    listed = aws.pages(SERVICE, "describe_load_balancers", "LoadBalancers")
    for item in _candidates(aws, scope, "load-balancer", listed, "LoadBalancerName"):
        yield with_full_name(item)


def _groups(aws: Aws, scope: Scope) -> Iterator[Item]:
    listed = aws.pages(SERVICE, "describe_target_groups", "TargetGroups")
    for item in _candidates(aws, scope, "target-group", listed, "TargetGroupName"):
        yield with_full_name(item)


def _candidates(aws: Aws, scope: Scope, kind: str, listed: Iterable[Item], name: str) -> Iterator[Item]:
    """Of everything in the account: what we want by name, and what may be left over of this stack."""
    names, proposed = _names(scope, kind), set(scope.proposed(aws, kind))
    names.add(scope.stack)
    for item in listed:
        if item[name] in names or item[name].startswith(f"{scope.stack}-") or _arn(item) in proposed:
            yield item


def _names(scope: Scope, kind: str) -> set[str]:
    return {str(getattr(want, "aws_name", "")) for want in scope.of(kind)}


def _balancers_to_open(scope: Scope, balancers: Iterable[Item]) -> set[str]:
    shared = {getattr(want, "load_balancer", None) for want in scope.of("listener")}
    return {b["LoadBalancerArn"] for b in balancers} | {arn for arn in shared if isinstance(arn, str)}


def _listeners_to_open(scope: Scope, listeners: Iterable[Item]) -> set[str]:
    shared = {getattr(want, "listener", None) for want in scope.of("listener-rule")}
    return {x["ListenerArn"] for x in listeners} | {arn for arn in shared if isinstance(arn, str)}


def _below(aws: Aws, operation: str, path: str, parent: str, arns: set[str]) -> list[Item]:
    """The children of each parent; a parent that went away meanwhile has none."""

    def ask(arn: str) -> list[Item]:
        listed = unless_gone(lambda: list(aws.pages(SERVICE, operation, path, **{parent: arn})))
        return [{**item, parent: arn} for item in listed or ()]

    return [item for items in aws.each(ask, sorted(arns)) for item in items]


def _tags(aws: Aws, arns: list[str]) -> dict[str, Mapping[str, str]]:
    """Tags by ARN. One ARN that is gone fails its whole call, whose others are then asked for one by one."""
    client = aws.client(SERVICE)

    def ask(some: list[str]) -> Any:
        try:
            return client.describe_tags(ResourceArns=some)["TagDescriptions"]
        except Exception as error:
            if classify(error) is not ErrorClass.NOT_FOUND:
                raise
            return [t for arn in some for t in ask([arn])] if len(some) > 1 else []

    batches = [arns[i : i + _TAGS_A_CALL] for i in range(0, len(arns), _TAGS_A_CALL)]
    return {t["ResourceArn"]: tags.as_map(t["Tags"]) for answer in aws.each(ask, batches) for t in answer}


def _with_attributes(aws: Aws, scope: Scope, items: list[Item], operation: str, arn: str) -> list[Item]:
    """The items with their attributes, which AWS tells one by one. Those of a stranger's are not asked for."""
    ask = getattr(aws.client(SERVICE), operation)

    def one(item: Item) -> Item | None:
        if item["Tags"].get(tags.STACK, scope.stack) != scope.stack:
            return item
        answer = unless_gone(lambda: ask(**{arn: item[arn]})["Attributes"])
        return None if answer is None else {**item, "Attributes": {a["Key"]: a["Value"] for a in answer}}

    return [item for item in aws.each(one, items) if item]


def _arn(item: Item) -> str:
    """An item's own ARN: a rule also names its listener, a listener its load balancer."""
    return str(next(item[k] for k in ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn") if k in item))
