"""The production rule's weights. Both colours' groups stay in it for ever: outside of it nobody checks their health."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestrator.aws.door import Aws


class AlbRouter:
    """Weights of a service's colours in one rule, as read at the beginning of this round."""

    def __init__(
        self,
        aws: Aws,
        rule: str,
        actions: Sequence[Mapping[str, Any]],
        groups: Mapping[str, Sequence[str]],
        guard: Callable[[], None],
    ) -> None:
        """``groups``: by colour, the target groups that are its; the first one gets the weight."""
        self._aws = aws
        self._rule = rule
        self._actions = actions
        self._groups = groups
        self._guard = guard

    def percent(self, colour: str) -> float | None:
        """The colour's share; -1 when nobody has any, None when the rule holds a group that we do not know."""
        return share(weights(self._actions), self._groups, colour)

    def weigh(self, colour: str, percent: int) -> None:
        """Give a colour its share and the other one the rest, keeping whatever else the rule does."""
        wanted = {
            groups[0]: percent if name == colour else 100 - percent for name, groups in self._groups.items() if groups
        }
        if weights(self._actions) == wanted:
            return
        self._guard()
        actions = [_weighted(a, wanted) if a.get("Type") == "forward" else dict(a) for a in self._actions]
        self._aws.client("elbv2").modify_rule(RuleArn=self._rule, Actions=actions)


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


def _weighted(action: Mapping[str, Any], wanted: Mapping[str, int]) -> dict[str, Any]:
    # TargetGroupArn beside a ForwardConfig of several groups is a ValidationError.
    config = {k: v for k, v in action.get("ForwardConfig", {}).items() if k != "TargetGroups"}
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in sorted(wanted.items())]
    kept = {k: v for k, v in action.items() if k != "TargetGroupArn"}
    return {**kept, "ForwardConfig": {**config, "TargetGroups": groups}}
