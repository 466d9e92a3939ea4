"""AWS's request limits: who is faster is throttled in the words of the service; our own pace never is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.aws.pace import Pace
from orchestrator.kinds.catalogue import KINDS
from orchestrator.sandbox.buckets import Buckets, limits_of
from orchestrator.sandbox.clock import SpeedClock, VirtualClock
from orchestrator.sandbox.requests import Operation
from tests.world import REGION, Aws, world

_SERVICES = {"elasticloadbalancing": "elbv2", "tag": "resourcegroupstaggingapi"}
SERVICES = 60


@pytest.fixture
def aws() -> Iterator[Aws]:
    with world(buckets=True) as started:
        yield started


def nothing(*_: Any) -> list[bytes]:
    return []


def calls(aws: Aws, service: str, verb: str, times: int, **params: Any) -> list[str]:
    """The error codes of that many calls at once, empty where one was carried out."""
    found = []
    for _ in range(times):
        try:
            getattr(aws.client(service), verb)(**params)
            found.append("")
        except ClientError as error:
            found.append(error.response["Error"]["Code"])
    return found


@pytest.mark.parametrize(
    ("service", "verb", "params", "size", "code"),
    [
        ("ec2", "create_vpc_endpoint", {"VpcId": "vpc-0", "ServiceName": "x"}, 4, "RequestLimitExceeded"),
        ("ec2", "describe_vpcs", {}, 50, "RequestLimitExceeded"),
        ("ec2", "describe_vpcs", {"MaxResults": 5}, 100, "RequestLimitExceeded"),
        ("elbv2", "describe_target_groups", {}, 40, "Throttling"),
        ("ecs", "list_task_definitions", {}, 50, "ThrottlingException"),
        ("iam", "list_roles", {}, 20, "Throttling"),
    ],
)
def test_a_burst_beyond_the_bucket_is_throttled_in_the_words_of_the_service(
    aws: Aws, service: str, verb: str, params: dict[str, Any], size: int, code: str
) -> None:
    found = calls(aws, service, verb, size + 2, **params)
    assert code not in found[:size]
    assert found[size:] == [code, code]
    assert aws.sandbox.calls[-1].struck.startswith(f"limit {service} ")


def test_a_bucket_fills_by_the_clock_of_the_sandbox_up_to_its_size(aws: Aws) -> None:
    calls(aws, "elbv2", "describe_target_groups", 41)
    aws.sleep(0.3)
    assert calls(aws, "elbv2", "describe_target_groups", 5) == ["", "", "", "Throttling", "Throttling"]
    aws.sleep(3600)
    assert calls(aws, "elbv2", "describe_target_groups", 41).count("Throttling") == 1


def test_a_refused_call_costs_no_token_and_regions_have_buckets_of_their_own() -> None:
    clock = VirtualClock()
    buckets = Buckets(nothing, clock)
    rule, describe = (Operation("elbv2", name, REGION) for name in ("CreateRule", "DescribeRules"))
    assert [buckets.take(rule) for _ in range(20)] == [None] * 20
    for _ in range(100):
        assert str(buckets.take(rule)).startswith("elbv2 Create*")
    assert [buckets.take(describe) for _ in range(20)] == [None] * 20
    assert str(buckets.take(describe)) == "elbv2 * 40/10"
    assert buckets.take(Operation("elbv2", "DescribeRules", "us-west-2")) is None


def test_a_fast_clock_gives_credit_for_what_passes_while_a_call_is_on_its_way() -> None:
    at_once = {speed: Buckets(nothing, SpeedClock(speed)) for speed in (1, 400)}
    endpoint = Operation("ec2", "CreateVpcEndpoint", REGION)
    carried_out = {speed: [buckets.take(endpoint) for _ in range(20)].count(None) for speed, buckets in at_once.items()}
    assert carried_out == {1: 4, 400: 20}


def test_a_reset_fills_the_buckets(aws: Aws) -> None:
    calls(aws, "iam", "list_roles", 21)
    aws.sandbox.reset()
    assert calls(aws, "iam", "list_roles", 1) == [""]


def operations() -> Iterator[tuple[str, str]]:
    """Every operation that a kind declares and that AWS limits, by boto3's name of the service."""
    verbs = ("read", "create", "update", "delete")
    declared = {action for kind in KINDS.values() for verb in verbs for action in getattr(kind.actions, verb)}
    for action in sorted(declared):
        service, _, operation = action.partition(":")
        name = _SERVICES.get(service, service)
        if limits_of(name, operation):
            yield name, operation


class Stopped:
    """A clock that moves only when somebody sleeps."""

    blur = 0.0

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, wake: object = None) -> None:
        self.time += seconds


@pytest.mark.parametrize("service", sorted({service for service, _ in operations()}))
def test_our_pace_is_never_faster_than_aws_allows(service: str) -> None:
    clock: Any = Stopped()
    pace, buckets = Pace(clock), Buckets(nothing, clock)
    for asked in [operation for of, operation in operations() if of == service] * 40:
        pace.take(service, asked)
        assert buckets.take(Operation(service, asked, REGION)) is None


def test_sixty_services_at_once_are_never_throttled_and_wait_no_longer_than_the_buckets_make_them(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
    door = Door(Access(region=REGION), aws.clock, workers=SERVICES)
    ecs = door.client("ecs")
    ecs.create_cluster(clusterName="main")
    before = aws.clock.now()

    def deploy(number: int) -> str:
        container = {"name": "app", "image": "public.ecr.aws/x/y:1", "memory": 64}
        answer = ecs.register_task_definition(family=f"s{number}", containerDefinitions=[container])
        arn = answer["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(cluster="main", serviceName=f"s{number}", taskDefinition=arn, desiredCount=0)
        return str(ecs.describe_services(cluster="main", services=[f"s{number}"])["services"][0]["status"])

    with ThreadPoolExecutor(SERVICES) as pool:
        assert list(pool.map(deploy, range(SERVICES))) == ["ACTIVE"] * SERVICES
    assert [call for call in aws.sandbox.calls if call.struck] == []
    assert len([call for call in aws.sandbox.calls if call.operation == "CreateService"]) == SERVICES
    allowed = (SERVICES - 20) / 1  # registering is the narrowest: twenty at once, and one a second from then on
    assert allowed <= aws.clock.now() - before <= 1.2 * allowed
