"""The forum, number by number: what its plan must become on AWS, whoever changes the compiler."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
import yaml

from orchestrator.core.resource import Resource
from orchestrator.core.values import refs
from orchestrator.kinds.alarms import Alarm
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.delivery.codebuild import BuildProject
from orchestrator.kinds.delivery.codepipeline import Pipeline
from orchestrator.kinds.ec2.routes import RouteTable
from orchestrator.kinds.ec2.security_groups import SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.elbv2.actions import FixedResponse
from orchestrator.kinds.elbv2.balancers import LoadBalancer
from orchestrator.kinds.elbv2.listeners import Listener
from orchestrator.kinds.elbv2.rules import ListenerRule
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.events import EventRule
from orchestrator.kinds.iam import Role
from orchestrator.kinds.logs import LogGroup
from orchestrator.kinds.scaling import ScalableTarget, ScalingPolicy
from orchestrator.kinds.storage import Bucket
from orchestrator.plan.compile import ColourName, Compiled, Context, compile_plan
from orchestrator.plan.load.loader import load_plan

R = TypeVar("R", bound=Resource)
FORUM = Path(__file__).parents[2] / "plans" / "forum.yaml"
SERVICES = ("posts", "threads", "users")

NETWORK = [
    "vpc/main",
    "internet-gateway/main",
    "subnet/public-a",
    "subnet/public-b",
    "subnet/private-a",
    "subnet/private-b",
    "elastic-ip/nat-a",
    "elastic-ip/nat-b",
    "nat-gateway/a",
    "nat-gateway/b",
    "route-table/public",
    "route-table/private-a",
    "route-table/private-b",
    "security-group/alb",
    "security-group/tasks",
    "security-group/endpoints",
    "interface-endpoint/ecr-api",
    "interface-endpoint/ecr-dkr",
    "interface-endpoint/logs",
    "gateway-endpoint/s3",
]
SHARED = [
    "load-balancer/main",
    "listener/http",
    "cluster/main",
    "role/execution",
    "role/task",
    "codecommit-repository/source",
    "event-rule/push",
    "codepipeline/main",
    "codebuild-project/build",
    "bucket/artifacts",
    "log-group/codebuild",
    "role/build",
    "role/pipeline",
    "role/events",
    "trail/main",
    "bucket/trail",
]
A_SERVICE = [
    "repository/{0}",
    "log-group/{0}",
    "target-group/{0}-blue",
    "target-group/{0}-green",
    "listener-rule/{0}",
    "scalable-target/{0}-blue",
    "scaling-policy/{0}-blue-cpu",
    "scaling-policy/{0}-blue-memory",
    "alarm/{0}-cpu",
    "alarm/{0}-memory",
]


def compile_forum(**colours: ColourName) -> Compiled:
    loaded = load_plan(FORUM)
    context = Context(stack=loaded.stack, account="123456789012", region=loaded.model.region, colours=colours)
    return compile_plan(loaded.model, context)


@pytest.fixture(scope="module")
def forum() -> Compiled:
    return compile_forum()


def of(compiled: Compiled, kind: type[R]) -> dict[str, R]:
    return {r.name: r for r in compiled.resources if isinstance(r, kind)}


def test_its_resources_are_these_and_no_others(forum: Compiled) -> None:
    services = [address.format(name) for name in SERVICES for address in A_SERVICE]
    assert sorted(str(r.address) for r in forum.resources) == sorted([*NETWORK, *SHARED, *services])


def test_everything_it_refers_to_is_in_it_and_has_that_output(forum: Compiled) -> None:
    known = {r.address for r in forum.resources}
    used = {ref for r in forum.resources for ref in refs(r)}
    used |= {ref for s in forum.services for c in s.colours.values() for ref in refs(c.service)}
    assert {ref for ref in used if ref.to not in known and ref.to.kind != "task-definition"} == set()
    assert {ref for ref in used if ref.output not in KINDS[ref.to.kind].outputs} == set()


def test_its_network_has_these_ranges(forum: Compiled) -> None:
    vpc = of(forum, Vpc)["main"]
    assert (vpc.cidr, vpc.dns_support, vpc.dns_hostnames) == ("10.0.0.0/16", True, True)
    assert {s.name: (s.cidr, s.zone, s.public) for s in of(forum, Subnet).values()} == {
        "public-a": ("10.0.0.0/24", "us-east-1a", True),
        "public-b": ("10.0.1.0/24", "us-east-1b", True),
        "private-a": ("10.0.100.0/24", "us-east-1a", False),
        "private-b": ("10.0.101.0/24", "us-east-1b", False),
    }


def test_each_zone_goes_out_through_its_own_nat_gateway(forum: Compiled) -> None:
    ways = {
        name: ({f"{r.destination} {r.via}" for r in table.routes}, {str(s) for s in table.subnets})
        for name, table in of(forum, RouteTable).items()
    }
    assert ways == {
        "public": (
            {"0.0.0.0/0 ${internet-gateway/main.id}"},
            {"${subnet/public-a.id}", "${subnet/public-b.id}"},
        ),
        "private-a": ({"0.0.0.0/0 ${nat-gateway/a.id}"}, {"${subnet/private-a.id}"}),
        "private-b": ({"0.0.0.0/0 ${nat-gateway/b.id}"}, {"${subnet/private-b.id}"}),
    }


def test_its_security_groups_let_in_exactly_this(forum: Compiled) -> None:
    let_in = {
        name: {(str(r.peer), r.protocol, r.from_port, r.to_port) for r in group.ingress}
        for name, group in of(forum, SecurityGroup).items()
    }
    assert let_in == {
        "alb": {("0.0.0.0/0", "tcp", 80, 80), ("0.0.0.0/0", "tcp", 443, 443)},
        "tasks": {("${security-group/alb.id}", "tcp", 3000, 3000)},
        "endpoints": {("10.0.0.0/16", "tcp", 443, 443)},
    }


def test_its_load_balancer_serves_the_three_paths_and_answers_404_to_the_rest(forum: Compiled) -> None:
    balancer, listener = of(forum, LoadBalancer)["main"], of(forum, Listener)["http"]
    assert (balancer.scheme, {str(s) for s in balancer.subnets}) == (
        "internet-facing",
        {"${subnet/public-a.id}", "${subnet/public-b.id}"},
    )
    assert isinstance(listener.default, FixedResponse) and (listener.port, listener.default.status) == (80, "404")
    rules = of(forum, ListenerRule)
    assert {n: (r.priority, {v for c in r.conditions for v in c.values}) for n, r in rules.items()} == {
        "posts": (100, {"/api/posts*"}),
        "threads": (200, {"/api/threads*"}),
        "users": (300, {"/api/users*"}),
    }


def test_its_targets_are_checked_every_30_s_and_drained_for_30_s(forum: Compiled) -> None:
    groups = of(forum, TargetGroup).values()
    told = {(g.port, g.target_type, g.health_interval, g.deregistration_delay) for g in groups}
    assert (len(groups), told) == (6, {(3000, "ip", 30, 30)})


def test_its_services_run_two_to_ten_small_tasks_without_root_in_both_private_subnets(forum: Compiled) -> None:
    assert [s.name for s in forum.services] == list(SERVICES)
    for planned in forum.services:
        definition = planned.task_definition
        container = definition.containers[planned.name]
        assert (definition.cpu, definition.memory, planned.min, planned.max, planned.desired) == (256, 512, 2, 10, 2)
        assert (container.user, container.read_only_root, container.ports) == ("1001", True, {3000})
        for colour, side in planned.colours.items():
            assert side.service.aws_name == f"{planned.name}-{colour}"
            assert (side.service.launch_type, side.service.public_ip, side.service.circuit_breaker) == (
                "FARGATE",
                False,
                True,
            )
            assert {str(s) for s in side.service.subnets} == {"${subnet/private-a.id}", "${subnet/private-b.id}"}


def test_it_scales_on_cpu_and_memory(forum: Compiled) -> None:
    targets, policies = of(forum, ScalableTarget).values(), of(forum, ScalingPolicy).values()
    assert {t.resource_id: (t.minimum, t.maximum) for t in targets} == {
        f"service/forum/{name}-blue": (2, 10) for name in SERVICES
    }
    told = {(p.metric.name, p.value, p.scale_out_cooldown, p.scale_in_cooldown) for p in policies}
    assert (len(policies), told) == (
        6,
        {("ECSServiceAverageCPUUtilization", 70.0, 60, 300), ("ECSServiceAverageMemoryUtilization", 80.0, 60, 300)},
    )


def test_its_repositories_scan_encrypt_and_forget(forum: Compiled) -> None:
    for name, repository in of(forum, Repository).items():
        assert (repository.aws_name, repository.scan_on_push, repository.encryption) == (
            f"forum/{name}",
            True,
            "AES256",
        )
        assert repository.lifecycle is not None
        assert repository.lifecycle.value["rules"][0]["selection"]["countNumber"] == 20


def test_its_logs_are_kept_for_30_days(forum: Compiled) -> None:
    assert {g.aws_name: g.retention for g in of(forum, LogGroup).values() if g.name in SERVICES} == {
        f"/forum/{name}": 30 for name in SERVICES
    }


def test_its_alarms_watch_the_ecs_service_that_has_the_traffic(forum: Compiled) -> None:
    green = of(compile_forum(posts="green"), Alarm)
    assert green["posts-cpu"].dimensions == {"ClusterName": "forum", "ServiceName": "posts-green"}
    assert of(forum, Alarm)["posts-cpu"].dimensions == {"ClusterName": "forum", "ServiceName": "posts-blue"}


def test_what_follows_the_traffic_is_all_that_its_colour_changes(forum: Compiled) -> None:
    blue, green = ({r.address: r for r in c.resources} for c in (forum, compile_forum(posts="green")))
    changed = {str(a) for a in blue.keys() | green.keys() if blue.get(a) != green.get(a)}
    following = {str(r.address) for s in forum.services if s.name == "posts" for c in s.following.values() for r in c}
    # Once the rule is made its weights are a rollout's; and the pipeline deploys to the side that has the traffic.
    assert changed - following == {"listener-rule/posts", "codepipeline/main"}
    assert following <= changed


def test_the_same_plan_compiles_to_equal_values_every_time(forum: Compiled) -> None:
    assert compile_forum() == forum


def test_it_reads_in_under_120_lines() -> None:
    assert len(FORUM.read_text(encoding="utf-8").splitlines()) < 120


def test_a_push_starts_the_pipeline_that_deploys_to_the_side_with_the_traffic(forum: Compiled) -> None:
    rule, pipeline = of(forum, EventRule)["push"], of(compile_forum(users="green"), Pipeline)["main"]
    assert rule.pattern is not None
    assert rule.pattern.value["resources"] == ["arn:aws:codecommit:us-east-1:123456789012:forum"]
    assert rule.pattern.value["detail"]["referenceName"] == ["main"]
    assert str(rule.targets["pipeline"].arn) == "${codepipeline/main.arn}"
    source, build, deploy = pipeline.stages
    assert source.actions["fetch"].configuration["PollForSourceChanges"] == "false"
    assert str(build.actions["images"].configuration["ProjectName"]) == "${codebuild-project/build.name}"
    assert {name: a.configuration["ServiceName"] for name, a in deploy.actions.items()} == {
        "posts": "posts-blue",
        "threads": "threads-blue",
        "users": "users-green",
    }


def test_its_build_tests_packages_builds_and_pushes_every_image(forum: Compiled) -> None:
    spec = yaml.safe_load(of(forum, BuildProject)["build"].buildspec)
    assert spec["phases"]["pre_build"]["commands"][1:] == ["npm ci", "npm test --workspaces --if-present"]
    commands = spec["phases"]["build"]["commands"]
    tag = "$CODEBUILD_RESOLVED_SOURCE_VERSION"
    for name in SERVICES:
        assert f'docker build --tag "$REGISTRY/forum/{name}:{tag}" "{name}"' in commands
        assert f'docker push "$REGISTRY/forum/{name}:{tag}"' in commands
    assert spec["artifacts"]["files"] == [f"{name}.json" for name in SERVICES]


def test_its_roles_may_do_nothing_to_anything_that_is_not_the_forums(forum: Compiled) -> None:
    wide = {
        (name, action)
        for name, role in of(forum, Role).items()
        for document in role.inline.values()
        for statement in document.value["Statement"]
        if "*" in statement["Resource"] and "Condition" not in statement
        for action in statement["Action"]
    }
    assert wide == {  # AWS takes no narrower resource for these
        ("execution", "ecr:GetAuthorizationToken"),
        ("build", "ecr:GetAuthorizationToken"),
        ("pipeline", "ecs:DescribeTaskDefinition"),
        ("pipeline", "ecs:RegisterTaskDefinition"),
        ("pipeline", "ecs:TagResource"),
    }
    assert all(not role.managed for role in of(forum, Role).values())


def test_only_its_trail_may_write_into_the_trails_bucket_and_nobody_without_tls(forum: Compiled) -> None:
    buckets = of(forum, Bucket)
    assert all(b.private and b.encryption for b in buckets.values())
    statements = {s["Sid"]: s for s in buckets["trail"].policy.value["Statement"]}  # type: ignore[union-attr]
    assert statements["EncryptedTransport"]["Effect"] == "Deny"
    assert statements["TrailWrites"]["Condition"]["StringEquals"] == {
        "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/forum-main",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    assert statements["TrailWrites"]["Resource"].endswith("/AWSLogs/123456789012/*")


@pytest.mark.parametrize("name", ["execution", "task", "build", "pipeline", "events"])
def test_its_roles_trust_one_service_on_behalf_of_this_account_only(forum: Compiled, name: str) -> None:
    (statement,) = of(forum, Role)[name].trust.value["Statement"]
    services = {"execution": "ecs-tasks", "task": "ecs-tasks", "build": "codebuild", "pipeline": "codepipeline"}
    assert statement["Principal"] == {"Service": f"{services.get(name, name)}.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_its_policies_fit_into_a_role(forum: Compiled) -> None:
    for role in of(forum, Role).values():
        assert len(role.trust.text()) <= 2048
        assert sum(len(document.text()) for document in role.inline.values()) <= 10240
