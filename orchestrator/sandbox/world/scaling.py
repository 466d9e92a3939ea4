"""Application Auto Scaling as it acts: target tracking of ECS services, on what the alarms of each policy say.

Any policy may scale out; scaling in takes all of them. What is suspended stays still, and during a deployment of the
service nothing is scaled in.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.ecs.models import ecs_backends

from orchestrator.sandbox.repairs.operations import Call, Proceed, Reply, operation, repair
from orchestrator.sandbox.world.ecs.model import Json, Service, stamp
from orchestrator.sandbox.world.metrics.alarms import datapoints
from orchestrator.sandbox.world.metrics.judgement import ALARM
from orchestrator.sandbox.world.metrics.reading import Metric, Window, points
from orchestrator.sandbox.world.metrics.sources import Scope
from orchestrator.sandbox.world.traffic.ledger import MINUTE
from orchestrator.sandbox.world.world import present

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World

_SERVICE = "application-autoscaling"
_COOLDOWN = 300.0
"""Seconds between two activities of one direction where a policy does not say."""
_KEPT = 100


@repair(_SERVICE, "PutScalingPolicy")
def policy_is_followed(_: Call, proceed: Proceed) -> Reply:
    """A policy acts through its alarms, which are evaluated from now on."""
    reply = proceed()
    present().scaling.begin()
    return reply


@operation(_SERVICE, "DescribeScalingActivities")
def describe_scaling_activities(call: Call) -> Reply:
    """What was scaled, the newest first."""
    asked = call.params
    found = [
        activity
        for activity in present().scaling.activities.get((call.account, call.region), [])
        if all(
            activity[key] == asked.get(key, activity[key])
            for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")
        )
    ]
    return {"ScalingActivities": found}


@dataclass(frozen=True)
class Proposal:
    """How many tasks a policy would have, for which alarm, and how long after the last change it may have its way."""

    policy: Any
    alarm: Any
    count: int
    cooldown: float


class Scaling:
    """Changes the counts of services that are scalable targets."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.activities: dict[tuple[str, str], list[Json]] = {}
        self._changed: dict[str, tuple[float, float]] = {}
        """When a service was last scaled out, and in, by its ARN."""

    def begin(self) -> None:
        """Act from now on, after each evaluation of the alarms."""
        self._world.alarms.followed_by(self.act)

    def act(self) -> None:
        """Follow every policy once."""
        for account, regions in list(applicationautoscaling_backends.items()):
            for region, backend in list(regions.items()):
                for target in (each for by_id in backend.targets.values() for each in by_id.values()):
                    service = _service(account, region, target)
                    if service is not None and service.status == "ACTIVE":
                        policies = [each for each in backend.policies.values() if _belongs(each, target)]
                        self._follow(Scope(self._world, account, region), target, service, policies)

    def _follow(self, scope: Scope, target: Any, service: Service, policies: list[Any]) -> None:
        held = target.suspended_state or {}
        out = [] if held.get("DynamicScalingOutSuspended") else list(self._outward(scope, service, policies))
        if out:
            most = max(out, key=lambda each: each.count)
            self._change(scope, target, service, most, min(most.count, int(target.max_capacity)), "out")
            return
        if held.get("DynamicScalingInSuspended") or service.deployments[0].rollout_state == "IN_PROGRESS":
            return
        inward = list(self._inward(scope, service, policies))
        if inward and len(inward) == sum(_scales_in(each) for each in policies):
            most = max(inward, key=lambda each: each.count)
            self._change(scope, target, service, most, max(most.count, int(target.min_capacity)), "in")

    def _outward(self, scope: Scope, service: Service, policies: list[Any]) -> Iterator[Proposal]:
        for policy, alarm, wanted in self._ringing(scope, policies, "AlarmHigh"):
            if wanted > service.desired_count:
                yield Proposal(policy, alarm, wanted, _cooldown(policy, "ScaleOutCooldown"))

    def _inward(self, scope: Scope, service: Service, policies: list[Any]) -> Iterator[Proposal]:
        scaling_in = [policy for policy in policies if _scales_in(policy)]
        for policy, alarm, wanted in self._ringing(scope, scaling_in, "AlarmLow"):
            if wanted < service.desired_count:
                yield Proposal(policy, alarm, wanted, _cooldown(policy, "ScaleInCooldown"))

    def _ringing(self, scope: Scope, policies: list[Any], side: str) -> Iterator[tuple[Any, Any, int]]:
        """The policies whose alarm of that side rings, with the count at which the metric would be as it should."""
        minute = self._world.now() // MINUTE * MINUTE
        for policy in policies:
            for alarm in policy.alarms:
                if side in alarm.name and alarm.state_value == ALARM:
                    newest = [
                        (age, value) for age, value in enumerate(datapoints(scope, alarm, 3)) if value is not None
                    ]
                    for age, value in newest[:1]:
                        load = value * _capacity(scope, alarm, minute - MINUTE * (age + 1))
                        yield policy, alarm, math.ceil(round(load / float(_tracking(policy)["TargetValue"]), 6))

    def _change(
        self, scope: Scope, target: Any, service: Service, proposal: Proposal, count: int, direction: str
    ) -> None:
        before, now = service.desired_count, self._world.now()
        last_out, last_in = self._changed.get(service.arn, (-math.inf, -math.inf))
        if (count > before) != (direction == "out") or count == before:
            return
        if now - (last_out if direction == "out" else max(last_out, last_in)) < proposal.cooldown:
            return
        self._changed[service.arn] = (now, last_in) if direction == "out" else (last_out, now)
        service.settings["desiredCount"] = count
        self._world.ecs.scheduler.wake(service)
        cause = f"monitor alarm {proposal.alarm.name} in state ALARM triggered policy {proposal.policy.policy_name}"
        activity: Json = {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": target.service_namespace,
            "ResourceId": target.resource_id,
            "ScalableDimension": target.scalable_dimension,
            "Description": f"Setting desired count to {count}.",
            "Cause": cause,
            "StartTime": stamp(now),
            "EndTime": stamp(now),
            "StatusCode": "Successful",
            "StatusMessage": f"Successfully set desired count to {count}. Change successfully fulfilled by ecs.",
        }
        kept = self.activities.setdefault((scope.account, scope.region), [])
        kept.insert(0, activity)
        del kept[_KEPT:]


