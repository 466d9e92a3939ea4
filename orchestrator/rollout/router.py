"""The production rule's weights. Both colours' groups stay in it for ever: outside of it nobody checks their health."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.aws.door import Aws


@dataclass(frozen=True)
class Rule:
    """A listener's rule and what it does."""

    arn: str
    actions: Sequence[Mapping[str, Any]]


class AlbRouter:
    """Weights of a service's colours in its rule, and who its test rule reaches, as read when this round began."""

    def __init__(
        self,
        aws: Aws,
        rule: Rule,
        groups: Mapping[str, Sequence[str]],
        *,
        test: Rule | None = None,
        sticky: int = 0,
        guard: Callable[[], None],
    ) -> None:
        """``groups``: by colour, the target groups that are its; the first one gets the weight.

        ``sticky``: seconds for which a client stays on its side while traffic is divided. With all traffic on one side
        there is no stickiness, or its cookie would keep clients on the other one.
        """
        self._aws = aws
        self._rule = rule
        self._test = test
        self._groups = groups
        self._sticky = sticky
        self._guard = guard

    def percent(self, colour: str) -> float | None:
        """The colour's share; -1 when nobody has any, None when the rule holds a group that we do not know."""
        return share(weights(self._rule.actions), self._groups, colour)

    @property
    def whole(self) -> bool:
        """Whether each colour's own group is in the rule: ECS refuses a service whose group is in none."""
        return {groups[0] for groups in self._groups.values() if groups} <= weights(self._rule.actions).keys()

    def weigh(self, colour: str, percent: int) -> None:
        """Give a colour its share and the other one the rest, keeping whatever else the rule does."""
        wanted = {
            groups[0]: percent if name == colour else 100 - percent for name, groups in self._groups.items() if groups
        }
        if weights(self._rule.actions) != wanted:
            self._write(self._rule, wanted, self._sticky if 0 < percent < 100 else 0)

    def tests(self, colour: str) -> bool:
        """Whether test traffic reaches a colour, or there is no test rule."""
        return self._test is None or share(weights(self._test.actions), self._groups, colour) == 100

    def send_tests(self, colour: str) -> None:
        """Let the test rule reach a colour."""
        if self._test and not self.tests(colour):
            self._write(self._test, {self._groups[colour][0]: 100}, 0)

    def spare(self, colour: str) -> None:
        """Let the test rule reach the side that this colour is not."""
        self.send_tests(next((other for other in self._groups if other != colour), colour))

    def _write(self, rule: Rule, wanted: Mapping[str, int], sticky: int) -> None:
        self._guard()
        actions = [_weighted(a, wanted, sticky) if a.get("Type") == "forward" else dict(a) for a in rule.actions]
        self._aws.client("elbv2").modify_rule(RuleArn=rule.arn, Actions=actions)


def weights(actions: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Weight by target group in a rule's forward action."""
    for action in actions:
        if action.get("Type") != "forward":
            continue
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or ()
        if groups:
            return {g["TargetGroupArn"]: int(g.get("Weight", 1)) for g in groups}
        return {action["TargetGroupArn"]: 1} if action.get("TargetGroupArn") else {}
    return {}


def share(weights: Mapping[str, int], groups: Mapping[str, Sequence[str]], colour: str) -> float | None:
    """A colour's part of all weights in percent; -1 when nobody has any, None when a group is not among the known."""
    known = {group for each in groups.values() for group in each}
    total = sum(weights.values())
    if not weights.keys() <= known:
        return None
    if not total:
        return -1
    return 100 * sum(weights.get(group, 0) for group in groups.get(colour, ())) / total


def _weighted(action: Mapping[str, Any], wanted: Mapping[str, int], sticky: int) -> dict[str, Any]:
    # TargetGroupArn beside a ForwardConfig of several groups is a ValidationError.
    stickiness = {"Enabled": True, "DurationSeconds": sticky} if sticky else {"Enabled": False}
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in sorted(wanted.items())]
    kept = {k: v for k, v in action.items() if k != "TargetGroupArn"}
    return {**kept, "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}}
