"""Which target group gets traffic from where, read from the listeners and rules as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def groups_in(actions: Iterable[Any]) -> Iterator[str]:
    """The target groups that some actions forward to, weight 0 included."""
    for action in actions:
        data: Mapping[str, Any] = action.data
        if data.get("Type") != "forward":
            continue
        if data.get("TargetGroupArn"):
            yield data["TargetGroupArn"]
        for each in (data.get("ForwardConfig") or {}).get("TargetGroups") or ():
            yield each["TargetGroupArn"]


def forwarded(actions: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    """The target groups that some actions forward to, each with its weight; none where they do something else."""
    for action in actions:
        if action.data.get("Type") == "forward":
            told = (action.data.get("ForwardConfig") or {}).get("TargetGroups")
            groups = told or [{"TargetGroupArn": action.data["TargetGroupArn"]}]
            return tuple((each["TargetGroupArn"], int(each.get("Weight", 1))) for each in groups)
    return ()


def balancers_by_group(backend: Any) -> dict[str, list[Any]]:
    """The load balancers that each target group in use belongs to."""
    used: dict[str, list[Any]] = {}
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for group in groups_in(rule.actions):
                    balancers = used.setdefault(group, [])
                    if balancer not in balancers:
                        balancers.append(balancer)
    return used
