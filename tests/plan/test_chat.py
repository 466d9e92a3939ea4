"""The chat, number by number: what its plan must become on AWS, whoever changes the compiler."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
import yaml

from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, refs
from orchestrator.kinds.alarms import Alarm
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.delivery.codebuild import BuildProject
from orchestrator.kinds.delivery.codepipeline import Pipeline
from orchestrator.kinds.discovery import DiscoveryService, Namespace
from orchestrator.kinds.ec2.gateways import NatGateway
from orchestrator.kinds.ec2.routes import RouteTable
from orchestrator.kinds.ec2.security_groups import SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.elbv2.actions import FixedResponse, Forward
from orchestrator.kinds.elbv2.listeners import Listener
from orchestrator.kinds.elbv2.rules import ListenerRule
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.iam import Role
from orchestrator.kinds.logs import LogGroup
from orchestrator.kinds.scaling import ScalableTarget, ScalingPolicy
from orchestrator.plan.compile import ColourName, Compiled, Context, compile_plan
from orchestrator.plan.load.loader import load_plan

R = TypeVar("R", bound=Resource)
CHAT = Path(__file__).parents[2] / "plans" / "chat.yaml"
PORTS = {"discovery-server": 8761, "users": 8081, "discussion": 8083, "feed": 8080, "api-gateway": 8765, "frontend": 80}
PUBLIC = ("api-gateway", "frontend")
INSIDE = ("discovery-server", "users", "discussion", "feed")

NETWORK = [
    "vpc/main",
    "internet-gateway/main",
    "subnet/public-a",
    "subnet/public-b",
    "subnet/private-a",
    "subnet/private-b",
    "elastic-ip/nat-b",
    "nat-gateway/b",
    "route-table/public",
    "route-table/private",
    "security-group/alb",
    "security-group/tasks",
    "namespace/main",
]
SHARED = ["load-balancer/main", "listener/http", "cluster/main", "role/execution", "role/task"]
DELIVERY = [
    "codecommit-repository/source",
    "event-rule/push",
    "codepipeline/main",
    "codebuild-project/build",
    "bucket/artifacts",
    "log-group/codebuild",
    "role/build",
    "role/pipeline",
    "role/events",
    "codebuild-project/verify",
    "role/verify",
]
A_SERVICE = [
    "repository/{0}",
    "log-group/{0}",
    "scalable-target/{0}-blue",
    "scaling-policy/{0}-blue-cpu",
    "scaling-policy/{0}-blue-memory",
    "alarm/{0}-cpu",
    "alarm/{0}-memory",
]
BALANCED = [
    "target-group/{0}-blue",
    "target-group/{0}-green",
    "listener-rule/{0}",
    "listener-rule/{0}-test",
    "scaling-policy/{0}-blue-requests",
    "alarm/{0}-errors",
    "alarm/{0}-latency",
]


def compile_chat(**colours: ColourName) -> Compiled:
    loaded = load_plan(CHAT)
    context = Context(stack=loaded.stack, account="123456789012", region=loaded.model.region, colours=colours)
    return compile_plan(loaded.model, context)


@pytest.fixture(scope="module")
def chat() -> Compiled:
    return compile_chat()


def of(compiled: Compiled, kind: type[R]) -> dict[str, R]:
    return {r.name: r for r in compiled.resources if isinstance(r, kind)}


def test_its_resources_are_these_and_no_others(chat: Compiled) -> None:
    services = [address.format(name) for name in PORTS for address in A_SERVICE]
    public = [address.format(name) for name in PUBLIC for address in BALANCED]
    inside = [f"discovery-service/{name}" for name in INSIDE]
    expected = [*NETWORK, *SHARED, *DELIVERY, *services, *public, *inside]
    assert sorted(str(r.address) for r in chat.resources) == sorted(expected)


def test_everything_it_refers_to_is_in_it_and_has_that_output(chat: Compiled) -> None:
    known = {r.address for r in chat.resources}
    used = {ref for r in chat.resources for ref in refs(r)}
    used |= {ref for s in chat.services for c in s.colours.values() for ref in refs(c.service)}
    used |= {ref for s in chat.services for ref in refs(s.url)}
    assert {ref for ref in used if ref.to not in known and ref.to.kind != "task-definition"} == set()
    assert {ref for ref in used if ref.output not in KINDS[ref.to.kind].outputs} == set()


def test_its_network_has_these_ranges(chat: Compiled) -> None:
    vpc = of(chat, Vpc)["main"]
    assert (vpc.cidr, vpc.dns_support, vpc.dns_hostnames) == ("10.0.0.0/16", True, True)
    assert {s.name: (s.cidr, s.zone, s.public) for s in of(chat, Subnet).values()} == {
        "public-a": ("10.0.1.0/24", "us-east-1a", True),
        "public-b": ("10.0.2.0/24", "us-east-1b", True),
        "private-a": ("10.0.3.0/24", "us-east-1a", False),
        "private-b": ("10.0.4.0/24", "us-east-1b", False),
    }


def test_both_private_subnets_go_out_through_the_one_nat_gateway_in_zone_b(chat: Compiled) -> None:
    (nat,) = of(chat, NatGateway).values()
    assert str(nat.subnet) == "${subnet/public-b.id}"
    table = of(chat, RouteTable)["private"]
    assert {f"{r.destination} {r.via}" for r in table.routes} == {"0.0.0.0/0 ${nat-gateway/b.id}"}
    assert {str(s) for s in table.subnets} == {"${subnet/private-a.id}", "${subnet/private-b.id}"}


def test_its_security_groups_let_in_exactly_this(chat: Compiled) -> None:
    let_in = {
        name: {(str(r.peer), r.protocol, r.from_port, r.to_port) for r in group.ingress}
        for name, group in of(chat, SecurityGroup).items()
    }
    from_alb = {("${security-group/alb.id}", "tcp", 8080, 8765), ("${security-group/alb.id}", "tcp", 80, 80)}
    assert let_in == {
        "alb": {("0.0.0.0/0", "tcp", 80, 80), ("0.0.0.0/0", "tcp", 443, 443)},
        "tasks": from_alb | {("self", "tcp", port, port) for port in PORTS.values()},
    }


def test_its_services_are_small_fargate_tasks_in_both_private_subnets(chat: Compiled) -> None:
    assert [s.name for s in chat.services] == list(PORTS)
    for planned in chat.services:
        definition = planned.task_definition
        container = definition.containers[planned.name]
        assert (definition.cpu, definition.memory, container.ports) == (256, 512, {PORTS[planned.name]})
        for side in planned.colours.values():
            assert (side.service.launch_type, side.service.public_ip) == ("FARGATE", False)
            assert {str(s) for s in side.service.subnets} == {"${subnet/private-a.id}", "${subnet/private-b.id}"}


def test_the_api_goes_to_the_gateway_and_the_rest_to_the_frontend(chat: Compiled) -> None:
    rules = {n: r for n, r in of(chat, ListenerRule).items() if not n.endswith("-test")}
    assert {n: {v for c in r.conditions for v in c.values} for n, r in rules.items()} == {
        "api-gateway": {"/api/*"},
        "frontend": {"/*"},
    }
    assert rules["api-gateway"].priority < rules["frontend"].priority == 50000
    default = of(chat, Listener)["http"].default
    assert isinstance(default, FixedResponse) and default.status == "404"


@pytest.mark.parametrize(("colours", "idle"), [({}, "green"), ({"frontend": "green"}, "blue")])
def test_a_test_rule_comes_just_before_the_rule_and_reaches_the_idle_side(
    colours: dict[str, ColourName], idle: str
) -> None:
    rules = of(compile_chat(**colours), ListenerRule)
    test = rules["frontend-test"]
    assert test.priority == rules["frontend"].priority - 1
    conditions = {(c.field, c.header, *c.values) for c in test.conditions}
    assert conditions == {("path-pattern", "", "/*"), ("http-header", "X-Chat-Test", "true")}
    assert isinstance(test.action, Initial) and isinstance(test.action.value, Forward)
    assert {(str(t.group), t.weight) for t in test.action.value.targets} == {
        (f"${{target-group/frontend-{idle}.arn}}", 100)
    }


def test_its_public_services_are_checked_in_5_s_three_times_and_asked_in_turn(chat: Compiled) -> None:
    paths = {"api-gateway": "/actuator/health", "frontend": "/"}
    for name, group in of(chat, TargetGroup).items():
        service = name.rpartition("-")[0]
        assert (group.port, group.target_type, group.health_path) == (PORTS[service], "ip", paths[service])
        assert (group.health_timeout, group.unhealthy_threshold) == (5, 3)
        assert group.attributes["load_balancing.algorithm.type"] == "round_robin"


def test_its_services_inside_are_checked_in_their_containers(chat: Compiled) -> None:
    for planned in (s for s in chat.services if s.name in INSIDE):
        check = planned.task_definition.containers[planned.name].health
        assert check is not None
        assert (check.timeout, check.retries) == (5, 3)
        assert check.command[-1].endswith(f"http://localhost:{PORTS[planned.name]}/actuator/health")


def test_its_services_inside_have_no_route_and_are_found_by_name(chat: Compiled) -> None:
    namespace = of(chat, Namespace)["main"]
    assert (namespace.domain, str(namespace.vpc)) == ("chat.local", "${vpc/main.id}")
    names = of(chat, DiscoveryService)
    assert {n: (d.host, str(d.namespace), d.record, d.routing, d.ttl) for n, d in names.items()} == {
        name: (name, "${namespace/main.id}", "A", "MULTIVALUE", 10) for name in INSIDE
    }
    for planned in chat.services:
        side = planned.colours["blue"]
        inside = planned.name in INSIDE
        registered = {f"${{discovery-service/{planned.name}.arn}}"} if inside else set()
        assert {str(r.arn) for r in side.service.registries} == registered
        assert (planned.rule is None, side.target_group is None) == (inside, inside)


def test_its_services_start_in_the_order_of_their_need(chat: Compiled) -> None:
    assert {s.name: set(s.needs) for s in chat.services} == {
        "discovery-server": set(),
        "users": {"discovery-server"},
        "discussion": {"discovery-server"},
        "feed": {"discovery-server"},
        "api-gateway": {"users", "discussion", "feed"},
        "frontend": {"api-gateway"},
    }


def test_clients_of_the_discovery_server_are_told_its_name(chat: Compiled) -> None:
    clients = {
        s.name
        for s in chat.services
        if "http://discovery-server.chat.local:8761" in str(s.task_definition.containers[s.name].environment)
    }
    assert clients == {"users", "discussion", "feed", "api-gateway"}


def test_each_scales_on_cpu_and_memory_and_the_public_ones_on_requests(chat: Compiled) -> None:
    targets, policies = of(chat, ScalableTarget), of(chat, ScalingPolicy)
    assert {t.resource_id for t in targets.values()} == {f"service/chat/{name}-blue" for name in PORTS}
    told = {(name.partition("-blue-")[0], p.metric.name, p.value) for name, p in policies.items()}
    expected = {(name, "ECSServiceAverageCPUUtilization", 70.0) for name in PORTS}
    expected |= {(name, "ECSServiceAverageMemoryUtilization", 80.0) for name in PORTS}
    expected |= {(name, "ALBRequestCountPerTarget", 1000.0) for name in PUBLIC}
    assert told == expected


def test_requests_are_counted_where_the_traffic_is() -> None:
    green = of(compile_chat(frontend="green"), ScalingPolicy)["frontend-green-requests"]
    assert str(green.metric.label).endswith("/${target-group/frontend-green.full_name}")


def test_its_alarms_watch_ecs_and_what_clients_see(chat: Compiled) -> None:
    alarms = of(compile_chat(frontend="green"), Alarm)
    errors, latency = alarms["frontend-errors"], alarms["frontend-latency"]
    assert (errors.metric, errors.statistic, errors.threshold) == ("HTTPCode_Target_5XX_Count", "Sum", 20.0)
    assert (latency.metric, latency.statistic, latency.threshold) == ("TargetResponseTime", "p99", 2.0)
    assert {k: str(v) for k, v in latency.dimensions.items()} == {
        "LoadBalancer": "${load-balancer/main.full_name}",
        "TargetGroup": "${target-group/frontend-green.full_name}",
    }
    assert latency.missing == "notBreaching"
    assert alarms["feed-cpu"].dimensions == {"ClusterName": "chat", "ServiceName": "feed-blue"}


def test_each_has_a_repository_and_a_log_group_and_all_share_two_roles(chat: Compiled) -> None:
    assert {r.aws_name for r in of(chat, Repository).values()} == {f"chat/{name}" for name in PORTS}
    assert {f"/chat/{name}" for name in PORTS} < {g.aws_name for g in of(chat, LogGroup).values()}
    roles = of(chat, Role)
    for planned in chat.services:
        definition = planned.task_definition
        assert str(definition.execution_role) == "${role/execution.arn}"
        assert str(definition.task_role) == "${role/task.arn}"
    assert {roles["execution"].aws_name, roles["task"].aws_name} == {"chat-execution", "chat-task"}


def test_a_push_is_built_tested_deployed_to_all_six_and_then_verified(chat: Compiled) -> None:
    stages = {stage.name: stage.actions for stage in of(chat, Pipeline)["main"].stages}
    assert list(stages) == ["Source", "Build", "Deploy", "Verify"]
    assert set(stages["Deploy"]) == set(PORTS)
    projects = of(chat, BuildProject)
    commands = yaml.safe_load(projects["build"].buildspec)["phases"]
    assert "mvn --batch-mode test" in commands["pre_build"]["commands"]
    assert "mvn --batch-mode package -DskipTests" in commands["build"]["commands"]
    (asked,) = yaml.safe_load(projects["verify"].buildspec)["phases"]["build"]["commands"]
    assert asked.startswith("curl --fail ") and asked.endswith('"$ADDRESS/"')
    assert str(projects["verify"].variables["ADDRESS"].value) == "http://${load-balancer/main.dns}"


def test_what_verifies_may_touch_no_image_and_no_service(chat: Compiled) -> None:
    actions = {a for d in of(chat, Role)["verify"].inline.values() for s in d.value["Statement"] for a in s["Action"]}
    assert {a.partition(":")[0] for a in actions} == {"logs", "s3"}


def test_what_follows_the_traffic_is_all_that_its_colour_changes(chat: Compiled) -> None:
    blue, green = ({r.address: r for r in c.resources} for c in (chat, compile_chat(frontend="green")))
    changed = {str(a) for a in blue.keys() | green.keys() if blue.get(a) != green.get(a)}
    following = {str(r.address) for s in chat.services if s.name == "frontend" for c in s.following.values() for r in c}
    # Once the rules are made their weights are a rollout's; and the pipeline deploys to the side that has the traffic.
    assert changed - following == {"listener-rule/frontend", "listener-rule/frontend-test", "codepipeline/main"}


def test_the_same_plan_compiles_to_equal_values_every_time(chat: Compiled) -> None:
    assert compile_chat() == chat


def test_it_reads_in_under_120_lines() -> None:
    assert len(CHAT.read_text(encoding="utf-8").splitlines()) < 120
