"""Calls that are not to be judged go through, and those that are refused are answered as AWS would."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from orchestrator.sandbox import strict
from orchestrator.sandbox.strict import registry
from orchestrator.sandbox.strict.hook import _plan
from orchestrator.sandbox.strict.lingering import Lingering, Trace
from tests.sandbox.strict.network import Network
from tests.world import Aws


@pytest.mark.parametrize(
    ("service", "operation", "params", "status"),
    [
        ("ecs", "list_tasks", {"startedBy": "us", "family": "x"}, 400),
        ("elbv2", "describe_tags", {"ResourceArns": ["x"] * 21}, 400),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "moon"}, 400),
        ("s3", "create_bucket", {"Bucket": "Upper"}, 400),
        ("lambda", "list_functions", {"FunctionVersion": "MOON"}, 400),
    ],
)
def test_a_refusal_has_the_status_and_shape_of_an_aws_error(
    aws: Aws, service: str, operation: str, params: dict[str, object], status: int
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(aws.client(service), operation)(**params)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert answer["ResponseMetadata"]["RequestId"]
    assert answer["Error"]["Message"]


def test_a_conflict_is_a_conflict_in_http_too(aws: Aws) -> None:
    iam = aws.client("iam")
    arn = iam.create_policy(
        PolicyName="x",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}',
    )["Policy"]["Arn"]
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    with pytest.raises(ClientError) as caught:
        iam.delete_policy(PolicyArn=arn)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_refused_call_changes_nothing(aws: Aws, network: Network) -> None:
    before = network.elb.describe_load_balancers()["LoadBalancers"]
    with pytest.raises(ClientError):
        network.balancer(Subnets=network.subnets[:1])
    assert network.elb.describe_load_balancers()["LoadBalancers"] == before


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"services": 5}', b"\xff\xfe"])
def test_what_cannot_be_parsed_is_left_to_moto(aws: Aws, body: bytes) -> None:
    request = urllib.request.Request(aws.sandbox.url, data=body, method="POST")
    request.add_header("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeServices")
    request.add_header("Content-Type", "application/x-amz-json-1.1")
    scope = "Credential=test/20260101/eu-west-1/ecs/aws4_request"
    request.add_header("Authorization", f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code in (400, 404, 500)
    aws.client("ecs").list_clusters()


@contextmanager
def broken_rule() -> Iterator[None]:
    @registry.rule("TST-01", "ecs", "ListClusters", code="InvalidParameterException")
    def breaks(call: strict.Call) -> str | None:
        """A rule with a mistake in it."""
        return str(call.params["nothing of that name"])

    _plan.cache_clear()
    try:
        yield
    finally:
        del registry._rules["TST-01"]
        _plan.cache_clear()


def test_a_rule_with_a_mistake_costs_nobody_a_legal_call_and_is_noticed(aws: Aws) -> None:
    with broken_rule():
        aws.client("ecs").list_clusters()
    assert strict.layer.broken == ["TST-01"]
    strict.layer.broken.clear()


def test_installing_twice_judges_once(aws: Aws, network: Network) -> None:
    strict.install()
    balancer = network.balancer()
    network.elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert len(strict.layer.lingering._traces) == len(network.subnets)


def test_what_lingers_is_forgotten_in_time_and_kept_apart() -> None:
    lingering, here, there = Lingering(), ("1", "eu-west-1"), ("1", "us-east-1")
    lingering.keep(Trace("name", here, 10.0, "a"))
    lingering.keep(Trace("other", here, 10.0, "b"))
    assert lingering.of("name", here, 9.0) == ["a"]
    assert lingering.of("name", there, 9.0) == []
    assert lingering.of("name", here, 10.0) == []
    lingering.keep(Trace("name", here, 99.0, "c"))
    lingering.forget()
    assert lingering.of("name", here, 9.0) == []
