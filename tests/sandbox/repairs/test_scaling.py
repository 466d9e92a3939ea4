"""Application Auto Scaling as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/forum/posts",
    "ScalableDimension": "ecs:service:DesiredCount",
}


@pytest.fixture
def scaling(aws):
    ecs, client = aws("ecs"), aws("application-autoscaling")
    ecs.create_cluster(clusterName="forum")
    ecs.register_task_definition(family="posts", containerDefinitions=[{"name": "a", "image": "a", "memory": 64}])
    ecs.create_service(cluster="forum", serviceName="posts", taskDefinition="posts", desiredCount=0)
    client.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=10, Tags={"stack": "forum"})
    return client


def track(scaling, name="cpu", value=70.0, **specification):
    metric = specification or {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    return scaling.put_scaling_policy(
        **TARGET,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": value, "PredefinedMetricSpecification": metric},
    )


def alarms(aws):
    return aws("cloudwatch").describe_alarms()["MetricAlarms"]


def refused(code):
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_a_missing_cluster_is_a_missing_service(scaling):
    with refused("ValidationException") as raised:
        scaling.register_scalable_target(**{**TARGET, "ResourceId": "service/none/posts"}, MinCapacity=1, MaxCapacity=2)
    assert "ECS service doesn't exist: service/none/posts" in str(raised.value)


def test_a_target_tells_its_whole_suspension_and_its_role(scaling):
    scaling.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": True})
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")


def test_targets_come_in_pages_that_end(aws, scaling):
    names = ["posts", "threads", "users"]
    for name in names[1:]:
        aws("ecs").create_service(cluster="forum", serviceName=name, taskDefinition="posts", desiredCount=0)
        scaling.register_scalable_target(
            **{**TARGET, "ResourceId": f"service/forum/{name}"}, MinCapacity=2, MaxCapacity=10
        )
    pages = scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="ecs", MaxResults=1)
    assert [[t["ResourceId"] for t in page["ScalableTargets"]] for page in pages] == [
        [f"service/forum/{name}"] for name in names
    ]


def test_the_tags_of_a_target_are_kept_merged_and_taken_away(scaling):
    arn = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"address": "scaling/posts"})
    scaling.register_scalable_target(**TARGET, MaxCapacity=12, Tags={"ignored": "later"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stack": "forum", "address": "scaling/posts"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["stack"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"address": "scaling/posts"}


def test_tags_of_a_missing_target_are_not_found(scaling):
    with refused("ResourceNotFoundException"):
        scaling.list_tags_for_resource(
            ResourceARN="arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/none"
        )


def test_putting_a_policy_again_keeps_its_arn_and_alarms(scaling, aws):
    first, second = track(scaling), track(scaling, value=50.0)
    assert (first["PolicyARN"], first["Alarms"]) == (second["PolicyARN"], second["Alarms"])
    assert {alarm["AlarmName"] for alarm in alarms(aws)} == {alarm["AlarmName"] for alarm in first["Alarms"]}


def test_the_alarms_of_a_policy_watch_its_target_value_and_call_it(scaling, aws):
    policy = track(scaling, value=80.0)
    found = alarms(aws)
    assert {(alarm["ComparisonOperator"], alarm["Threshold"]) for alarm in found} == {
        ("GreaterThanThreshold", 80.0),
        ("LessThanThreshold", 72.0),
    }
    assert all(alarm["AlarmActions"] == [policy["PolicyARN"]] for alarm in found)
    assert all(alarm["StateValue"] == "INSUFFICIENT_DATA" for alarm in found)


def test_requests_a_target_are_watched_at_the_balancer(scaling, aws):
    label = "app/forum/0123456789abcdef/targetgroup/posts/fedcba9876543210"
    track(scaling, PredefinedMetricType="ALBRequestCountPerTarget", ResourceLabel=label)
    alarm = alarms(aws)[0]
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApplicationELB", "RequestCountPerTarget")
    assert dimensions["TargetGroup"] == "targetgroup/posts/fedcba9876543210"


def test_a_step_policy_names_the_alarms_that_call_it(scaling, aws):
    steps = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1}]}
    policy = scaling.put_scaling_policy(
        **TARGET, PolicyName="step", PolicyType="StepScaling", StepScalingPolicyConfiguration=steps
    )
    aws("cloudwatch").put_metric_alarm(
        AlarmName="busy", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1.0, ComparisonOperator="GreaterThanThreshold", AlarmActions=[policy["PolicyARN"]],
    )  # fmt: skip
    found = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"][0]
    assert [alarm["AlarmName"] for alarm in found["Alarms"]] == ["busy"]


def test_deregistering_a_target_takes_policies_alarms_and_schedules_with_it(scaling, aws):
    track(scaling)
    scaling.put_scheduled_action(
        **TARGET, ScheduledActionName="night", Schedule="cron(0 2 * * ? *)", ScalableTargetAction={"MinCapacity": 1}
    )
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"] == []
    assert alarms(aws) == []


def test_what_is_not_there_is_object_not_found(scaling):
    with refused("ObjectNotFoundException"):
        scaling.delete_scaling_policy(**TARGET, PolicyName="none")
    with refused("ObjectNotFoundException"):
        scaling.deregister_scalable_target(**{**TARGET, "ResourceId": "service/forum/none"})


def test_scaling_activities_can_be_asked_for(scaling):
    assert scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"] == []


def test_policies_come_ten_a_page(scaling):
    for number in range(11):
        track(scaling, f"cpu-{number}")
    first = scaling.describe_scaling_policies(ServiceNamespace="ecs")
    rest = scaling.describe_scaling_policies(ServiceNamespace="ecs", NextToken=first["NextToken"])
    assert (len(first["ScalingPolicies"]), len(rest["ScalingPolicies"])) == (10, 1)
