"""Internet gateways that lost their attachment, NAT gateways that failed, addresses that are still held."""

from __future__ import annotations

from typing import Any

from orchestrator.core.health import Broken
from orchestrator.core.resource import Resource
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.ec2.gateways import ElasticIp, InternetGateway, NatGateway
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.reconcile.steps import Action
from tests.contract.harness import TICK, Account
from tests.contract.life import planned

VPC = Vpc(name="main", cidr="10.0.0.0/16")
GATEWAY = InternetGateway(name="main", vpc=VPC.out())
SUBNET = Subnet(name="public-a", vpc=VPC.out(), cidr="10.0.0.0/24", zone="us-east-1a")
ADDRESS = ElasticIp(name="nat-a")
NAT = NatGateway(name="a", subnet=SUBNET.out(), allocation=ADDRESS.out(), after=frozenset({GATEWAY.address}))
NETWORK = [VPC, GATEWAY, SUBNET, ADDRESS, NAT]


def gateway_id(account: Account, resource: Resource, among: list[Resource]) -> str:
    live = account.find(among, resource.address)
    assert live is not None
    return str(live.outputs["id"])


def nat_gateways(account: Account) -> list[dict[str, Any]]:
    return account.aws.client("ec2").describe_nat_gateways()["NatGateways"]


def test_a_detached_internet_gateway_is_attached_again_and_not_replaced(account: Account) -> None:
    account.apply([VPC, GATEWAY])
    vpc, gateway = (gateway_id(account, r, [VPC, GATEWAY]) for r in (VPC, GATEWAY))
    account.aws.client("ec2").detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert planned(account.plan([VPC, GATEWAY])) == [("internet-gateway/main", Action.UPDATE, frozenset({"attached"}))]
    account.apply([VPC, GATEWAY])
    assert account.plan([VPC, GATEWAY]).empty
    assert gateway_id(account, GATEWAY, [VPC, GATEWAY]) == gateway


def test_attaching_twice_because_the_first_reply_was_lost_is_no_error(account: Account) -> None:
    account.apply([VPC, GATEWAY])
    live = account.find([VPC, GATEWAY], GATEWAY.address)
    assert live is not None
    want = InternetGateway(name="main", vpc=live.resource.vpc)
    KINDS["internet-gateway"].update(account.aws, want, live, frozenset({"attached"}))
    assert account.plan([VPC, GATEWAY]).empty


def test_deleting_a_gateway_that_is_detached_meanwhile_goes_on(account: Account) -> None:
    account.apply([VPC, GATEWAY])
    live = account.find([VPC, GATEWAY], GATEWAY.address)
    assert live is not None
    account.aws.client("ec2").detach_internet_gateway(InternetGatewayId=live.outputs["id"], VpcId=live.resource.vpc)
    KINDS["internet-gateway"].delete(account.aws, live)
    assert account.find([VPC, GATEWAY], GATEWAY.address) is None


def test_a_nat_gateway_that_failed_is_replaced_by_a_new_one(account: Account) -> None:
    lonely = NatGateway(name="a", subnet=SUBNET.out(), allocation=ADDRESS.out())
    account.apply([VPC, SUBNET, ADDRESS])
    account.create(lonely, account.observe([VPC, SUBNET, ADDRESS]))
    account.aws.clock.sleep(120)
    failed = account.find(NETWORK, NAT.address)
    assert failed is not None
    health = KINDS["nat-gateway"].health(failed)
    assert isinstance(health, Broken)
    assert "no Internet gateway attached" in health.why
    account.apply([VPC, GATEWAY])
    steps = account.plan(NETWORK).changes
    assert [(s.key, s.action) for s in steps] == [
        ("nat-gateway/a#old", Action.DELETE),
        ("nat-gateway/a", Action.REPLACE),
    ]
    account.delete(failed, NETWORK)
    account.apply(NETWORK)
    assert account.plan(NETWORK).empty
    assert gateway_id(account, NAT, NETWORK) != failed.outputs["id"]


def test_asking_again_after_a_lost_reply_makes_no_second_nat_gateway(account: Account) -> None:
    needed = [VPC, GATEWAY, SUBNET, ADDRESS]
    account.apply(needed)
    for _ in range(2):
        account.create(NAT, account.observe(needed))
    assert len(nat_gateways(account)) == 1


def test_a_nat_gateway_on_its_way_out_is_waited_for_and_one_that_is_gone_is_not_seen(account: Account) -> None:
    account.apply(NETWORK)
    gateway = gateway_id(account, NAT, NETWORK)
    account.aws.client("ec2").delete_nat_gateway(NatGatewayId=gateway)
    leaving = account.find(NETWORK, NAT.address)
    assert leaving is not None
    assert isinstance(KINDS["nat-gateway"].health(leaving), Broken)
    while account.find(NETWORK, NAT.address):
        account.aws.clock.sleep(TICK)
    assert [g["State"] for g in nat_gateways(account)] == ["deleted"]
    account.apply(NETWORK)
    assert account.plan(NETWORK).empty


def test_an_address_is_released_as_soon_as_its_nat_gateway_is_really_gone(account: Account) -> None:
    account.apply(NETWORK)
    address, nat = account.find(NETWORK, ADDRESS.address), account.find(NETWORK, NAT.address)
    assert address is not None
    assert nat is not None
    account.aws.client("ec2").delete_nat_gateway(NatGatewayId=nat.outputs["id"])
    account.delete(address, NETWORK)
    assert account.aws.client("ec2").describe_addresses()["Addresses"] == []
