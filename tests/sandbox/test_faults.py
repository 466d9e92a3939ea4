"""Faults on demand, as boto3 sees them: each kind, which calls a rule takes, and what was carried out all the same."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from orchestrator.sandbox.faults import Fault, Faults, Rule
from orchestrator.sandbox.faults.orders import UnknownFault, read_order
from orchestrator.sandbox.requests import Operation
from tests.world import Aws, world

CALLS: dict[str, Any] = {
    "ec2": lambda client: client.describe_vpcs(),
    "ecs": lambda client: client.list_clusters(),
    "elbv2": lambda client: client.describe_load_balancers(),
    "iam": lambda client: client.list_roles(),
    "s3": lambda client: client.list_buckets(),
    "logs": lambda client: client.describe_log_groups(),
    "cloudwatch": lambda client: client.describe_alarms(),
    "ecr": lambda client: client.describe_repositories(),
    "codepipeline": lambda client: client.list_pipelines(),
    "sts": lambda client: client.get_caller_identity(),
    "resourcegroupstaggingapi": lambda client: client.get_resources(),
}
THROTTLES = {"RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException", "ThrottledException"}


@pytest.mark.parametrize("service", CALLS)
def test_refusals_are_in_the_words_of_the_service(aws: Aws, service: str) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.THROTTLE, service=service, count=1))
    aws.sandbox.faults.add(Rule(fault=Fault.ERROR, service=service, count=1))
    aws.sandbox.faults.add(Rule(fault=Fault.DENIED, service=service, count=1))
    found = []
    for _ in range(3):
        with pytest.raises(boto.ClientError) as caught:
            CALLS[service](aws.client(service))
        found.append(caught.value.response)
    assert found[0]["Error"]["Code"] in THROTTLES
    assert found[1]["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "Denied" in found[2]["Error"]["Code"] or found[2]["Error"]["Code"] == "UnauthorizedOperation"
    CALLS[service](aws.client(service))


def test_a_lost_reply_is_of_a_call_that_was_carried_out(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, operation="Create*"))
    with pytest.raises(boto.ConnectionClosedError):
        aws.client("ecs").create_cluster(clusterName="main")
    assert len(aws.client("ecs").list_clusters()["clusterArns"]) == 1


def test_a_reset_connection_carries_nothing_out(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.RESET, operation="Create*"))
    with pytest.raises(boto.ConnectionClosedError):
        aws.client("ecs").create_cluster(clusterName="main")
    assert aws.client("ecs").list_clusters()["clusterArns"] == []


def test_a_truncated_answer_cannot_be_parsed_and_was_carried_out(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.TRUNCATED, operation="CreateVpc"))
    with pytest.raises(ResponseParserError):
        aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert "10.0.0.0/16" in [vpc["CidrBlock"] for vpc in aws.client("ec2").describe_vpcs()["Vpcs"]]


def test_a_rule_takes_only_what_it_names_after_some_and_so_often(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.DENIED, service="ecs", operation="List*", skip=1, count=2))
    refused = []
    for _ in range(4):
        aws.client("logs").describe_log_groups()
        try:
            aws.client("ecs").list_clusters()
            refused.append(False)
        except boto.ClientError:
            refused.append(True)
    assert refused == [False, True, True, False]
    assert [count for _, count in aws.sandbox.faults.taken()] == [2]


def test_a_rule_for_each_operation_counts_them_one_by_one(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.DENIED, service="ecs", each=True, count=1))
    ecs = aws.client("ecs")
    for ask in (ecs.list_clusters, ecs.list_task_definitions):
        with pytest.raises(boto.ClientError):
            ask()
        ask()


def test_a_refusal_can_be_of_any_code_and_in_any_words(aws: Aws) -> None:
    told = Rule(fault=Fault.DENIED, code="InvalidAllocationID.NotFound", message="not yet")
    aws.sandbox.faults.add(told)
    with pytest.raises(boto.ClientError, match=r"InvalidAllocationID\.NotFound.*not yet"):
        aws.client("ec2").describe_addresses()


def test_a_reset_of_the_account_ends_all_faults(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.DENIED))
    aws.sandbox.reset()
    assert aws.client("ecs").list_clusters()["clusterArns"] == []


@pytest.mark.parametrize(
    ("service", "verb", "params", "code"),
    [
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, "VpcLimitExceeded"),
        ("elbv2", "create_target_group", {"Name": "web"}, "TooManyTargetGroups"),
        ("iam", "create_role", {"RoleName": "web", "AssumeRolePolicyDocument": "{}"}, "LimitExceeded"),
        ("ecs", "create_cluster", {}, "LimitExceededException"),
        ("s3", "create_bucket", {"Bucket": "web"}, "TooManyBuckets"),
        ("cloudtrail", "create_trail", {"Name": "x", "S3BucketName": "x"}, "MaximumNumberOfTrailsExceededException"),
    ],
)
def test_a_quota_has_the_name_that_the_operation_gives_it(
    aws: Aws, service: str, verb: str, params: dict[str, Any], code: str
) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.QUOTA, service=service))
    with pytest.raises(boto.ClientError) as caught:
        getattr(aws.client(service), verb)(**params)
    assert caught.value.response["Error"]["Code"] == code


def test_every_call_tells_what_struck_it(aws: Aws) -> None:
    aws.sandbox.faults.add(Rule(fault=Fault.THROTTLE, service="ec2", count=1))
    aws.sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, service="logs", operation="PutRetentionPolicy"))
    logs = aws.client("logs")
    with pytest.raises(boto.ClientError):
        aws.client("ec2").describe_vpcs()
    logs.create_log_group(logGroupName="/web")
    with pytest.raises(boto.ConnectionClosedError):
        logs.put_retention_policy(logGroupName="/web", retentionInDays=10)
    with pytest.raises(boto.ClientError):
        aws.client("ecs").describe_services(cluster="x", services=["x"] * 11)
    assert [(call.operation, call.status, call.struck, call.code) for call in aws.sandbox.calls] == [
        ("DescribeVpcs", 503, "fault throttle", "RequestLimitExceeded"),
        ("CreateLogGroup", 200, "", ""),
        ("PutRetentionPolicy", 0, "fault lost and rule LOG-01", "InvalidParameterException"),
        ("DescribeServices", 400, "rule ECS-19", "InvalidParameterException"),
    ]


@pytest.mark.parametrize(
    ("service", "verb", "params", "code"),
    [
        ("ec2", "describe_vpcs", {"VpcIds": ["vpc-0"]}, "InvalidVpcID.NotFound"),
        ("elbv2", "describe_load_balancers", {"Names": ["x"]}, "LoadBalancerNotFound"),
        ("iam", "get_role", {"RoleName": "x"}, "NoSuchEntity"),
        ("ecs", "describe_tasks", {"cluster": "x", "tasks": ["x"]}, "ClusterNotFoundException"),
        ("s3", "get_bucket_policy", {"Bucket": "nobodys"}, "NoSuchBucket"),
        ("eks", "describe_cluster", {"name": "x"}, "ResourceNotFoundException"),
    ],
)
def test_the_error_of_a_call_that_nothing_struck_is_told_in_every_protocol(
    aws: Aws, service: str, verb: str, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(boto.ClientError):
        getattr(aws.client(service), verb)(**params)
    (call,) = aws.sandbox.calls
    assert (call.struck, call.code) == ("", code)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"target": "ec3", "kind": "5xx"}, "AWS has no service 'ec3'; the nearest are .*ec2"),
        ({"target": "ec2:CreatVpc", "kind": "5xx"}, "ec2 has no operation 'CreatVpc'; the nearest are CreateVpc"),
        ({"target": "ec2", "kind": "slow"}, "there is no fault 'slow'; there are: throttle, 5xx, .*truncated"),
        ({"target": "ec2", "kind": "5xx", "rate": 2}, "rate must be a number from 0 to 1, found 2"),
        ({"target": "ec2", "kind": "5xx", "count": 0}, "count must be a number of at least 1, found 0"),
        ({}, "there is no fault ''"),
    ],
)
def test_an_order_that_makes_no_sense_is_told_what_there_is(order: dict[str, Any], why: str) -> None:
    with pytest.raises(UnknownFault, match=why):
        read_order(order)


def test_an_order_is_a_rule_with_all_that_it_says() -> None:
    order = {"target": "ec2:Create*", "kind": "delay", "count": 2, "rate": 0.5, "seed": 3, "delay": 4, "each": True}
    wanted = Rule(
        fault=Fault.DELAY, service="ec2", operation="Create*", count=2, rate=0.5, seed=3, seconds=4, each=True
    )
    assert read_order(order) == wanted
    assert read_order({"target": "*", "kind": "lost"}) == Rule(fault=Fault.LOST_REPLY)


def _through(seed: int) -> list[bool]:
    """Which of many calls pass a delay of one in twenty, told by whether it slept."""
    slept: list[float] = []
    faults = Faults(lambda *_: [], slept.append)
    faults.add(Rule(fault=Fault.DELAY, rate=0.05, seed=seed, seconds=3))
    found = []
    for _ in range(1000):
        before = len(slept)
        faults({"sandbox.operation": Operation("ec2", "DescribeVpcs", "eu-west-1")}, lambda *_: lambda _: None)
        found.append(len(slept) > before)
    assert set(slept) == {3}
    return found


def test_a_rate_takes_about_its_share_and_the_same_calls_each_time() -> None:
    first = _through(7)
    assert 30 < sum(first) < 70
    assert _through(7) == first
    assert _through(8) != first


def test_small_pages_cut_what_aws_would_tell_at_once_and_lose_nothing() -> None:
    with world(page_size=1) as aws:
        ec2 = aws.client("ec2")
        made = {ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(3)}
        pages = [[vpc["VpcId"] for vpc in page["Vpcs"]] for page in ec2.get_paginator("describe_vpcs").paginate()]
        assert {len(page) for page in pages} == {1}
        assert made <= {id for page in pages for id in page}
    with world() as aws:
        for number in range(3):
            aws.client("logs").create_log_group(logGroupName=f"/{number}")
        assert len(aws.client("logs").describe_log_groups()["logGroups"]) == 3
