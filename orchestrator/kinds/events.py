"""EventBridge rules: what happens when something happens, or when it is time."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import raise_unsuccessful, unless_gone
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import JsonDoc, Link
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.iam import Role, trust
from orchestrator.kinds.scope import Scope


@dc.dataclass(frozen=True)
class Target:
    """What a rule sets off, by its ARN, with the ``role`` that it takes for it; ``input`` instead of the event."""

    arn: Link[Any]
    role: Link[Role] = ""
    input: JsonDoc | None = None


@dc.dataclass(frozen=True, kw_only=True)
class EventRule(Named):
    """A rule on the default event bus: for events of a ``pattern``, or on a ``schedule``. Targets by an id of ours."""

    kind: ClassVar[str] = "event-rule"
    name_limit: ClassVar[int] = 64
    aws_name: str = attr("Name", immutable=True)
    pattern: JsonDoc | None = attr("EventPattern", parse=JsonDoc, default=None)
    schedule: str = attr("ScheduleExpression || ''", default="")
    enabled: bool = attr("State != 'DISABLED'", default=True)
    description: str = attr("Description || ''", default="")
    targets: Mapping[str, Target] = attr("Targets", factory=dict)


class EventRuleKind(NamedKind[EventRule]):
    """Putting a rule replaces all of it but its tags and targets, which have calls of their own."""

    resource = EventRule
    service = "events"
    outputs: ClassVar[Mapping[str, str]] = {"id": "Arn", "arn": "Arn", "name": "Name"}
    actions = Actions(
        read=("events:ListRules", "events:ListTargetsByRule", "events:ListTagsForResource"),
        create=("events:PutRule", "events:TagResource", "events:PutTargets", "iam:PassRole"),
        update=(
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "iam:PassRole",
        ),
        delete=("events:ListTargetsByRule", "events:RemoveTargets", "events:DeleteRule"),
    )
    arns: ClassVar[Mapping[str, str]] = {"events:rule": "rule/{aws_name}"}
    passes_to = "events.amazonaws.com"

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By the stack's prefix in one call; by name only what is called otherwise."""
        common = f"{scope.stack}-"
        names = {str(getattr(want, "aws_name", "")) for want in scope.of(self.resource.kind)}
        names |= {arn.rpartition("/")[2] for arn in scope.proposed(aws, self.resource.kind)}
        prefixes = [common, *sorted(name for name in names if not name.startswith(common))]
        listed = {
            rule["Name"]: rule
            for prefix in prefixes
            for rule in aws.pages("events", "list_rules", "Rules", NamePrefix=prefix)
        }
        rules = self.candidates(aws, scope, listed.values())
        targets = aws.each(lambda rule: unless_gone(lambda: _targets(aws, rule["Name"])), rules)
        return [{**rule, "Targets": found} for rule, found in zip(rules, targets, strict=True) if found is not None]

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """One rule's."""
        return tags.as_map(aws.client("events").list_tags_for_resource(ResourceARN=arn)["Tags"])

    def predict(self, want: EventRule, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its ARN is made of its name."""
        arn = f"arn:{partition}:events:{region}:{account}:rule/{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: EventRule) -> Item:
        """Tags count only when the rule is new."""
        made = aws.client("events").put_rule(**_input(want), Tags=tags.as_list(want.tags))
        return {"Arn": made["RuleArn"], "Name": want.aws_name}

    def complete(self, aws: Aws, want: EventRule, item: Item) -> None:
        """Give it its targets."""
        self._put_targets(aws, want.aws_name, want.targets)

    def update(self, aws: Aws, want: EventRule, live: Live[EventRule], changed: frozenset[str]) -> None:
        """New targets are put before old ones are removed."""
        client = aws.client("events")
        if changed - {"tags", "targets"}:
            client.put_rule(**_input(want))
        if "targets" in changed:
            have = live.resource.targets
            self._put_targets(aws, want.aws_name, {n: t for n, t in want.targets.items() if have.get(n) != t})
            self._remove_targets(aws, want.aws_name, have.keys() - want.targets.keys())
        if "tags" in changed:
            client.tag_resource(ResourceARN=live.outputs["arn"], Tags=tags.as_list(want.tags))

    def delete(self, aws: Aws, live: Live[EventRule]) -> None:
        """Refused (ValidationException) while it has targets."""
        name = live.outputs["name"]
        self._remove_targets(aws, name, _targets(aws, name))
        aws.client("events").delete_rule(Name=name)

    def _put_targets(self, aws: Aws, rule: str, targets: Mapping[str, Target]) -> None:
        if targets:
            entries = [_target(name, targets[name]) for name in sorted(targets)]
            _raise_failures("PutTargets", aws.client("events").put_targets(Rule=rule, Targets=entries))

    def _remove_targets(self, aws: Aws, rule: str, names: Iterable[str]) -> None:
        if ids := sorted(names):
            _raise_failures("RemoveTargets", aws.client("events").remove_targets(Rule=rule, Ids=ids))

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A push starts a pipeline."""
        role = Role(name="events", aws_name="contract-events", trust=trust("events.amazonaws.com"))
        rule = EventRule(
            name="push",
            aws_name="contract-push",
            pattern=_pushed_to("main"),
            targets={"pipeline": Target("arn:aws:codepipeline:us-east-1:123456789012:contract-main", role.out("arn"))},
        )
        return [role, rule]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Another branch, by the clock too, and told to somebody else."""
        topic = Target("arn:aws:sns:us-east-1:123456789012:contract", input=JsonDoc({"said": "it is time"}))
        return {
            "pattern": _pushed_to("release"),
            "schedule": "rate(1 hour)",
            "description": "a push, or an hour",
            "targets": {"topic": topic},
        }


def _pushed_to(branch: str) -> JsonDoc:
    detail = {"event": ["referenceUpdated"], "referenceType": ["branch"], "referenceName": [branch]}
    return JsonDoc({"source": ["aws.codecommit"], "detail": detail})


def _targets(aws: Aws, rule: str) -> dict[str, Target]:
    listed = aws.pages("events", "list_targets_by_rule", "Targets", Rule=rule)
    return {
        t["Id"]: Target(t["Arn"], t.get("RoleArn") or "", JsonDoc(t["Input"]) if t.get("Input") else None)
        for t in listed
    }


def _input(want: EventRule) -> dict[str, Any]:
    pattern = None if want.pattern is None else want.pattern.text()
    optional = {"EventPattern": pattern, "ScheduleExpression": want.schedule, "Description": want.description}
    state = "ENABLED" if want.enabled else "DISABLED"
    return {"Name": want.aws_name, "State": state, **{key: value for key, value in optional.items() if value}}


def _target(name: str, target: Target) -> dict[str, Any]:
    optional = {"RoleArn": target.role, "Input": target.input.text() if target.input else None}
    return {"Id": name, "Arn": target.arn, **{key: value for key, value in optional.items() if value}}


def _raise_failures(operation: str, answer: Mapping[str, Any]) -> None:
    """Both calls on targets answer success and list what they did not do."""
    raise_unsuccessful(
        operation,
        (
            {
                "Error": {
                    "Code": e.get("ErrorCode", ""),
                    "Message": f"target {e.get('TargetId')}: {e.get('ErrorMessage')}",
                }
            }
            for e in answer.get("FailedEntries", ())
        ),
    )
