"""How many calls it takes to see that all that is built on a network is unchanged, and what is found again."""

from __future__ import annotations

from collections import Counter

import pytest

from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, JsonDoc
from orchestrator.kinds.alarms import Alarm
from orchestrator.kinds.audit import TrailKind
from orchestrator.kinds.delivery.codebuild import BuildProjectKind
from orchestrator.kinds.delivery.codecommit import SourceRepositoryKind
from orchestrator.kinds.delivery.codepipeline import PipelineKind
from orchestrator.kinds.ec2.security_groups import SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.ecs.clusters import ClusterKind
from orchestrator.kinds.ecs.services import Balanced, Service
from orchestrator.kinds.ecs.task_definitions import TaskDefinitionKind
from orchestrator.kinds.elbv2.actions import Action, FixedResponse, Forward, Target
from orchestrator.kinds.elbv2.balancers import LoadBalancer
from orchestrator.kinds.elbv2.conditions import paths
from orchestrator.kinds.elbv2.listeners import Listener
from orchestrator.kinds.elbv2.rules import ListenerRule
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.events import EventRuleKind
from orchestrator.kinds.scaling import Metric, ScalableTarget, ScalingPolicy
from orchestrator.reconcile.observe import observe
from tests.contract.fixtures import Doors, fresh_account
from tests.contract.harness import Account

MOST_CALLS = 28
SHARED = ("GetResources", "GetCallerIdentity")
ELSEWHERE = {"vpc", "subnet", "security-group", "role", "bucket", "log-group"}
ROLLED_OUT = {"service", "task-definition"}
SERVICES = ("posts", "threads", "users")

VPC = Vpc(name="main", cidr="10.0.0.0/16")
SUBNETS = [Subnet(name=z, vpc=VPC.out(), cidr=f"10.0.{n}.0/24", zone=f"us-east-1{z}") for n, z in enumerate("ab")]
GROUP = SecurityGroup(name="entry", vpc=VPC.out())
IN_BOTH = frozenset(s.out() for s in SUBNETS)
BALANCER = LoadBalancer(
    name="main",
    aws_name="contract",
    scheme="internal",
    subnets=IN_BOTH,
    security_groups=frozenset({GROUP.out()}),
)
LISTENER = Listener(name="http", load_balancer=BALANCER.out(), port=80, default=FixedResponse("404"))
(CLUSTER,) = ClusterKind.example()
(DEFINITION,) = TaskDefinitionKind.example()


def routed(name: str, priority: int) -> list[Resource]:
    """Both colours of a service behind a path."""
    blue, green = (
        TargetGroup(name=f"{name}-{c}", aws_name=f"contract-{name}-{c}", vpc=VPC.out(), port=3000)
        for c in ("blue", "green")
    )
    forward: Action = Forward(frozenset({Target(blue.out(), 100), Target(green.out(), 0)}))
    rule = ListenerRule(
        name=name,
        listener=LISTENER.out(),
        priority=priority,
        conditions=frozenset({paths(f"/api/{name}*")}),
        action=Initial(forward, "a rollout"),
    )
    service = Service(
        name=f"{name}-blue",
        aws_name=f"{name}-blue",
        cluster=CLUSTER.out(),
        task_definition=Initial(DEFINITION.out(), "a rollout"),
        desired_count=Initial(0, "autoscaling"),
        subnets=IN_BOTH,
        security_groups=frozenset({GROUP.out()}),
        launch_type="FARGATE",
        load_balancers=frozenset({Balanced(blue.out(), "posts", 3000)}),
        after=frozenset({rule.address}),
    )
    return [blue, green, rule, service, *watched(name, service)]


def watched(name: str, service: Service) -> list[Resource]:
    """What scales a service and tells when it is short of something."""
    after = frozenset({service.address})
    target = ScalableTarget(name=name, resource_id=f"service/contract/{name}-blue", minimum=2, maximum=10, after=after)
    found: list[Resource] = [target]
    for what, most in (("CPU", 70.0), ("Memory", 80.0)):
        named = f"{name}-{what.lower()}"
        metric = Metric(f"ECSServiceAverage{what}Utilization")
        policy = ScalingPolicy(name=named, aws_name=f"contract-{named}", target=target.out(), metric=metric, value=most)
        alarm = Alarm(
            name=named,
            aws_name=f"contract-{named}-high",
            namespace="AWS/ECS",
            metric=f"{what}Utilization",
            dimensions={"ClusterName": "contract", "ServiceName": f"{name}-blue"},
            threshold=85.0,
        )
        found += [policy, alarm]
    return found


def everything() -> list[Resource]:
    """What the forum has on its network."""
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    lifecycle = JsonDoc({"rules": [rule]})
    found: list[Resource] = [VPC, *SUBNETS, GROUP, BALANCER, LISTENER, CLUSTER, DEFINITION]
    for number, name in enumerate(SERVICES):
        found.append(Repository(name=name, aws_name=f"contract/{name}", lifecycle=lifecycle))
        found += routed(name, 100 + number)
    delivery = (SourceRepositoryKind, BuildProjectKind, PipelineKind, EventRuleKind, TrailKind)
    by_address = {r.address: r for kind in delivery for r in kind.example()}
    return [*found, *by_address.values()]


@pytest.fixture(scope="module")
def module_account(doors: Doors) -> Account:
    return fresh_account(doors)


@pytest.fixture(scope="module")
def system(module_account: Account) -> list[Resource]:
    resources = everything()
    module_account.apply(resources)
    return resources


def test_an_unchanged_system_is_seen_to_be_so_in_few_calls(module_account: Account, system: list[Resource]) -> None:
    account = module_account
    account.reader.sent.clear()
    plan = account.plan(system)
    assert [(str(s.address), s.changes) for s in plan.changes] == []
    sent = [call for call in account.reader.sent if call.operation not in SHARED and call.kind not in ELSEWHERE]
    made = Counter(call.operation for call in sent if call.kind not in ROLLED_OUT)
    assert made.total() <= MOST_CALLS, made
    assert sum(1 for call in sent if call.service == "elasticloadbalancing") <= 12, made


def test_what_the_plan_no_longer_holds_is_found_by_its_tags(module_account: Account, system: list[Resource]) -> None:
    found = {live.address.kind for live in observe(module_account.reader, module_account.stack, [])}
    assert found == {resource.kind for resource in system}


def test_a_system_is_seen_whole_however_little_aws_puts_on_a_page(
    module_account: Account, system: list[Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module_account.reader, "smallest_pages", True)
    assert [(str(s.address), s.changes) for s in module_account.plan(system).changes] == []


def test_without_the_tagging_api_every_service_is_asked_for_its_own_tags(
    module_account: Account, system: list[Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.kinds.scope.Scope.index", lambda *_: {})
    assert [(str(s.address), s.changes) for s in module_account.plan(system).changes] == []
