"""A VPC that AWS takes a moment over: nothing is put into it before it is available."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from tests.contract.harness import Account

VPC = Vpc(name="main", cidr="10.0.0.0/16")
SUBNET = Subnet(name="a", vpc=VPC.out(), cidr="10.0.0.0/24", zone="us-east-1a")


@contextmanager
def pending(account: Account, seconds: float) -> Iterator[None]:
    """VPCs are pending until so much time has passed."""
    until = account.aws.clock.now() + seconds
    events = account.aws.client("ec2").meta.events

    def tell(parsed: Any, **_: Any) -> None:
        for vpc in [parsed["Vpc"]] if "Vpc" in parsed else parsed.get("Vpcs", ()):
            vpc["State"] = "pending" if account.aws.clock.now() < until else "available"

    for operation in ("CreateVpc", "DescribeVpcs"):
        events.register(f"after-call.ec2.{operation}", tell)
    try:
        yield
    finally:
        for operation in ("CreateVpc", "DescribeVpcs"):
            events.unregister(f"after-call.ec2.{operation}", tell)


@pytest.mark.parametrize(("seconds", "looks"), [(0, 0), (4, 3)])
def test_subnets_are_made_once_the_vpc_is_available_and_not_a_look_later(
    account: Account, seconds: float, looks: int
) -> None:
    plan = account.plan([VPC, SUBNET])
    with pending(account, seconds):
        assert account.applier().apply(plan).ok
    sent = [call.operation for call in account.aws.sent]
    assert sent[: sent.index("CreateSubnet")].count("DescribeVpcs") == looks
    assert {live.address for live in account.observe([VPC, SUBNET])} == {VPC.address, SUBNET.address}
