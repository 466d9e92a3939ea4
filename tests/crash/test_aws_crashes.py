"""Real kinds on a sandbox: the process dies after every write in turn, and the reply to every creation is lost in turn.

Most of what EC2 makes has neither a name nor a token that would keep it from being made twice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

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
from tests.reconcile.fakes import Died, bury_the_dead
from tests.world import world

STACK = "contract"  # the examples are named for it


class Fragile(Aws):
    """The product's door, with a fate: dying after a write, or losing the reply to a creation."""

    def __init__(self, access: Access, clock: Any) -> None:
        super().__init__(access, clock, pace=Pace(clock, limits=()))
        self._hooked: set[str] = set()
        self._counting = threading.Lock()
        self.spare()

    def spare(self) -> None:
        """Let it live."""
        self.writes: list[str] = []
        self.dead = False
        self.die_after = self.lose = -1

    def client(self, service: str) -> Any:
        client = super().client(service)
        with self._counting:
            if service not in self._hooked:
                self._hooked.add(service)
                client.meta.events.register("before-call.*", self._before)
                client.meta.events.register("after-call.*", self._after)
        return client

    def _before(self, **_: Any) -> None:
        if self.dead:
            raise Died

    def _after(self, model: Any, http_response: Any, **_: Any) -> None:
        if model.name.startswith(READS) or http_response.status_code >= 300:
            return
        with self._counting:
            if self.dead:
                raise Died
            self.writes.append(model.name)
            if len(self.writes) - 1 == self.die_after:
                self.dead = True
                raise Died
            if len(self.writes) - 1 == self.lose:
                raise ReadTimeoutError(endpoint_url="the reply to a write")


Doors = tuple[Sandbox, Fragile]


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    with world() as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", started.sandbox.url)
        yield started.sandbox, Fragile(Access(region="us-east-1"), started.clock)


def examples(*kinds: str) -> list[Resource]:
    """What the kinds prove themselves with, put together."""
    return list({r.address: r for kind in kinds for r in KINDS[kind].example()}.values())


NETWORK = examples("nat-gateway", "repository")
ENTRY = examples("listener-rule")


def plan(aws: Aws, desired: Sequence[Resource]) -> Plan:
    identity = aws.identity()
    live = observe(aws, STACK, desired)
    return make_plan(desired, live, traits(identity.account, aws.region, identity.partition))


def bring(aws: Aws, desired: Sequence[Resource]) -> Report:
    return Applier(aws=aws, stack=STACK, clock=aws.clock, data=True).apply(plan(aws, desired))


def whole(aws: Aws, desired: Sequence[Resource]) -> None:
    """Everything is there as wanted, once, and nothing besides."""
    assert plan(aws, desired).empty
    ec2 = aws.client("ec2")
    assert len([v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]) == 1
    gateways = [g for g in ec2.describe_nat_gateways()["NatGateways"] if g["State"] not in ("deleted", "deleting")]
    wanted = [r.kind for r in desired]
    assert len(gateways) == wanted.count("nat-gateway")
    assert len(ec2.describe_addresses()["Addresses"]) == wanted.count("elastic-ip")
    assert len(aws.client("elbv2").describe_load_balancers()["LoadBalancers"]) == wanted.count("load-balancer")


def points(doors: Doors, desired: Sequence[Resource]) -> list[int]:
    """Which writes to try. What stands before a load balancer is the network's part."""
    sandbox, aws = doors
    sandbox.reset()
    aws.spare()
    assert bring(aws, desired).ok
    first = aws.writes.index("CreateLoadBalancer") if "CreateLoadBalancer" in aws.writes else 0
    return list(range(first, len(aws.writes)))


@pytest.mark.parametrize("desired", [NETWORK, ENTRY], ids=["network", "entry"])
def test_a_death_after_any_write_is_made_good_by_the_next_apply(doors: Doors, desired: list[Resource]) -> None:
    sandbox, aws = doors
    for at in points(doors, desired):
        sandbox.reset()
        aws.spare()
        aws.die_after = at
        with pytest.raises(Died):
            bring(aws, desired)
        bury_the_dead()
        aws.spare()
        report = bring(aws, desired)
        assert [r.error for r in report.failed] == []
        whole(aws, desired)


@pytest.mark.parametrize("desired", [NETWORK, ENTRY], ids=["network", "entry"])
def test_the_lost_reply_to_any_write_leads_to_nothing_twice(doors: Doors, desired: list[Resource]) -> None:
    sandbox, aws = doors
    for at in points(doors, desired):
        sandbox.reset()
        aws.spare()
        aws.lose = at
        report = bring(aws, desired)
        assert [r.error for r in report.failed] == []
        whole(aws, desired)


def test_a_death_after_any_deletion_is_made_good_by_the_next_destroy(doors: Doors) -> None:
    sandbox, aws = doors
    at, died = 0, True
    while died:
        sandbox.reset()
        aws.spare()
        assert bring(aws, NETWORK).ok
        aws.spare()
        aws.die_after = at
        try:
            bring_down(aws, NETWORK)
        except Died:
            bury_the_dead()
            aws.spare()
            bring_down(aws, NETWORK)
        else:
            died = False
        assert observe(aws, STACK, NETWORK) == ()
        at += 1
    assert at > len(NETWORK), "every deletion was a point to die at"


def bring_down(aws: Aws, desired: Sequence[Resource]) -> None:
    identity = aws.identity()
    live = observe(aws, STACK, desired)
    removal = make_plan([], live, traits(identity.account, aws.region, identity.partition))
    report = Applier(aws=aws, stack=STACK, clock=aws.clock, data=True).apply(removal)
    assert [r.error for r in report.failed] == []
