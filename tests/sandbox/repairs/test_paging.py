"""Lists are cut as AWS cuts them, so a client that forgets to page fails here."""

from __future__ import annotations

import pytest


def test_an_ec2_limit_is_honoured_and_the_pages_hold_everything_once(aws):
    ec2 = aws("ec2")
    made = {ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(7)}
    assert len(ec2.describe_vpcs(MaxResults=5)["Vpcs"]) == 5
    pages = ec2.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5})
    seen = [vpc["VpcId"] for page in pages for vpc in page["Vpcs"]]
    assert made <= set(seen) and len(seen) == len(set(seen))


def test_ecs_services_come_ten_a_page_by_default(aws):
    ecs = aws("ecs")
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "a", "image": "a", "memory": 64}])
    for number in range(11):
        ecs.create_service(cluster="c", serviceName=f"s{number}", taskDefinition="f", desiredCount=0)
    first = ecs.list_services(cluster="c")
    rest = ecs.list_services(cluster="c", nextToken=first["nextToken"])
    assert len(first["serviceArns"]) == 10 and len(rest["serviceArns"]) == 1 and "nextToken" not in rest


def test_target_groups_are_paged_by_marker(aws):
    elbv2, vpc = aws("elbv2"), aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for number in range(5):
        elbv2.create_target_group(Name=f"t{number}", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    pages = list(elbv2.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["TargetGroups"]) for page in pages] == [2, 2, 1]


def test_alarms_come_fifty_a_page_by_default(aws):
    cloudwatch = aws("cloudwatch")
    for number in range(51):
        cloudwatch.put_metric_alarm(
            AlarmName=f"a{number}", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
            EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    first = cloudwatch.describe_alarms()
    rest = cloudwatch.describe_alarms(NextToken=first["NextToken"])
    assert len(first["MetricAlarms"]) == 50 and len(rest["MetricAlarms"]) == 1


def test_what_is_deleted_between_two_pages_hides_nothing_else(aws):
    ecr = aws("ecr")
    for number in range(6):
        ecr.create_repository(repositoryName=f"r{number}")
    first = ecr.describe_repositories(maxResults=3)
    ecr.delete_repository(repositoryName="r0")
    rest = ecr.describe_repositories(maxResults=3, nextToken=first["nextToken"])
    assert [repository["repositoryName"] for repository in rest["repositories"]] == ["r3", "r4", "r5"]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_that_moto_makes_by_itself_stay_whole(aws, size):
    iam = aws("iam")
    for number in range(5):
        iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    pages = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": size})
    assert sorted(role["RoleName"] for page in pages for role in page["Roles"]) == [f"r{n}" for n in range(5)]
