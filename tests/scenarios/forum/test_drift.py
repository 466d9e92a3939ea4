"""What people change by hand is named field by field, put back by an apply, and then there is nothing to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.scenarios.forum.forum import Forum, writes
from tests.scenarios.forum.oracle import Account

NAMESPACE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


def security_group_rule(forum: Forum, account: Account) -> None:
    (group,) = account.ecs_services["posts"]["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    everyone = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    forum.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[everyone])


def scaling_bound(forum: Forum, account: Account) -> None:
    service = account.ecs_services["posts"]["serviceName"]
    forum.client("application-autoscaling").register_scalable_target(
        **NAMESPACE, ResourceId=f"service/{account.cluster['clusterName']}/{service}", MaxCapacity=40
    )


def scaling_aim(forum: Forum, account: Account) -> None:
    scaling = forum.client("application-autoscaling")
    service = account.ecs_services["threads"]["serviceName"]
    policies = scaling.describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=f"service/{account.cluster['clusterName']}/{service}"
    )["ScalingPolicies"]
    policy = next(p for p in policies if p["PolicyName"].endswith("-cpu"))
    tracking = {**policy["TargetTrackingScalingPolicyConfiguration"], "TargetValue": 20.0}
    kept = {k: policy[k] for k in ("PolicyName", "ResourceId", "PolicyType", *NAMESPACE)}
    scaling.put_scaling_policy(**kept, TargetTrackingScalingPolicyConfiguration=tracking)


def lifecycle_policy(forum: Forum, _: Account) -> None:
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 900}
    rule = {"rulePriority": 1, "selection": newest, "action": {"type": "expire"}}
    forum.client("ecr").put_lifecycle_policy(
        repositoryName="forum/users", lifecyclePolicyText=json.dumps({"rules": [rule]})
    )


def role_trust(forum: Forum, _: Account) -> None:
    stranger = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    forum.client("iam").update_assume_role_policy(
        RoleName="forum-task", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [stranger]})
    )


def alarm_threshold(forum: Forum, account: Account) -> None:
    alarms = account.all("cloudwatch", "describe_alarms", "MetricAlarms")
    (alarm,) = [a for a in alarms if a["AlarmName"] == "forum-users-memory"]
    kept = ("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods")
    kept += ("ComparisonOperator", "TreatMissingData", "AlarmDescription")
    forum.client("cloudwatch").put_metric_alarm(**{k: alarm[k] for k in kept}, Threshold=99.5)


def retention(forum: Forum, _: Account) -> None:
    forum.client("logs").put_retention_policy(logGroupName="/forum/posts", retentionInDays=1)


def public_bucket(forum: Forum, account: Account) -> None:
    (bucket,) = [b["Name"] for b in account.all("s3", "list_buckets", "Buckets") if "artifacts" in b["Name"]]
    forum.client("s3").delete_public_access_block(Bucket=bucket)


def drain_time(forum: Forum, account: Account) -> None:
    arn = account.ecs_services["users"]["loadBalancers"][0]["targetGroupArn"]
    slow = {"Key": "deregistration_delay.timeout_seconds", "Value": "300"}
    forum.client("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=[slow])


CHANGED: dict[Callable[[Forum, Account], None], dict[str, set[str]]] = {
    security_group_rule: {"security-group/tasks": {"ingress"}},
    scaling_bound: {"scalable-target/posts-blue": {"maximum"}},
    scaling_aim: {"scaling-policy/threads-blue-cpu": {"value"}},
    lifecycle_policy: {"repository/users": {"lifecycle"}},
    role_trust: {"role/task": {"trust"}},
    alarm_threshold: {"alarm/users-memory": {"threshold"}},
    retention: {"log-group/posts": {"retention"}},
    public_bucket: {"bucket/artifacts": {"private"}},
    drain_time: {"target-group/users-blue": {"deregistration_delay"}},
}


def association(forum: Forum, account: Account) -> None:
    subnet = account.subnets["private", "b"]["SubnetId"]
    (mine,) = [a for a in account.tables[subnet]["Associations"] if a.get("SubnetId") == subnet]
    forum.client("ec2").disassociate_route_table(AssociationId=mine["RouteTableAssociationId"])


def log_group(forum: Forum, _: Account) -> None:
    forum.client("logs").delete_log_group(logGroupName="/forum/threads")


def endpoint(forum: Forum, account: Account) -> None:
    (ecr,) = [
        e["VpcEndpointId"]
        for e in account.in_vpc("describe_vpc_endpoints", "VpcEndpoints")
        if e["ServiceName"].endswith("ecr.api")
    ]
    forum.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[ecr])
    forum.aws.sleep(120)


DELETED: dict[Callable[[Forum, Account], None], str] = {
    association: "route-table/private-b",
    log_group: "log-group/threads",
    endpoint: "interface-endpoint/ecr-api",
}


def put_back(forum: Forum) -> None:
    """Apply, and find everything as it was."""
    ending = forum.apply()
    assert not ending.outcome, ending
    outlook = forum.look()
    assert outlook.empty
    assert forum.wrong == []


def test_everything_changed_by_hand_is_named_by_its_field_and_put_back(running: Forum) -> None:
    account = running.account
    for change in CHANGED:
        change(running, account)
    with running.calls() as calls:
        named = running.changes()
    assert named == {address: fields for each in CHANGED.values() for address, fields in each.items()}
    assert writes(calls) == []
    put_back(running)


def test_everything_deleted_by_hand_is_named_and_made_again(running: Forum) -> None:
    account = running.account
    for change in DELETED:
        change(running, account)
    assert set(running.changes()) == set(DELETED.values())
    put_back(running)


def _weigh(forum: Forum, blue: int, green: int) -> Any:
    """Somebody at the console moves traffic of posts to a colour that has no tasks."""
    elbv2 = forum.client("elbv2")
    (listener,) = forum.account.listeners.values()
    rules = forum.account.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
    (rule,) = [r for r in rules if r["Conditions"] and "/api/posts*" in str(r["Conditions"])]
    arns = {
        colour: next(
            g["TargetGroupArn"]
            for g in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
            if f"posts-{colour}" in g["TargetGroupArn"]
        )
        for colour in ("blue", "green")
    }
    groups = [{"TargetGroupArn": arns["blue"], "Weight": blue}, {"TargetGroupArn": arns["green"], "Weight": green}]
    elbv2.modify_rule(RuleArn=rule["RuleArn"], Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])


@pytest.mark.parametrize(("blue", "green"), [(30, 70), (0, 100)], ids=["partly", "wholly"])
def test_a_weight_moved_by_hand_is_a_rollouts_matter_and_goes_back(running: Forum, blue: int, green: int) -> None:
    _weigh(running, blue, green)
    outlook = running.look()
    assert outlook.plan.empty, "no resource of the plan owns the weights"
    assert running.needs() == {"posts": "heal"}
    assert not outlook.empty
    put_back(running)
