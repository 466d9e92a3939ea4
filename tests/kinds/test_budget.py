"""How many calls it takes to see that nothing has changed, and that pages hide nothing, for a whole network."""

from __future__ import annotations

from collections import Counter

import pytest

from orchestrator.core.resource import Resource
from orchestrator.kinds.ec2.endpoints import GatewayEndpoint, InterfaceEndpoint
from orchestrator.kinds.ec2.gateways import ElasticIp, InternetGateway, NatGateway
from orchestrator.kinds.ec2.routes import Route, RouteTable
from orchestrator.kinds.ec2.security_groups import Rule, SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.kinds.iam import Role, trust
from orchestrator.kinds.logs import LogGroup
from orchestrator.kinds.storage import Bucket
from orchestrator.reconcile.observe import observe
from tests.contract.harness import Account

MOST_CALLS = 24
SHARED = ("GetResources", "GetCallerIdentity")


def network() -> list[Resource]:
    """Two zones, each with a way out of its own, and endpoints."""
    vpc = Vpc(name="main", cidr="10.0.0.0/16")
    gateway = InternetGateway(name="main", vpc=vpc.out())
    public = [
        Subnet(name=f"public-{z}", vpc=vpc.out(), cidr=f"10.0.{n}.0/24", zone=f"us-east-1{z}")
        for n, z in enumerate("ab")
    ]
    private = [
        Subnet(name=f"private-{z}", vpc=vpc.out(), cidr=f"10.0.10{n}.0/24", zone=f"us-east-1{z}")
        for n, z in enumerate("ab")
    ]
    addresses = [ElasticIp(name=f"nat-{z}") for z in "ab"]
    after = frozenset({gateway.address})
    nats = [
        NatGateway(name=z, subnet=s.out(), allocation=a.out(), after=after)
        for z, s, a in zip("ab", public, addresses, strict=True)
    ]
    out = frozenset({Route("0.0.0.0/0", gateway.out())})
    tables = [RouteTable(name="public", vpc=vpc.out(), routes=out, subnets=frozenset(s.out() for s in public))]
    tables += [
        RouteTable(
            name=f"private-{z}",
            vpc=vpc.out(),
            routes=frozenset({Route("0.0.0.0/0", n.out())}),
            subnets=frozenset({s.out()}),
        )
        for z, n, s in zip("ab", nats, private, strict=True)
    ]
    alb = SecurityGroup(name="alb", vpc=vpc.out(), ingress=frozenset({Rule("0.0.0.0/0", "tcp", 80, 80)}))
    tasks = SecurityGroup(name="tasks", vpc=vpc.out(), ingress=frozenset({Rule(alb.out(), "tcp", 3000, 3000)}))
    group = SecurityGroup(name="endpoints", vpc=vpc.out(), ingress=frozenset({Rule("10.0.0.0/16", "tcp", 443, 443)}))
    region = "com.amazonaws.us-east-1"
    interfaces = [
        InterfaceEndpoint(
            name=name.replace(".", "-"),
            vpc=vpc.out(),
            service=f"{region}.{name}",
            subnets=frozenset(s.out() for s in private),
            groups=frozenset({group.out()}),
        )
        for name in ("ecr.api", "ecr.dkr", "logs")
    ]
    s3 = GatewayEndpoint(
        name="s3", vpc=vpc.out(), service=f"{region}.s3", tables=frozenset(t.out() for t in tables[1:])
    )
    return [vpc, gateway, *public, *private, *addresses, *nats, *tables, alb, tasks, group, *interfaces, s3]


def rights_and_stores() -> list[Resource]:
    """Roles, log groups and buckets."""
    service = trust("ecs-tasks.amazonaws.com")
    roles = [
        Role(name=n, aws_name=f"contract-{n}", trust=service)
        for n in ("execution", "task", "pipeline", "build", "events")
    ]
    groups = [LogGroup(name=n, aws_name=f"/contract/{n}", retention=30) for n in ("posts", "threads", "users", "build")]
    buckets = [Bucket(name=n, aws_name=f"contract-{n}-123456789012", versioning=True) for n in ("artifacts", "trail")]
    return [*roles, *groups, *buckets]


@pytest.fixture
def system(account: Account) -> list[Resource]:
    everything = [*network(), *rights_and_stores()]
    account.apply(everything)
    account.reader.sent.clear()
    return everything


def test_an_unchanged_system_is_seen_to_be_so_in_few_calls(account: Account, system: list[Resource]) -> None:
    assert account.plan(system).empty
    made = Counter(call.operation for call in account.reader.sent if call.operation not in SHARED)
    assert made.total() <= MOST_CALLS, made


def test_what_the_plan_no_longer_holds_is_found_by_its_tags(account: Account, system: list[Resource]) -> None:
    found = {live.address for live in observe(account.reader, account.stack, [])}
    assert found == {resource.address for resource in system}


def test_a_system_is_seen_whole_however_little_aws_puts_on_a_page(
    account: Account, system: list[Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account.reader, "smallest_pages", True)
    assert account.plan(system).empty
    made = Counter(call.operation for call in account.reader.sent)
    assert made["GetAccountAuthorizationDetails"] == 5
    assert made["DescribeLogGroups"] == 4
