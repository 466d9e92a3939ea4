"""Which load balancer sends to which target group, read from the live listeners and rules.

Moto's own ``load_balancer_arns`` only grows, so "is in use" is always computed from what listeners and rules say now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from orchestrator.sandbox.strict.call import Call


def weights(action: dict[str, Any]) -> dict[str, int]:
    """The target groups of one action with their weights; empty for an action that does not forward."""
    if action.get("Type") != "forward":
        return {}
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
    found = {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups if group.get("TargetGroupArn")}
    if not found and action.get("TargetGroupArn"):
        return {action["TargetGroupArn"]: 1}
    return found


def target_groups(actions: Iterable[dict[str, Any]]) -> set[str]:
    """Every target group that the actions name, weight 0 included."""
    return {arn for action in actions for arn in weights(action)}


def balancers_of(call: Call, target_group: str) -> set[str]:
    """The load balancers with a listener or rule that names the target group."""
    return {balancer for balancer, actions in _live(call) if target_group in target_groups(actions)}


def listener_of(call: Call, arn: str) -> Any | None:
    """The listener with that ARN, or the one that has the rule with that ARN."""
    for balancer in call.backend("elbv2").load_balancers.values():
        for listener in balancer.listeners.values():
            if listener.arn == arn or any(rule.arn == arn for rule in listener.rules.values()):
                return listener
    return None


def _live(call: Call) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for balancer in call.backend("elbv2").load_balancers.values():
        for listener in balancer.listeners.values():
            yield balancer.arn, [action.data for action in listener.default_actions]
            for rule in listener.rules.values():
                yield balancer.arn, [action.data for action in rule.actions]
