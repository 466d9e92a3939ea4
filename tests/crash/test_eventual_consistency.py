"""Real kinds on an EC2 that hears late of what it has made: calls on it are refused, and lists leave it out.

None of the first five kinds has a name or a token by which EC2 would know a second creation of the same thing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from orchestrator.aws.door import READS, Access, Aws
from orchestrator.aws.pace import Pace
from orchestrator.core.resource import Resource
from orchestrator.kinds.catalogue import KINDS
from orchestrator.reconcile.apply import Applier
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import observe, traits
from orchestrator.reconcile.report import Report
from orchestrator.reconcile.steps import Plan
from orchestrator.sandbox.server import Sandbox
from tests.world import world

STACK = "contract"
_UNKNOWN = {
    "vpc": "InvalidVpcID.NotFound",
    "subnet": "InvalidSubnetID.NotFound",
    "igw": "InvalidInternetGatewayID.NotFound",
    "rtb": "InvalidRouteTableID.NotFound",
    "sg": "InvalidGroup.NotFound",
    "eipalloc": "InvalidAllocationID.NotFound",
}
_MADE = {
    "CreateVpc": "VpcId",
    "CreateSubnet": "SubnetId",
    "CreateInternetGateway": "InternetGatewayId",
    "CreateRouteTable": "RouteTableId",
    "CreateSecurityGroup": "GroupId",
    "AllocateAddress": "AllocationId",
}
_LISTED = ("Vpcs", "Subnets", "InternetGateways", "RouteTables", "SecurityGroups", "Addresses")


class Lagging(Aws):
    """The product's door, behind which EC2 knows of what it made only ``lag`` seconds later.

    ``loses`` is an operation whose first reply does not come back.
    """

    def __init__(self, access: Access, clock: Any) -> None:
        super().__init__(access, clock, pace=Pace(clock, limits=()))
        self.lag = 0.0
        self.loses = ""
        self._made: dict[str, float] = {}
        self._noting = threading.Lock()

    def _connect(self, service: str) -> Any:
        client = super()._connect(service)
        if service == "ec2":
            client.meta.events.register("provide-client-params.ec2", self._refuse)
            client.meta.events.register("after-call.ec2", self._note)
        return client

    def _unheard_of(self) -> set[str]:
        with self._noting:
            return {made for made, at in self._made.items() if self.clock.now() < at + self.lag}

    def _refuse(self, params: Any, model: Any, **_: Any) -> None:
        said = json.dumps(params, default=str)
        for made in sorted(self._unheard_of()):
            if f'"{made}"' in said and not model.name.startswith(READS):
                code = _UNKNOWN[made.partition("-")[0]]
                raise ClientError({"Error": {"Code": code, "Message": f"{made} does not exist"}}, model.name)

    def _note(self, parsed: Any, model: Any, **_: Any) -> None:
        if model.name in _MADE and "Error" not in parsed:
            (item,) = [v for v in parsed.values() if isinstance(v, dict) and _MADE[model.name] in v] or [parsed]
            with self._noting:
                self._made[item[_MADE[model.name]]] = self.clock.now()
                lost, self.loses = model.name == self.loses, "" if model.name == self.loses else self.loses
            if lost:
                raise ReadTimeoutError(endpoint_url="the reply to a creation")
        unheard = self._unheard_of()
        for key in _LISTED:
            parsed.update({key: [i for i in parsed[key] if not unheard & set(_own(i))]} if key in parsed else {})


def _own(item: dict[str, Any]) -> list[str]:
    """The id that an item of a list has itself: the first of these, since a subnet also names its VPC."""
    keys = ("SubnetId", "InternetGatewayId", "RouteTableId", "GroupId", "AllocationId", "VpcId")
    return [str(item[key]) for key in keys if key in item][:1]


Doors = tuple[Sandbox, Lagging]


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    with world() as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", started.sandbox.url)
        yield started.sandbox, Lagging(Access(region="us-east-1"), started.clock)


NETWORK = list(
    {r.address: r for kind in ("nat-gateway", "route-table", "security-group") for r in KINDS[kind].example()}.values()
)


def plan(aws: Aws, desired: list[Resource]) -> Plan:
    who = aws.identity()
    return make_plan(desired, observe(aws, STACK, desired), traits(who.account, aws.region, who.partition))


def bring(aws: Aws, desired: list[Resource]) -> Report:
    return Applier(aws=aws, stack=STACK, clock=aws.clock).apply(plan(aws, desired))


def whole(aws: Lagging) -> None:
    """Everything is there as wanted, once, and nothing besides."""
    aws.lag = 0
    assert plan(aws, NETWORK).empty
    ec2, wanted = aws.client("ec2"), [r.kind for r in NETWORK]
    counted = {
        "vpc": [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]],
        "subnet": [s for s in ec2.describe_subnets()["Subnets"] if not s["DefaultForAz"]],
        "internet-gateway": ec2.describe_internet_gateways()["InternetGateways"],
        "elastic-ip": ec2.describe_addresses()["Addresses"],
        "route-table": [t for t in ec2.describe_route_tables()["RouteTables"] if t.get("Tags")],
        "security-group": [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] != "default"],
    }
    assert {kind: len(found) for kind, found in counted.items()} == {kind: wanted.count(kind) for kind in counted}


@pytest.mark.parametrize("lag", [5, 20, 100])
def test_however_late_ec2_knows_of_what_it_made_nothing_is_made_twice(doors: Doors, lag: float) -> None:
    sandbox, aws = doors
    sandbox.reset()
    aws.lag = lag
    assert [r.error for r in bring(aws, NETWORK).failed] == []
    whole(aws)


@pytest.mark.parametrize("loses", sorted(_MADE))
def test_a_lost_reply_to_a_creation_that_is_listed_late_leads_to_nothing_twice(doors: Doors, loses: str) -> None:
    sandbox, aws = doors
    sandbox.reset()
    aws.lag, aws.loses = 60, loses
    assert [r.error for r in bring(aws, NETWORK).failed] == []
    assert not aws.loses, "a reply was lost"
    whole(aws)
