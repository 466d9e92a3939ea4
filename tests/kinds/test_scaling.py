"""Whose a scaling policy is, is told by the service it is on and by its name."""

from __future__ import annotations

import dataclasses as dc

import pytest

from orchestrator.core.resource import Resource
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.ecs.services import Service
from orchestrator.kinds.scaling import Metric, ScalableTarget, ScalingPolicy, ScalingPolicyKind
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.steps import Action
from tests.contract.harness import Account
from tests.contract.life import planned

*NEEDED, TARGET, POLICY = ScalingPolicyKind.example()
METRIC = Metric("ECSServiceAverageCPUUtilization")
(SERVICE,) = (r for r in NEEDED if isinstance(r, Service))


@pytest.fixture
def scaled(account: Account) -> list[Resource]:
    """Two services in one cluster, of which the first is scaled."""
    everything = [*NEEDED, dc.replace(SERVICE, name="green", aws_name="green"), TARGET, POLICY]
    account.apply(everything)
    return everything


def targets(account: Account) -> set[str]:
    found = account.aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return {target["ResourceId"] for target in found["ScalableTargets"]}


def on_green(scaled: list[Resource]) -> list[Resource]:
    assert isinstance(TARGET, ScalableTarget)
    moved = dc.replace(TARGET, resource_id="service/contract/green")
    return [moved if r.address == TARGET.address else r for r in scaled]


def test_what_follows_the_traffic_is_replaced_where_the_traffic_has_gone(
    account: Account, scaled: list[Resource]
) -> None:
    plan = planned(account.plan(on_green(scaled)))
    replaced = {address for address, action, _ in plan if action is Action.REPLACE}
    assert replaced == {"scalable-target/posts", "scaling-policy/posts-cpu"}


def moved_to_green(account: Account, scaled: list[Resource]) -> list[Resource]:
    """The target and policy of the second service are made, those of the first are still there."""
    moved = on_green(scaled)
    lives = account.observe(NEEDED)
    account.create(next(r for r in moved if r.address == TARGET.address), lives)
    (target,) = (x for x in account.observe(moved, {"scalable-target"}) if x.outputs["id"].endswith("/green"))
    account.create(POLICY, [*lives, target])
    return moved


def test_once_moved_only_the_old_ones_are_left_over(account: Account, scaled: list[Resource]) -> None:
    moved = moved_to_green(account, scaled)
    left = {(s.address.kind, str(s.live.resource)) for s in account.plan(moved).changes if s.live}
    assert {kind for kind, _ in left} == {"scalable-target", "scaling-policy"}
    assert all("service/contract/posts" in resource for _, resource in left)
    assert {action for _, action, _ in planned(account.plan(moved))} == {Action.DELETE}


def test_the_wanted_policy_is_told_from_a_left_over_one_of_its_name(account: Account, scaled: list[Resource]) -> None:
    moved = moved_to_green(account, scaled)
    found = {live.address.name: live.resource.target for live in account.observe(moved, {"scaling-policy"})}
    assert found == {"posts-cpu": "service/contract/green", "posts-cpu@posts": "service/contract/posts"}


def test_targets_and_policies_of_a_cluster_that_others_share_are_not_looked_at(
    account: Account, scaled: list[Resource]
) -> None:
    stranger = account.beside("stranger")
    theirs = ScalableTarget(name="theirs", resource_id="service/contract/green", minimum=1, maximum=2)
    policy = ScalingPolicy(name="cpu", aws_name="cpu", target=theirs.out(), metric=METRIC, value=50.0)
    assert stranger.observe([theirs, policy]) == []
    assert account.observe(scaled, {"scalable-target"}) != []


def test_a_policy_that_somebody_else_put_on_our_service_is_left_alone(account: Account, scaled: list[Resource]) -> None:
    account.aws.client("application-autoscaling").put_scaling_policy(
        PolicyName="by-hand",
        ServiceNamespace="ecs",
        ResourceId="service/contract/posts",
        ScalableDimension="ecs:service:DesiredCount",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"},
        },
    )
    assert account.plan(scaled).empty


