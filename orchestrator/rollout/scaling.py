"""Auto scaling of a service's colours during a rollout: held still, put back as it was, moved to the other colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify

_NAMESPACE = "ecs"
_DIMENSION = "ecs:service:DesiredCount"
_FREE = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
_HELD = {"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True}


class AutoScaling:
    """Scalable targets of one service. What follows a colour beyond them (policies, alarms) is the caller's to move."""

    def __init__(
        self,
        aws: Aws,
        *,
        cluster: str,
        services: Mapping[str, str],
        move: Callable[[str], None],
        guard: Callable[[], None],
    ) -> None:
        """``services``: ECS service by colour. ``move`` brings scalable target, policies and alarms to a colour."""
        self._aws = aws
        self._ids = {colour: f"service/{cluster}/{name}" for colour, name in services.items()}
        self._move = move
        self._guard = guard

    def state(self, colour: str) -> Mapping[str, Any]:
        """What is suspended now; empty for a colour that does not scale."""
        found = self._aws.pages(
            "application-autoscaling",
            "describe_scalable_targets",
            "ScalableTargets",
            ServiceNamespace=_NAMESPACE,
            ResourceIds=[self._ids[colour]],
            ScalableDimension=_DIMENSION,
        )
        for target in found:
            if target["ResourceId"] == self._ids[colour]:
                return {**_FREE, **(target.get("SuspendedState") or {})}
        return {}

    def suspend(self, colour: str) -> None:
        """No scaling in and no schedules; scaling out goes on, for the traffic is still there."""
        now = self.state(colour)
        if now:
            self._set(colour, {**now, **_HELD}, now)

    def restore(self, colour: str, state: Mapping[str, Any]) -> None:
        """As it was before."""
        now = self.state(colour)
        if now and state:
            self._set(colour, state, now)

    def follow(self, colour: str) -> None:
        """Move everything that follows the traffic to a colour."""
        self._guard()
        self._move(colour)

    def _set(self, colour: str, state: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        if dict(state) == dict(now):
            return
        self._guard()
        try:  # what is left out (minimum, maximum, role) AWS keeps as it is
            self._aws.client("application-autoscaling").register_scalable_target(
                ServiceNamespace=_NAMESPACE,
                ResourceId=self._ids[colour],
                ScalableDimension=_DIMENSION,
                SuspendedState=dict(state),
            )
        except Exception as error:
            if classify(error) is not ErrorClass.NOT_FOUND:
                raise
