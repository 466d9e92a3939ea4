"""VPC endpoints: one call for both sorts, deltas, and failures that come with an answer of success."""

from __future__ import annotations

import dataclasses as dc

import pytest

from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.health import Broken, Pending
from orchestrator.core.resource import Live
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.ec2.endpoints import GatewayEndpoint, InterfaceEndpoint
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from tests.contract.harness import Account

VPC = Vpc(name="main", cidr="10.0.0.0/16")
SUBNETS = [
    Subnet(name="a", vpc=VPC.out(), cidr="10.0.0.0/24", zone="us-east-1a"),
    Subnet(name="b", vpc=VPC.out(), cidr="10.0.1.0/24", zone="us-east-1b"),
]
S3 = GatewayEndpoint(name="s3", vpc=VPC.out(), service="com.amazonaws.us-east-1.s3")
LOGS = InterfaceEndpoint(
    name="logs", vpc=VPC.out(), service="com.amazonaws.us-east-1.logs", subnets=frozenset({SUBNETS[0].out()})
)
NETWORK = [VPC, *SUBNETS, S3, LOGS]


def test_both_sorts_are_read_by_one_call(account: Account) -> None:
    account.apply(NETWORK)
    account.reader.sent.clear()
    account.observe(NETWORK)
    assert [c.operation for c in account.reader.sent].count("DescribeVpcEndpoints") == 1


def test_a_subnet_is_added_without_touching_the_one_that_serves(account: Account) -> None:
    account.apply(NETWORK)
    account.aws.sent.clear()
    wider = dc.replace(LOGS, subnets=frozenset(subnet.out() for subnet in SUBNETS))
    account.apply([VPC, *SUBNETS, S3, wider])
    (call,) = [c for c in account.aws.sent if c.operation == "ModifyVpcEndpoint"]
    assert len(call.params["AddSubnetIds"]) == 1
    assert call.params.keys() == {"VpcEndpointId", "AddSubnetIds"}


def test_asking_again_after_a_lost_reply_makes_no_second_endpoint(account: Account) -> None:
    needed = [VPC, *SUBNETS]
    account.apply(needed)
    for _ in range(2):
        account.create(dc.replace(LOGS, private_dns=False), account.observe(needed))
    assert len(account.aws.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]) == 1


def test_a_deletion_that_aws_could_not_do_is_an_error_though_it_answered_success(account: Account) -> None:
    gone = Live(LOGS, {"id": "vpce-0123456789abcdef0"})
    with pytest.raises(Exception, match=r"InvalidVpcEndpoint\w*\.NotFound") as raised:
        KINDS["interface-endpoint"].delete(account.aws, gone)
    assert classify(raised.value) is ErrorClass.NOT_FOUND


@pytest.mark.parametrize("state", ["pending", "Pending", "pendingAcceptance"])
def test_an_endpoint_that_aws_is_making_is_waited_for_however_its_state_is_spelt(state: str) -> None:
    live = Live(LOGS, {"state": state, "failure": None})
    assert isinstance(KINDS["interface-endpoint"].health(live), Pending)


@pytest.mark.parametrize("state", ["failed", "Rejected", "expired", "deleting"])
def test_an_endpoint_that_will_never_serve_has_to_be_made_again(state: str) -> None:
    live = Live(LOGS, {"state": state, "failure": None})
    assert KINDS["interface-endpoint"].health(live) == Broken(f"the VPC endpoint is {state.lower()}")