@pytest.fixture
def colleagues(account: Account, scaled: list[Resource]) -> str:
    """A service that somebody runs in our cluster, scaled by a policy of a name like ours."""
    ecs = account.aws.client("ecs")
    (ours,) = ecs.describe_services(cluster="contract", services=["posts"])["services"]
    settings = {k: ours[k] for k in ("cluster", "taskDefinition", "networkConfiguration") if k in ours}
    ecs.create_service(**{"cluster": "contract", **settings}, serviceName="theirs", desiredCount=0)
    client = account.aws.client("application-autoscaling")
    key = {"ServiceNamespace": "ecs", "ResourceId": "service/contract/theirs"}
    dimension = "ecs:service:DesiredCount"
    client.register_scalable_target(**key, ScalableDimension=dimension, MinCapacity=1, MaxCapacity=2)
    client.put_scaling_policy(
        PolicyName="contract-theirs-cpu",
        **key,
        ScalableDimension=dimension,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC.name},
        },
    )
    return key["ResourceId"]


def test_the_scaling_of_a_service_that_a_colleague_runs_in_our_cluster_is_left_alone(
    account: Account, scaled: list[Resource], colleagues: str
) -> None:
    assert account.plan(scaled).empty
    unwanted = account.observe(NEEDED, {"scalable-target", "scaling-policy"})
    assert {str(live.address) for live in unwanted} == {"scalable-target/posts", "scaling-policy/posts-cpu"}


def test_only_what_nobody_wants_takes_a_call_to_tell_whose_it_is(account: Account, scaled: list[Resource]) -> None:
    account.reader.sent.clear()
    account.observe(scaled, {"scalable-target", "scaling-policy"})
    assert "DescribeServices" not in {call.operation for call in account.reader.sent}


def test_a_scalable_target_goes_before_its_service(account: Account, scaled: list[Resource]) -> None:
    services = [r for r in scaled if isinstance(r, Service)]
    kinds = {"scalable-target", "scaling-policy", "service"}
    for wanted in ([], scaled):  # a plan that no longer knows them; and one that is destroyed
        plan = account.plan([], account.observe([*NEEDED[:-1], *wanted], kinds))
        needs = {s.key: s.needs for s in plan.steps}
        assert needs["scalable-target/posts"] == {"scaling-policy/posts-cpu"}
        assert "scalable-target/posts" in needs["service/posts"]
        assert len(needs) == len(services) + 2


def test_bounds_change_without_touching_what_a_rollout_holds(account: Account, scaled: list[Resource]) -> None:
    client = account.aws.client("application-autoscaling")
    key = {"ServiceNamespace": "ecs", "ResourceId": "service/contract/posts"}
    dimension = "ecs:service:DesiredCount"
    client.register_scalable_target(
        **key, ScalableDimension=dimension, SuspendedState={"DynamicScalingInSuspended": True}
    )
    assert account.plan(scaled).empty
    assert isinstance(TARGET, ScalableTarget)
    account.apply([dc.replace(r, maximum=20) if r.address == TARGET.address else r for r in scaled])
    (target,) = client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MaxCapacity"], target["SuspendedState"]["DynamicScalingInSuspended"]) == (20, True)


def test_policies_that_went_with_their_target_are_no_error_to_delete(account: Account, scaled: list[Resource]) -> None:
    policy, target = (account.find(scaled, r.address) for r in (POLICY, TARGET))
    assert policy is not None
    assert target is not None
    account.delete(target, scaled)
    assert account.find(scaled, POLICY.address) is None
    assert targets(account) == set()


def test_a_stack_without_a_cluster_asks_nothing_about_scaling(account: Account) -> None:
    for kind in ("scalable-target", "scaling-policy"):
        assert list(KINDS[kind].observe(account.reader, Scope(account.stack))) == []
    assert {call.service for call in account.reader.sent} <= {"tagging"}
