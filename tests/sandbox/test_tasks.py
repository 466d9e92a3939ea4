"""Clusters, task definitions and tasks that run alone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.system import System


def _run(system: System, definition: str, **more: Any) -> Any:
    ecs = system.aws.client("ecs")
    return ecs.run_task(
        cluster="main", taskDefinition=definition, launchType="FARGATE", networkConfiguration=system.network, **more
    )


def _task(system: System, arn: str) -> Any:
    return system.aws.client("ecs").describe_tasks(cluster="main", tasks=[arn])["tasks"][0]


@pytest.mark.parametrize(("behaves", "code"), [("ok", 0), ("crash", 1)])
def test_a_task_that_runs_alone_goes_through_every_state_and_exits_as_its_image_does(
    system: System, behaves: str, code: int
) -> None:
    repository = system.repository()
    system.aws.push("web", "job", behaves)
    arn = _run(system, system.definition(f"{repository}:job"), startedBy="migration")["tasks"][0]["taskArn"]
    seen = []
    while not seen or seen[-1] != "STOPPED":
        status = _task(system, arn)["lastStatus"]
        if status not in seen:
            seen.append(status)
        system.aws.sleep(0.5)
    order = [
        "PROVISIONING",
        "PENDING",
        "ACTIVATING",
        "RUNNING",
        "DEACTIVATING",
        "STOPPING",
        "DEPROVISIONING",
        "STOPPED",
    ]
    assert seen == order
    task = _task(system, arn)
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", code)
    assert task["startedBy"] == "migration"
    assert task["createdAt"] < task["pullStartedAt"] < task["startedAt"] < task["stoppingAt"] < task["stoppedAt"]
    interfaces = system.aws.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    assert interfaces == []


def test_a_run_without_capacity_fails_in_an_answer_that_is_no_error(system: System) -> None:
    repository = system.repository()
    system.aws.push("web", "job", "no-capacity")
    answer = _run(system, system.definition(f"{repository}:job"))
    assert answer["tasks"] == []
    assert answer["failures"][0]["reason"].startswith("Capacity is unavailable at this time.")


def test_a_run_repeated_with_its_token_starts_nothing_new(system: System) -> None:
    definition = system.definition(f"{system.repository()}:v1")
    first = _run(system, definition, clientToken="one")["tasks"][0]["taskArn"]
    assert _run(system, definition, clientToken="one")["tasks"][0]["taskArn"] == first
    with pytest.raises(ClientError) as caught:
        _run(system, definition, clientToken="one", count=2)
    assert caught.value.response["Error"]["Code"] == "ConflictException"


def test_tasks_are_listed_by_service_starter_family_and_wanted_status(system: System) -> None:
    ecs, definition = system.aws.client("ecs"), system.definition(f"{system.repository()}:v1")
    system.service(definition, count=1)
    alone = _run(system, definition, startedBy="me")["tasks"][0]["taskArn"]
    system.aws.sleep(5)

    def listed(**by: str) -> int:
        return len(ecs.list_tasks(cluster="main", **by)["taskArns"])

    assert (listed(), listed(serviceName="web"), listed(family="web"), listed(desiredStatus="STOPPED")) == (2, 1, 2, 0)
    assert ecs.list_tasks(cluster="main", startedBy="me")["taskArns"] == [alone]
    ecs.stop_task(cluster="main", task=alone)
    assert (listed(), listed(desiredStatus="STOPPED")) == (1, 1)
    pages = ecs.get_paginator("list_tasks").paginate(cluster="main", PaginationConfig={"PageSize": 1})
    assert sum(len(page["taskArns"]) for page in pages) == 1


def test_a_stopped_task_is_remembered_for_an_hour_and_then_missing(system: System) -> None:
    ecs = system.aws.client("ecs")
    arn = _run(system, system.definition(f"{system.repository()}:v1"))["tasks"][0]["taskArn"]
    system.aws.sleep(3600)
    assert _task(system, arn)["lastStatus"] == "STOPPED"
    system.aws.sleep(200)
    answer = ecs.describe_tasks(cluster="main", tasks=[arn])
    assert answer["tasks"] == []
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"]


def test_a_subnet_that_is_full_fails_the_task(system: System) -> None:
    ec2 = system.aws.client("ec2")
    zone = ec2.describe_subnets(SubnetIds=[system.subnets[0]])["Subnets"][0]["AvailabilityZone"]
    tiny = ec2.create_subnet(VpcId=system.vpc, CidrBlock="10.0.9.0/28", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    network = {"awsvpcConfiguration": {"subnets": [tiny], "assignPublicIp": "ENABLED"}}
    tasks = system.aws.client("ecs").run_task(
        cluster="main",
        count=10,
        taskDefinition=system.definition(f"{system.repository()}:v1"),
        launchType="FARGATE",
        networkConfiguration=network,
    )["tasks"]
    more = system.aws.client("ecs").run_task(
        cluster="main", count=2, taskDefinition="web", launchType="FARGATE", networkConfiguration=network
    )["tasks"]
    system.aws.sleep(30)
    addresses = [_task(system, each["taskArn"])["containers"][0]["networkInterfaces"] for each in tasks]
    assert len({each[0]["privateIpv4Address"] for each in addresses}) == 10
    assert ec2.describe_subnets(SubnetIds=[tiny])["Subnets"][0]["AvailableIpAddressCount"] == 0
    failed = [_task(system, each["taskArn"]) for each in more]
    full = f"in subnet '{tiny}': InsufficientFreeAddressesInSubnet"
    assert [full in each.get("stoppedReason", "") for each in failed].count(True) == 1


def test_a_family_means_its_latest_active_revision_and_no_number_is_used_twice(system: System) -> None:
    ecs, image = system.aws.client("ecs"), f"{system.repository()}:v1"
    system.definition(image)
    second = system.definition(image)
    ecs.deregister_task_definition(taskDefinition=second)
    described = ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]
    assert (described["revision"], described["status"]) == (1, "ACTIVE")
    gone = ecs.describe_task_definition(taskDefinition=second)["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert gone["deregisteredAt"] >= gone["registeredAt"]
    ecs.delete_task_definitions(taskDefinitions=[second])
    assert system.definition(image).endswith("web:3")
    listed = ecs.list_task_definitions(familyPrefix="web", sort="DESC")["taskDefinitionArns"]
    assert [each.rpartition(":")[2] for each in listed] == ["3", "1"]


def test_a_task_definition_is_read_back_with_aws_s_defaults(system: System) -> None:
    arn = system.definition(f"{system.repository()}:v1", environment=[{"name": "A", "value": "1"}])
    container = system.aws.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"][
        "containerDefinitions"
    ][0]
    assert container["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]
    assert (container["cpu"], container["essential"], container["mountPoints"]) == (0, True, [])
    assert container["environment"] == [{"name": "A", "value": "1"}]


def test_a_cluster_is_made_once_counts_what_runs_and_is_not_listed_when_deleted(system: System) -> None:
    ecs = system.aws.client("ecs")
    ecs.tag_resource(
        resourceArn=ecs.describe_clusters(clusters=["main"])["clusters"][0]["clusterArn"],
        tags=[{"key": "stack", "value": "shop"}],
    )
    assert ecs.create_cluster(clusterName="main")["cluster"]["tags"] == [{"key": "stack", "value": "shop"}]
    system.service(system.definition(f"{system.repository()}:v1"), count=2)
    system.aws.sleep(60)
    live = ecs.describe_clusters(clusters=["main"])["clusters"][0]
    assert (live["runningTasksCount"], live["activeServicesCount"]) == (2, 1)
    ecs.update_cluster_settings(cluster="main", settings=[{"name": "containerInsights", "value": "enabled"}])
    live = ecs.describe_clusters(clusters=["main"], include=["SETTINGS"])["clusters"][0]
    assert live["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    ecs.delete_service(cluster="main", service="web", force=True)
    system.aws.sleep(60)
    ecs.delete_cluster(cluster="main")
    assert ecs.list_clusters()["clusterArns"] == []
    assert ecs.describe_clusters(clusters=["main"])["clusters"][0]["status"] == "INACTIVE"
    with pytest.raises(ClientError) as caught:
        ecs.list_services(cluster="main")
    assert caught.value.response["Error"]["Code"] == "ClusterNotFoundException"


def test_aws_s_own_capacity_providers_are_always_there(system: System) -> None:
    found = system.aws.client("ecs").describe_capacity_providers(capacityProviders=["FARGATE", "mine"])
    assert [(each["name"], each["status"]) for each in found["capacityProviders"]] == [("FARGATE", "ACTIVE")]
    assert [each["reason"] for each in found["failures"]] == ["MISSING"]


def test_tasks_in_two_regions_know_nothing_of_each_other(system: System) -> None:
    definition = system.definition(f"{system.repository()}:v1")
    _run(system, definition)
    other = system.aws.client("ecs", "us-east-1")
    other.create_cluster(clusterName="main")
    assert other.list_tasks(cluster="main")["taskArns"] == []


def _job(system: System, behaves: str) -> tuple[Any, list[str]]:
    """A task that runs alone and logs: its container at the end, and what it wrote."""
    repository, logs = system.repository(), system.aws.client("logs")
    logs.create_log_group(logGroupName="/shop/web")
    options = {"awslogs-group": "/shop/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"}
    system.aws.push("web", "job", behaves)
    definition = system.definition(f"{repository}:job", logConfiguration={"logDriver": "awslogs", "options": options})
    arn = _run(system, definition)["tasks"][0]["taskArn"]
    system.aws.sleep(120)
    stream = f"web/app/{arn.rpartition('/')[2]}"
    events = logs.get_log_events(logGroupName="/shop/web", logStreamName=stream, startFromHead=True)["events"]
    assert all(abs(each["timestamp"] / 1000 - system.aws.clock.now()) < 120 for each in events)
    return _task(system, arn)["containers"][0], [each["message"] for each in events]


def test_a_container_logs_its_start_and_its_end(system: System) -> None:
    container, written = _job(system, "ok")
    assert container["exitCode"] == 0
    assert written == [f"started {system.registry}/web:job", "done"]


def test_a_job_can_fail_by_itself_while_its_image_is_good_in_a_service(system: System) -> None:
    container, written = _job(system, "job-fails=3")
    assert (container["exitCode"], written[-1]) == (3, "exiting with 3, as told by job-fails=3")
    system.service(system.definition(f"{system.registry}/web:job"), count=1)
    system.aws.sleep(300)
    assert [each[1] for each in system.deployments()] == ["COMPLETED"]
