"""Real kinds on an AWS that hears late of what it has made: calls on it are refused, and lists leave it out.

None of the first five kinds has a name or a token by which EC2 would know a second creation of the same thing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.aws.door import Access, Aws
from orchestrator.aws.pace import Pace
from orchestrator.core.resource import Resource
from orchestrator.kinds.catalogue import KINDS
from orchestrator.reconcile.apply import Applier
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import observe, traits
from orchestrator.reconcile.report import Report
from orchestrator.reconcile.steps import Plan
from orchestrator.sandbox.consistency import lag
from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.sandbox.server import Sandbox
from tests.world import world

STACK = "contract"
KNOWN = 300.0
_MADE = (
    "AllocateAddress",
    "CreateInternetGateway",
    "CreateRouteTable",
    "CreateSecurityGroup",
    "CreateSubnet",
    "CreateVpc",
)

Doors = tuple[Sandbox, Aws]


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    with world() as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", started.sandbox.url)
        yield started.sandbox, Aws(Access(region="us-east-1"), started.clock, pace=Pace(started.clock, limits=()))
        lag.install(0)


def examples(*kinds: str) -> list[Resource]:
    return list({r.address: r for kind in kinds for r in KINDS[kind].example()}.values())


NETWORK = examples("nat-gateway", "route-table", "security-group")
BALANCED = examples("listener-rule")


def plan(aws: Aws, desired: list[Resource]) -> Plan:
    who = aws.identity()
    return make_plan(desired, observe(aws, STACK, desired), traits(who.account, aws.region, who.partition))


def bring(aws: Aws, desired: list[Resource]) -> Report:
    return Applier(aws=aws, stack=STACK, clock=aws.clock).apply(plan(aws, desired))


def whole(aws: Aws) -> None:
    """Everything is there as wanted, once, and nothing besides."""
    aws.clock.sleep(KNOWN)
    assert plan(aws, NETWORK).empty
    ec2, wanted = aws.client("ec2"), [r.kind for r in NETWORK]
    counted = {
        "vpc": [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]],
        "subnet": [s for s in ec2.describe_subnets()["Subnets"] if not s["DefaultForAz"]],
        "internet-gateway": ec2.describe_internet_gateways()["InternetGateways"],
        "elastic-ip": ec2.describe_addresses()["Addresses"],
        "route-table": [t for t in ec2.describe_route_tables()["RouteTables"] if t.get("Tags")],
        "security-group": [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] != "default"],
        "nat-gateway": ec2.describe_nat_gateways()["NatGateways"],
    }
    assert {kind: len(found) for kind, found in counted.items()} == {kind: wanted.count(kind) for kind in counted}


@pytest.mark.parametrize("seconds", [5, 20, 100])
def test_however_late_ec2_knows_of_what_it_made_nothing_is_made_twice(doors: Doors, seconds: float) -> None:
    sandbox, aws = doors
    sandbox.reset()
    lag.install(seconds)
    assert [r.error for r in bring(aws, NETWORK).failed] == []
    assert [call for call in sandbox.calls if call.struck == "consistency"], "something was too new"
    whole(aws)


@pytest.mark.parametrize("loses", _MADE)
def test_a_lost_reply_to_a_creation_that_is_listed_late_leads_to_nothing_twice(doors: Doors, loses: str) -> None:
    sandbox, aws = doors
    sandbox.reset()
    lag.install(60)
    sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, service="ec2", operation=loses, count=1))
    assert [r.error for r in bring(aws, NETWORK).failed] == []
    assert [struck for _, struck in sandbox.faults.taken()] == [1], "a reply was lost"
    whole(aws)


@pytest.mark.parametrize("seconds", [5, 20])
def test_a_balancer_its_listener_and_its_rules_are_waited_for(doors: Doors, seconds: float) -> None:
    sandbox, aws = doors
    sandbox.reset()
    lag.install(seconds)
    assert [r.error for r in bring(aws, BALANCED).failed] == []
    assert [call for call in sandbox.calls if call.service == "elbv2" and call.struck], "something was too new"
    aws.clock.sleep(KNOWN)
    assert plan(aws, BALANCED).empty


def test_a_rule_that_a_former_apply_has_made_and_that_is_not_listed_yet_is_waited_for(doors: Doors) -> None:
    sandbox, aws = doors
    sandbox.reset()
    lag.install(0)
    entry = [r for r in BALANCED if r.kind != "listener-rule"]
    assert [r.error for r in bring(aws, entry).failed] == []
    lag.install(60)
    for _ in range(2):
        assert [r.error for r in bring(aws, BALANCED).failed] == []
    made = [call for call in sandbox.calls if call.operation == "CreateRule"]
    assert [call.code for call in made] == ["", "PriorityInUse"]
    aws.clock.sleep(KNOWN)
    assert plan(aws, BALANCED).empty