def _service(account: str, region: str, target: Any) -> Service | None:
    _, _, path = str(target.resource_id).partition("/")
    found: Service | None = ecs_backends[account][region].services.get(path.replace("/", ":", 1))
    return found if target.service_namespace == "ecs" else None


def _capacity(scope: Scope, alarm: Any, minute: float) -> float:
    """Among how many the load was shared when an alarm's metric was measured: tasks that ran, or healthy targets."""
    dimensions = {each.name: each.value for each in alarm.dimensions}
    if "TargetGroup" in dimensions:
        metric = Metric(alarm.namespace, "HealthyHostCount", dimensions)
        window = Window(minute, minute + MINUTE, MINUTE)
        return next(iter(points(scope, metric, "Average", window).values()), 0.0)
    place = (scope.account, scope.region, dimensions["ClusterName"], dimensions["ServiceName"])
    usage = scope.world.gauges.at(minute).usage.get(place)
    return usage.seconds / MINUTE if usage else 0.0


def _belongs(policy: Any, target: Any) -> bool:
    same = (policy.resource_id, policy.scalable_dimension) == (target.resource_id, target.scalable_dimension)
    return same and policy.policy_type == "TargetTrackingScaling"


def _tracking(policy: Any) -> Json:
    return dict(policy.target_tracking_scaling_policy_configuration)


def _scales_in(policy: Any) -> bool:
    return not _tracking(policy).get("DisableScaleIn")


def _cooldown(policy: Any, name: str) -> float:
    told = _tracking(policy).get(name)
    return _COOLDOWN if told is None else float(told)
