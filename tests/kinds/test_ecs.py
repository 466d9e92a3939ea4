"""Containers are read back as they were meant, services change only in what changed, and families go as a whole."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

import pytest

from orchestrator.core.health import Pending
from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, JsonDoc
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.ecs import containers, volumes
from orchestrator.kinds.ecs.containers import Container, HealthCheck, Logs, Mount
from orchestrator.kinds.ecs.services import Service, ServiceKind, service_changes
from orchestrator.kinds.ecs.task_definitions import (
    TaskDefinition,
    TaskDefinitionKind,
    canonical_input,
    newest,
    task_definition_input,
)
from orchestrator.kinds.ecs.volumes import Efs, Scratch
from orchestrator.kinds.scope import Scope
from tests.contract.harness import TICK, Account

(DEFINITION,) = TaskDefinitionKind.example()
RUNS_ANYWHERE = dc.replace(
    DEFINITION, containers={"posts": Container(image="public.ecr.aws/nginx/nginx:1")}, execution_role="", volumes={}
)
FULL = Container(
    image="registry/posts@sha256:0",
    ports=frozenset({3000, 9090}),
    environment={"B": "2", "A": "1"},
    secrets={"TOKEN": "arn:aws:ssm:us-east-1:123456789012:parameter/token"},
    command=("node", "."),
    entry_point=("tini", "--"),
    working_directory="/app",
    user="1001",
    read_only_root=True,
    essential=False,
    cpu=128,
    memory=256,
    memory_reservation=128,
    stop_timeout=60,
    health=HealthCheck(("CMD-SHELL", "true"), 10, 3, 2, 30),
    logs=Logs({"awslogs-group": "/posts"}, secrets={"splunk-token": "arn:token"}),
    depends_on={"proxy": "HEALTHY"},
    mounts=frozenset({Mount("scratch", "/scratch", read_only=True)}),
    extra=JsonDoc({"linuxParameters": {"initProcessEnabled": True}}),
)


@pytest.mark.parametrize("container", [FULL, Container(image="registry/posts:1")])
def test_a_container_is_read_back_as_it_was_said(container: Container) -> None:
    assert containers.parse(containers.render({"posts": container})) == {"posts": container}


def test_what_ecs_fills_in_makes_no_difference() -> None:
    """Defaults, zeros and empty lists come back that nobody said."""
    filled = {
        "name": "posts",
        "image": "registry/posts:1",
        "cpu": 0,
        "essential": True,
        "portMappings": [{"containerPort": 3000, "hostPort": 3000, "protocol": "tcp"}],
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        "command": [],
        "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0},
    }
    said = Container(image="registry/posts:1", ports=frozenset({3000}), health=HealthCheck(("CMD", "true")))
    assert containers.parse([filled]) == {"posts": said}


def test_the_order_of_environment_secrets_and_mounts_means_nothing() -> None:
    (written,) = containers.render({"posts": FULL})
    backwards = {
        k: v[::-1] if k in ("environment", "secrets", "mountPoints", "portMappings") else v for k, v in written.items()
    }
    assert containers.parse([backwards]) == {"posts": FULL}


def test_a_named_port_is_kept_whole_and_differs_from_a_plain_one() -> None:
    named = [{"containerPort": 3000, "protocol": "tcp", "name": "http", "appProtocol": "http2"}]
    (found,) = containers.parse([{"name": "posts", "image": "i", "portMappings": named}]).values()
    assert found == Container(image="i", extra=JsonDoc({"portMappings": named}))
    assert containers.parse(containers.render({"posts": found})) == {"posts": found}


@pytest.mark.parametrize("volume", [Scratch(), Efs("fs-1"), Efs("fs-1", "/data", "fsap-1", authorised=True)])
def test_a_volume_is_read_back_as_it_was_said(volume: volumes.Volume) -> None:
    assert volumes.parse(volumes.render({"data": volume})) == {"data": volume}


def test_a_volume_that_no_plan_can_say_differs_from_all_that_plans_say() -> None:
    unencrypted = {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "DISABLED"}}
    assert volumes.parse([unencrypted]) != {"data": Efs("fs-1")}


def test_a_definition_as_registered_equals_it_as_described(account: Account) -> None:
    account.apply([DEFINITION])
    described = newest(account.reader, DEFINITION.aws_name)
    assert described is not None
    assert canonical_input(described) == canonical_input(task_definition_input(DEFINITION))
    other = dc.replace(DEFINITION, cpu=512)
    assert canonical_input(described) != canonical_input(task_definition_input(other))


def test_a_family_goes_with_all_its_revisions(account: Account) -> None:
    for memory in (1024, 2048):
        account.apply([dc.replace(DEFINITION, memory=memory)])
    live = account.find([DEFINITION], DEFINITION.address)
    assert live is not None
    assert live.outputs["revision"] == 2
    account.delete(live, [DEFINITION])
    ecs = account.aws.client("ecs")
    assert [ecs.list_task_definitions(status=s)["taskDefinitionArns"] for s in ("ACTIVE", "INACTIVE")] == [[], []]


def test_deleting_a_family_leaves_one_whose_name_begins_like_it(account: Account) -> None:
    longer = dc.replace(DEFINITION, name="longer", aws_name=f"{DEFINITION.aws_name}-archive")
    account.apply([DEFINITION, longer])
    live = account.find([DEFINITION], DEFINITION.address)
    assert live is not None
    account.delete(live, [DEFINITION])
    assert account.find([longer], longer.address) is not None


def example_without_balancer(**fields: Any) -> tuple[list[Resource], Service]:
    *needed, behind = ServiceKind.example()
    assert isinstance(behind, Service)
    plain = dc.replace(behind, load_balancers=frozenset(), after=frozenset(), **fields)
    kinds = {"vpc", "subnet", "security-group", "cluster"}
    return [*(r for r in needed if r.kind in kinds), RUNS_ANYWHERE], plain


def test_a_changed_count_sends_nothing_but_the_count(account: Account) -> None:
    needed, service = example_without_balancer(desired_count=0)
    account.apply([*needed, service])
    account.aws.sent.clear()
    live = account.find([*needed, service], service.address)
    assert live is not None
    changed = dc.replace(live.resource, desired_count=3)
    with account.aws.during("service", "update"):
        KINDS["service"].update(account.aws, changed, live, frozenset({"desired_count"}))
    (sent,) = account.aws.sent
    assert sent.params == {"cluster": live.outputs["cluster"], "service": live.outputs["arn"], "desiredCount": 3}


def test_an_unrelated_change_does_not_take_the_count_from_autoscaling() -> None:
    _, service = example_without_balancer(desired_count=Initial(2, "autoscaling"))
    sent = service_changes(service, frozenset({"max_percent", "execute_command", "tags"}))
    assert sent.keys() == {"deploymentConfiguration", "enableExecuteCommand"}


def test_other_capacity_takes_a_new_deployment() -> None:
    _, service = example_without_balancer()
    assert service_changes(service, frozenset({"capacity"}))["forceNewDeployment"] is True


def test_a_grace_period_is_sent_only_with_a_load_balancer() -> None:
    """Without one AWS refuses it: InvalidParameterException."""
    _, service = example_without_balancer(grace=60)
    assert service_changes(service, frozenset({"grace"})) == {}


def test_a_draining_service_is_still_there_and_waited_for(account: Account) -> None:
    needed, service = example_without_balancer(desired_count=1)
    kind = KINDS["service"]
    account.apply(needed)
    account.create(service, account.observe(needed))
    account.aws.clock.sleep(TICK * 8)
    live = account.find([*needed, service], service.address)
    assert live is not None
    kind.delete(account.aws, live)
    draining = account.find([*needed, service], service.address)
    assert draining is not None
    assert kind.health(draining) == Pending("the service to drain")
    account.aws.clock.sleep(600)
    assert account.find([*needed, service], service.address) is None


def test_tasks_that_carry_their_services_tags_are_not_taken_for_services(account: Account) -> None:
    needed, service = example_without_balancer(desired_count=2)
    account.apply(needed)
    account.create(service, account.observe(needed))
    account.aws.clock.sleep(TICK * 8)
    listed = account.aws.client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["ecs:task"])
    assert listed["ResourceTagMappingList"] != []
    account.reader.sent.clear()
    (live,) = account.observe([], {"service"})
    assert live.address == service.address
    asked = [call.params["services"] for call in account.reader.sent if call.operation == "DescribeServices"]
    assert asked == [["posts"]]


def test_services_of_a_cluster_that_is_not_there_are_not_there(account: Account) -> None:
    service = dc.replace(example_without_balancer()[1], cluster="nowhere", task_definition="posts:1")
    assert list(KINDS["service"].observe(account.reader, Scope(account.stack, [service]))) == []


def test_a_cluster_that_was_deleted_can_be_made_again_at_once(account: Account) -> None:
    (cluster,) = KINDS["cluster"].example()
    account.apply([cluster])
    account.aws.client("ecs").delete_cluster(cluster="contract")
    account.apply([cluster])
    assert account.plan([cluster]).empty


def test_a_family_that_aws_does_not_know_is_no_error(account: Account) -> None:
    assert newest(account.reader, "unheard-of") is None


def test_many_services_are_asked_for_ten_at_a_time(account: Account) -> None:
    needed, service = example_without_balancer()
    many = [dc.replace(service, name=f"s{n}", aws_name=f"s{n}") for n in range(23)]
    assert isinstance(many[0], Service)
    account.apply(needed)
    account.reader.sent.clear()
    assert list(KINDS["service"].observe(account.reader, Scope(account.stack, [*needed, *many]))) == []
    asked = [len(call.params["services"]) for call in account.reader.sent if call.operation == "DescribeServices"]
    assert sorted(asked) == [3, 10, 10]


def test_task_definitions_that_differ_only_in_tags_make_no_revision(account: Account) -> None:
    account.apply([DEFINITION])
    tagged = TaskDefinition(
        **{f.name: getattr(DEFINITION, f.name) for f in dc.fields(DEFINITION)} | {"tags": {"a": "b"}}
    )
    account.apply([tagged])
    assert account.plan([tagged]).empty
    live = account.find([tagged], tagged.address)
    assert live is not None
    assert live.outputs["revision"] == 1
