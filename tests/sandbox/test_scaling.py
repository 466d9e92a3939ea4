"""Application Auto Scaling that acts: on CPU, memory and requests, within its bounds and at its pace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.system import System

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def _scaled(system: System, rate: float, behaves: str = "ok", **bounds: Any) -> str:
    """A service of two tasks behind a balancer that may grow to ten; returns its target group."""
    system.aws.sandbox.set_traffic(rate)
    system.repository()
    system.aws.push("web", "v2", behaves)
    group = system.front()
    system.service(system.definition(f"{system.registry}/web:v2"), group)
    system.aws.client("application-autoscaling").register_scalable_target(
        **TARGET, **{"MinCapacity": 2, "MaxCapacity": 10, **bounds}
    )
    system.aws.sleep(120)
    return group


def _track(
    system: System, metric: str = "ECSServiceAverageCPUUtilization", value: float = 50.0, label: str = "", **more: Any
) -> None:
    specification = {"PredefinedMetricType": metric, **({"ResourceLabel": label} if label else {})}
    tracking = {"TargetValue": value, "PredefinedMetricSpecification": specification, "ScaleOutCooldown": 60, **more}
    system.aws.client("application-autoscaling").put_scaling_policy(
        **TARGET,
        PolicyName=metric,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )


def _suspend(system: System, **directions: bool) -> None:
    system.aws.client("application-autoscaling").register_scalable_target(**TARGET, SuspendedState=directions)


def _activities(system: System) -> list[Any]:
    client = system.aws.client("application-autoscaling")
    return list(client.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"])


def _count(system: System) -> int:
    return int(system.describe()["desiredCount"])


def test_a_busy_service_grows_to_where_its_cpu_is_as_wanted_and_says_so(system: System) -> None:
    _scaled(system, rate=9000)  # 95 % of the CPU of two tasks
    _track(system)
    system.aws.sleep(200)
    assert _count(system) == 4
    system.aws.sleep(1800)
    assert (_count(system), system.describe()["runningCount"]) == (4, 4)
    newest = _activities(system)[0]
    assert newest["StatusCode"] == "Successful"
    assert newest["Description"] == "Setting desired count to 4."
    assert "AlarmHigh" in newest["Cause"]
    assert newest["ResourceId"] == TARGET["ResourceId"]


def test_a_service_that_rests_shrinks_to_its_minimum_after_a_quarter_of_an_hour(system: System) -> None:
    _scaled(system, rate=60)
    _track(system)
    system.update(desiredCount=5)
    system.aws.sleep(600)
    assert _count(system) == 5
    system.aws.sleep(600)
    assert _count(system) == 2


def test_a_service_does_not_grow_beyond_its_maximum_nor_before_its_cooldown(system: System) -> None:
    _scaled(system, rate=60_000, MaxCapacity=6)
    _track(system, ScaleOutCooldown=600)
    system.aws.sleep(420)
    assert _count(system) == 4
    system.aws.sleep(600)
    assert _count(system) == 6
    system.aws.sleep(1800)
    assert _count(system) == 6


def test_what_is_suspended_stays_still(system: System) -> None:
    _scaled(system, rate=9000)
    _track(system)
    _suspend(system, DynamicScalingOutSuspended=True)
    system.aws.sleep(900)
    assert _count(system) == 2
    _suspend(system, DynamicScalingOutSuspended=False, DynamicScalingInSuspended=True)
    system.aws.sleep(300)
    assert _count(system) == 4
    system.aws.sandbox.set_traffic(60)
    system.aws.sleep(2400)
    assert _count(system) == 4
    _suspend(system, DynamicScalingInSuspended=False)
    system.aws.sleep(120)
    assert _count(system) == 2


def test_nothing_is_scaled_in_while_a_deployment_is_under_way(system: System) -> None:
    _scaled(system, rate=60)
    _track(system)
    system.update(desiredCount=5)
    system.aws.sleep(600)
    system.aws.push("web", "v3", "slow=3000")
    system.update(taskDefinition=system.definition(f"{system.registry}/web:v3"), healthCheckGracePeriodSeconds=6000)
    system.aws.sleep(1200)
    assert next(each[:2] for each in system.deployments()) == ("PRIMARY", "IN_PROGRESS")
    assert _count(system) == 5


def test_scaling_in_takes_every_policy_and_one_that_may_not_has_no_say(system: System) -> None:
    _scaled(system, rate=60, behaves="memory-leak=100000")
    _track(system, "ECSServiceAverageMemoryUtilization", value=30.0)
    _track(system, "ECSServiceAverageCPUUtilization")
    system.update(desiredCount=4)
    system.aws.sleep(1500)
    assert _count(system) >= 4
    _track(system, "ECSServiceAverageMemoryUtilization", value=90.0, DisableScaleIn=True)
    system.aws.sleep(1500)
    assert _count(system) == 2


@pytest.mark.parametrize(("rate", "count"), [(6000, 6), (1800, 2)])
def test_requests_a_target_decide_where_they_are_tracked(system: System, rate: float, count: int) -> None:
    group = _scaled(system, rate)
    found = system.aws.client("elbv2").describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    balancer = found["LoadBalancerArns"][0].partition("loadbalancer/")[2]
    _track(system, "ALBRequestCountPerTarget", 1000.0, f"{balancer}/{group.rpartition(':')[2]}")
    system.aws.sleep(900)
    assert _count(system) == count
