"""What holds for every call through the door: read-only, counted, retried only when that is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import exceptions as boto

from orchestrator.aws.door import Access, Aws, ReadOnlyDoor, UnknownOutcome
from orchestrator.core.errors import AwsError, CredentialsError, WrongAccount
from tests.aws.test_errors import answer
from tests.aws.test_pace import Stopped


class Wire:
    """Stands where botocore would send: answers from a script, one entry an attempt."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.sent: list[tuple[str, Any]] = []

    def __call__(self, operation: str, params: Any) -> Any:
        self.sent.append((operation, params))
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(entry, Exception):
            raise entry
        return entry


def door(monkeypatch: pytest.MonkeyPatch, wire: Wire, access: Access | None = None, **kw: Any) -> Aws:
    from botocore.session import Session

    make: Callable[..., Any] = Session.create_client

    def client(session: Any, *args: Any, **kwargs: Any) -> Any:
        made = make(session, *args, **kwargs)
        made._make_api_call = wire
        return made

    monkeypatch.setattr(Session, "create_client", client)
    return Aws(access or Access(region="us-east-1"), Stopped(), **kw)


def test_a_reading_door_lets_no_write_out(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({"Vpcs": []})
    aws = door(monkeypatch, wire).reader()
    aws.client("ec2").describe_vpcs()
    with pytest.raises(ReadOnlyDoor, match="ec2:CreateVpc"):
        aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert [operation for operation, _ in wire.sent] == ["DescribeVpcs"]


def test_throttling_is_waited_out_on_the_injected_clock_and_every_attempt_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = Wire(answer("RequestLimitExceeded"), answer("RequestLimitExceeded"), {"Vpc": {"VpcId": "vpc-1"}})
    aws = door(monkeypatch, wire)
    assert aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] == "vpc-1"
    assert [c.result for c in aws.calls] == ["RequestLimitExceeded", "RequestLimitExceeded", "ok"]
    assert aws.clock.now() > 1


def test_a_creation_whose_reply_was_lost_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(boto.ReadTimeoutError(endpoint_url="x"))
    aws = door(monkeypatch, wire)
    with pytest.raises(UnknownOutcome, match="ec2:CreateVpc"):
        aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert len(wire.sent) == 1


@pytest.mark.parametrize("call", ["describe_vpcs", "delete_vpc"])
def test_a_read_or_a_repeatable_write_whose_reply_was_lost_is_repeated(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    wire = Wire(boto.ConnectionClosedError(endpoint_url="x"), {"Vpcs": []})
    params = {"VpcId": "vpc-1"} if call == "delete_vpc" else {}
    getattr(door(monkeypatch, wire).client("ec2"), call)(**params)
    assert len(wire.sent) == 2


def test_aws_refusing_for_good_is_raised_as_it_came_so_that_kinds_can_read_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(boto.ClientError, match="DependencyViolation"):
        door(monkeypatch, Wire(answer("DependencyViolation"))).client("ec2").delete_vpc(VpcId="vpc-1")


def test_pages_are_followed_to_the_end_even_of_size_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(
        {"Vpcs": [{"VpcId": "a"}], "NextToken": "1"}, {"Vpcs": [], "NextToken": "2"}, {"Vpcs": [{"VpcId": "b"}]}
    )
    found = list(door(monkeypatch, wire).pages("ec2", "describe_vpcs", "Vpcs[].VpcId"))
    assert found == ["a", "b"]


def test_credentials_that_aws_does_not_accept_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError) as caught:
        door(monkeypatch, Wire(answer("ExpiredToken", "expired"))).identity()
    assert "--sandbox" in caught.value.hint


def test_an_endpoint_that_is_down_is_given_up_soon_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(boto.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(AwsError, match=r"http://127\.0\.0\.1:1") as caught:
        door(monkeypatch, wire).identity()
    assert "AWS_ENDPOINT_URL" in caught.value.hint
    assert len(wire.sent) == 4


def test_credentials_of_another_account_than_the_plans_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire({"Account": "222222222222", "Arn": "arn:aws:iam::222222222222:root", "UserId": "x"})
    aws = door(monkeypatch, wire, Access(region="us-east-1", account="111111111111"))
    with pytest.raises(WrongAccount, match=r"111111111111.*222222222222"):
        aws.identity()


def test_no_region_anywhere_is_said_and_not_guessed() -> None:
    with pytest.raises(AwsError, match="no AWS region"):
        Aws(Access(), Stopped()).client("ec2")


def test_many_reads_inside_many_reads_do_not_wait_for_each_other_for_ever() -> None:
    aws = Aws(Access(region="us-east-1"), Stopped(), workers=2)
    answers = aws.each(lambda i: sum(aws.each(lambda j: i * j, range(5))), range(20))
    assert answers == [10 * i for i in range(20)]


def test_a_profile_that_is_not_there_is_a_matter_of_credentials() -> None:
    with pytest.raises(CredentialsError, match="nobody"):
        Aws(Access(region="us-east-1", profile="nobody"), Stopped()).client("ec2")


def test_a_region_that_is_none_is_told_when_aws_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = boto.EndpointConnectionError(endpoint_url="https://ec2.us-esat-1.amazonaws.com")
    for region, hint in (("us-esat-1", "us-east-1"), ("us-east-1", "check the network")):
        with pytest.raises(AwsError) as caught:
            door(monkeypatch, Wire(unreachable), Access(region=region)).client("ec2").describe_vpcs()
        assert hint in caught.value.hint
