"""What others have in the same account: things by hand with names like ours, and none of it ours to touch."""

from __future__ import annotations

import json

from tests.scenarios.forum.forum import Forum

_EC2_TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
_LOOKS_LIKE_OURS = [{"Key": "Name", "Value": "forum-main"}, {"Key": "project", "Value": "forum"}]


def move_in(forum: Forum) -> None:
    """A second VPC with ranges and names like ours, and one thing of many kinds whose name begins like ours."""
    ec2 = forum.client("ec2")
    vpc = ec2.create_vpc(
        CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": _LOOKS_LIKE_OURS}]
    )["Vpc"]["VpcId"]
    for cidr in ("10.0.0.0/24", "10.0.100.0/24"):
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone="us-east-1a")
    for name in ("alb", "tasks", "forum-tasks"):
        ec2.create_security_group(GroupName=name, Description="like ours", VpcId=vpc)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_tags(Resources=[gateway], Tags=_LOOKS_LIKE_OURS)
    ec2.create_route_table(VpcId=vpc)
    trust = json.dumps({"Version": "2012-10-17", "Statement": [_EC2_TRUST]})
    forum.client("iam").create_role(RoleName="forum-other", AssumeRolePolicyDocument=trust)
    forum.client("ecr").create_repository(repositoryName="forum/other")
    forum.client("logs").create_log_group(logGroupName="/forum/other")
    forum.client("s3").create_bucket(Bucket="forum-artifacts-of-somebody-else")
    forum.client("ecs").create_cluster(clusterName="forum-other")
    forum.client("codecommit").create_repository(repositoryName="forum-other")
    forum.client("events").put_rule(Name="forum-other", ScheduleExpression="rate(1 day)")
    forum.client("elbv2").create_target_group(
        Name="forum-other-blue", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip"
    )
    forum.client("cloudwatch").put_metric_alarm(
        AlarmName="forum-other-cpu",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=80.0,
        ComparisonOperator="GreaterThanThreshold",
    )
