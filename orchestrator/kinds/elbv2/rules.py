"""Rules: which requests on a listener go where. Rules that others put on our listener are not looked at."""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of
from orchestrator.core.errors import Refused
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Initial, Link
from orchestrator.kinds.base import Actions, Item, Kind
from orchestrator.kinds.ec2.vpc import Vpc
from orchestrator.kinds.elbv2 import actions as does
from orchestrator.kinds.elbv2 import conditions as takes
from orchestrator.kinds.elbv2.listeners import Listener, ListenerKind
from orchestrator.kinds.elbv2.snapshot import look, retag
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.scope import Scope

_LAST_PRIORITY = 50000
_moving = threading.Lock()
"""Held while rules are pushed aside: two that swap places at once would push each other away."""


@dc.dataclass(frozen=True, kw_only=True)
class ListenerRule(Resource):
    """A rule. The lowest ``priority`` whose conditions all hold wins, before the listener's default action.

    ``action`` is an ``Initial`` where a rollout moves the weights from then on.
    """

    kind: ClassVar[str] = "listener-rule"
    listener: Link[Listener] = attr("ListenerArn", immutable=True)
    priority: int = attr("Priority", parse=int)
    conditions: frozenset[takes.Condition] = attr("Conditions", parse=takes.parse)
    action: does.Action | Initial[does.Action] = attr("Actions", parse=does.parse)


class ListenerRuleKind(Kind[ListenerRule]):
    """A priority is held by one rule at a time, so a rule that moves may have to push another aside."""

    resource = ListenerRule
    service = "elbv2"
    outputs: ClassVar[Mapping[str, str]] = {"id": "RuleArn", "arn": "RuleArn"}
    actions = Actions(
        read=(
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
        ),
        create=("elasticloadbalancing:CreateRule", "elasticloadbalancing:AddTags"),
        update=(
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:SetRulePriorities",
            "elasticloadbalancing:AddTags",
        ),
        delete=("elasticloadbalancing:DeleteRule",),
    )

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """From the shared look."""
        return look(aws, scope).rules

    def create(self, aws: Aws, want: ListenerRule) -> Item:
        """Where a rule of ours that will move or go still holds the priority, it is pushed aside."""

        def ask() -> Item:
            made: Item = aws.client("elbv2").create_rule(
                ListenerArn=want.listener, Priority=want.priority, Tags=tags.as_list(want.tags), **_content(want)
            )["Rules"][0]
            return made

        try:
            return ask()
        except Exception as error:
            if code_of(error) != "PriorityInUse":
                raise
            with _moving:
                taken = self._taken(aws, want)
                holder, marks = self._holder(aws, want, taken)
                if holder and want.tags.items() <= marks.items():
                    return {"RuleArn": holder}  # made by an attempt of ours whose reply was lost
                aside = self._aside(want, taken, holder, marks)
                if not aside:
                    if holder:
                        raise _held(want, holder) from error
                    raise  # what holds it is not listed yet, and may be ours
                aws.client("elbv2").set_rule_priorities(RulePriorities=aside)
                return ask()

    def update(self, aws: Aws, want: ListenerRule, live: Live[ListenerRule], changed: frozenset[str]) -> None:
        """ModifyRule cannot change the priority."""
        client, arn = aws.client("elbv2"), live.outputs["arn"]
        content = _content(want)
        parameters = {p: content[p] for f, p in (("conditions", "Conditions"), ("action", "Actions")) if f in changed}
        if parameters:
            client.modify_rule(RuleArn=arn, **parameters)
        if "priority" in changed:
            self._move(aws, want, arn)
        if "tags" in changed:
            retag(aws, arn, want)

    def delete(self, aws: Aws, live: Live[ListenerRule]) -> None:
        """From this moment the listener's default action takes its requests."""
        aws.client("elbv2").delete_rule(RuleArn=live.outputs["arn"])

    def _move(self, aws: Aws, want: ListenerRule, arn: str) -> None:
        """To its new priority, in one call with whatever of ours holds it now: AWS moves a set of rules at once."""
        client = aws.client("elbv2")
        here = [{"RuleArn": arn, "Priority": want.priority}]
        with _moving:
            try:
                client.set_rule_priorities(RulePriorities=here)
            except Exception as error:
                if code_of(error) != "PriorityInUse":
                    raise
                taken = self._taken(aws, want)
                aside = self._aside(want, taken, *self._holder(aws, want, taken))
                if not aside:
                    raise _held(want, taken.get(want.priority, "a rule that is not listed yet")) from error
                client.set_rule_priorities(RulePriorities=here + aside)

    def _taken(self, aws: Aws, want: ListenerRule) -> dict[int, str]:
        """The rules on the listener by their priorities."""
        listed = aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=want.listener)
        return {int(rule["Priority"]): rule["RuleArn"] for rule in listed if not rule.get("IsDefault")}

    def _holder(self, aws: Aws, want: ListenerRule, taken: Mapping[int, str]) -> tuple[str, Mapping[str, str]]:
        """The rule that holds the wanted priority, and its tags."""
        holder = taken.get(want.priority, "")
        described = aws.client("elbv2").describe_tags(ResourceArns=[holder])["TagDescriptions"] if holder else ()
        return holder, next((tags.as_map(d["Tags"]) for d in described if d["ResourceArn"] == holder), {})

    def _aside(
        self, want: ListenerRule, taken: Mapping[int, str], holder: str, marks: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """Where to put the holder of the wanted priority if it is of this stack; nowhere, when it is a stranger's."""
        if marks.get(tags.STACK) != want.tags[tags.STACK]:
            return []
        free = next(n for n in range(_LAST_PRIORITY, 0, -1) if n not in taken)
        return [{"RuleArn": holder, "Priority": free}]

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A path to a service; the target group of its other colour waits with weight 0."""
        needed = ListenerKind.example()
        (vpc,) = (r for r in needed if isinstance(r, Vpc))
        (listener,) = (r for r in needed if isinstance(r, Listener))
        groups = [
            TargetGroup(name=colour, aws_name=f"contract-{colour}", vpc=vpc.out(), port=3000)
            for colour in ("blue", "green")
        ]
        blue, green = (g.out() for g in groups)
        rule = ListenerRule(
            name="posts",
            listener=listener.out(),
            priority=100,
            conditions=frozenset({takes.paths("/api/posts*")}),
            action=does.Forward(frozenset({does.Target(blue, 100), does.Target(green, 0)})),
        )
        return [*needed, *groups, rule]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """More conditions, another place, the other colour."""
        blue, green = (r.out() for r in cls.example() if isinstance(r, TargetGroup))
        return {
            "priority": 7,
            "conditions": frozenset(
                {takes.paths("/api/posts*", "/posts"), takes.hosts("forum.example.com"), takes.header("X-Test", "yes")}
            ),
            "action": does.Forward(frozenset({does.Target(blue, 0), does.Target(green, 100)}), sticky_seconds=60),
        }


def _held(want: ListenerRule, holder: str) -> Refused:
    return Refused(
        f"{want.address}: priority {want.priority} is held by {holder}, which is not this stack's",
        hint="give the rule another priority, or move the other one",
    )


def _content(want: ListenerRule) -> dict[str, Any]:
    return {"Conditions": takes.render(want.conditions), "Actions": does.render(want.action)}
