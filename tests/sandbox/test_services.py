"""ECS services as they act: what starts, what stops, in which order, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.system import PORT, System

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NO_ROLLBACK = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}


def _steady(system: System, name: str = "web") -> Any:
    """Let time pass until the service is steady, at most ten minutes."""
    for _ in range(120):
        system.aws.sleep(5)
        service = system.describe(name)
        done = [each["rolloutState"] for each in service["deployments"]] == ["COMPLETED"]
        if done and service["events"][0]["message"].endswith("has reached a steady state."):
            return service
    raise AssertionError(system.events(name))


def test_a_new_service_starts_its_tasks_in_both_zones_and_becomes_steady(system: System) -> None:
    group, repository = system.front(), system.repository()
    made = system.service(system.definition(f"{repository}:v1"), group)
    assert (made["status"], made["runningCount"], made["pendingCount"]) == ("ACTIVE", 0, 0)
    assert [each["rolloutState"] for each in made["deployments"]] == ["IN_PROGRESS"]
    seen = set()
    for _ in range(40):
        system.aws.sleep(2)
        seen |= {task["lastStatus"] for task in system.tasks()}
    assert seen == {"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"}
    tasks = system.tasks()
    assert {task["startedBy"] for task in tasks} == {made["deployments"][0]["id"]}
    assert len({task["availabilityZone"] for task in tasks}) == 2
    addresses = {task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in tasks}
    assert system.health(group) == dict.fromkeys(addresses, "healthy")
    service = system.describe()
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert "reached a steady state" in service["events"][0]["message"]
    assert service["events"][-1]["message"].startswith("(service web) has started 2 tasks: (task ")


def test_what_was_told_at_creation_is_described(system: System) -> None:
    told: dict[str, Any] = {
        "deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50, **BREAKER},
        "healthCheckGracePeriodSeconds": 90,
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "tags": [{"key": "stack", "value": "shop"}],
    }
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group, **told)
    ecs = system.aws.client("ecs")
    live = ecs.describe_services(cluster="main", services=["web"], include=["TAGS"])["services"][0]
    configuration = told.pop("deploymentConfiguration")
    assert live["deploymentConfiguration"].items() >= configuration.items()
    assert {name: live[name] for name in told} == told
    assert live["launchType"] == "FARGATE"
    assert live["platformVersion"] == "LATEST"
    system.aws.sleep(60)
    tags = {each["key"]: each["value"] for each in system.tasks()[0]["tags"]}
    assert tags == {"stack": "shop", "aws:ecs:clusterName": "main", "aws:ecs:serviceName": "web"}


def test_a_service_without_capacity_provider_keeps_its_strategy_and_tells_no_launch_type(system: System) -> None:
    ecs, repository = system.aws.client("ecs"), system.repository()
    ecs.put_cluster_capacity_providers(
        cluster="main", capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
    )
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    ecs.create_service(
        cluster="main",
        serviceName="web",
        taskDefinition=system.definition(f"{repository}:v1"),
        desiredCount=1,
        capacityProviderStrategy=strategy,
        networkConfiguration=system.network,
    )
    live = system.describe()
    assert live["capacityProviderStrategy"] == strategy
    assert "launchType" not in live
    system.aws.sleep(60)
    assert system.tasks()[0]["capacityProviderName"] == "FARGATE_SPOT"


def test_a_new_revision_is_rolled_out_without_ever_having_too_few_healthy_tasks(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group)
    _steady(system)
    system.aws.push("web", "v2")
    changed = system.update(taskDefinition=system.definition(f"{repository}:v2"))
    assert [each["status"] for each in changed["deployments"]] == ["PRIMARY", "ACTIVE"]
    most = 0
    for _ in range(36):
        system.aws.sleep(5)
        assert system.states(group).count("healthy") >= 2
        most = max(most, len(system.tasks()))
    assert most == 4
    assert system.deployments() == [("PRIMARY", "COMPLETED", "web:2", 2)]
    assert {task["taskDefinitionArn"].rpartition("/")[2] for task in system.tasks()} == {"web:2"}
    stopped = system.tasks(status="STOPPED")
    assert {task["stopCode"] for task in stopped} == {"ServiceSchedulerInitiated"}
    assert all("Scaling activity initiated by (deployment ecs-svc/" in task["stoppedReason"] for task in stopped)
    said = " ".join(system.events())
    for text in (
        "has begun draining connections on 1 tasks",
        "deregistered 1 targets in (target-group ",
        "deployment completed",
    ):
        assert text in said


def test_a_maximum_of_100_percent_stops_an_old_task_before_it_starts_a_new_one(system: System) -> None:
    group, repository = system.front(), system.repository()
    limits = {"maximumPercent": 100, "minimumHealthyPercent": 50}
    system.service(system.definition(f"{repository}:v1"), group, deploymentConfiguration=limits)
    _steady(system)
    system.update(taskDefinition=system.definition(f"{repository}:latest"))
    counts = set()
    for _ in range(45):
        system.aws.sleep(6)
        assert len(system.tasks()) == 2
        counts.add(system.describe()["runningCount"])
    assert counts == {1, 2}
    assert system.deployments() == [("PRIMARY", "COMPLETED", "web:2", 2)]


def test_a_change_that_makes_no_revision_starts_no_deployment(system: System) -> None:
    group, repository = system.front(), system.repository()
    definition = system.definition(f"{repository}:v1")
    system.service(definition, group)
    before = _steady(system)["deployments"][0]["id"]
    system.update(
        desiredCount=3, taskDefinition=definition, deploymentConfiguration=BREAKER, healthCheckGracePeriodSeconds=30
    )
    assert [each["id"] for each in system.describe()["deployments"]] == [before]
    assert system.update(forceNewDeployment=True)["deployments"][0]["id"] != before


def test_scaling_out_and_in_follows_the_desired_count_and_drains_on_the_way_down(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group)
    _steady(system)
    system.update(desiredCount=4)
    _steady(system)
    assert system.states(group) == ["healthy"] * 4
    system.update(desiredCount=1)
    system.aws.sleep(5)
    assert system.states(group) == ["draining"] * 3 + ["healthy"]
    assert {task["lastStatus"] for task in system.tasks(status="STOPPED")} == {"DEACTIVATING"}
    system.aws.sleep(31)
    assert system.states(group) == ["healthy"]
    assert system.describe()["runningCount"] == 1


def test_scaling_in_leaves_tasks_in_both_zones(system: System) -> None:
    system.service(system.definition(f"{system.repository()}:v1"), count=5)
    _steady(system)
    system.update(desiredCount=2)
    system.aws.sleep(60)
    assert len({task["availabilityZone"] for task in system.tasks()}) == 2


def test_a_crashing_release_is_rolled_back_by_the_circuit_breaker(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group, deploymentConfiguration=BREAKER)
    good = _steady(system)["deployments"][0]["id"]
    system.aws.push("web", "v2", "crash")
    bad = system.update(taskDefinition=system.definition(f"{repository}:v2"))["deployments"][0]["id"]
    system.aws.sleep(85)
    primary, failed, last = system.describe()["deployments"]
    assert (primary["rolloutState"], primary["taskDefinition"].rpartition("/")[2]) == ("IN_PROGRESS", "web:1")
    assert primary["rolloutStateReason"] == f"ECS deployment circuit breaker: rolling back to deploymentId {good}."
    assert (failed["id"], failed["rolloutState"], failed["failedTasks"] >= 3) == (bad, "FAILED", True)
    assert failed["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert (last["id"], last["rolloutState"]) == (good, "COMPLETED")
    service = _steady(system)
    assert service["taskDefinition"].endswith("web:1")
    assert service["deployments"][0]["id"] not in (good, bad)
    crashed = [task for task in system.tasks(status="STOPPED") if task["startedBy"] == bad]
    assert {(task["stopCode"], task["stoppedReason"]) for task in crashed} == {
        ("EssentialContainerExited", "Essential container in task exited")
    }
    assert {task["containers"][0]["exitCode"] for task in crashed} == {1}


def test_without_rollback_a_failed_deployment_stalls_and_the_old_tasks_stay(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group, deploymentConfiguration=NO_ROLLBACK)
    _steady(system)
    system.aws.push("web", "v2", "crash")
    system.update(taskDefinition=system.definition(f"{repository}:v2"))
    system.aws.sleep(900)
    assert system.deployments() == [("PRIMARY", "FAILED", "web:2", 0), ("ACTIVE", "COMPLETED", "web:1", 2)]
    assert system.states(group) == ["healthy"] * 2
    assert len(system.tasks()) == 2
    system.update(taskDefinition=system.definition(f"{repository}:v1"))
    _steady(system)
    assert system.deployments() == [("PRIMARY", "COMPLETED", "web:3", 2)]


def test_a_failed_deployment_can_still_be_scaled_to_nothing(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.aws.push("web", "v2", "unhealthy")
    system.service(
        system.definition(f"{repository}:v2"),
        group,
        deploymentConfiguration=NO_ROLLBACK,
        healthCheckGracePeriodSeconds=60,
    )
    system.aws.sleep(300)
    assert system.deployments()[0][1] == "FAILED"
    system.update(desiredCount=0)
    system.aws.sleep(120)
    assert system.tasks() == []
    assert system.states(group) == []


def test_without_a_circuit_breaker_a_crashing_service_backs_off_and_never_completes(system: System) -> None:
    repository = system.repository()
    system.aws.push("web", "v2", "crash")
    system.service(system.definition(f"{repository}:v2"), count=1)
    system.aws.sleep(600)
    early = system.describe()["deployments"][0]["failedTasks"]
    system.aws.sleep(600)
    deployment = system.describe()["deployments"][0]
    assert deployment["rolloutState"] == "IN_PROGRESS"
    assert 3 < early < deployment["failedTasks"] < 2 * early
    assert any("is unable to consistently start tasks successfully" in event for event in system.events())


def test_tasks_that_answer_503_are_stopped_after_the_grace_period_and_rolled_back(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(
        system.definition(f"{repository}:v1"), group, deploymentConfiguration=BREAKER, healthCheckGracePeriodSeconds=60
    )
    _steady(system)
    system.aws.push("web", "v2", "unhealthy")
    system.update(taskDefinition=system.definition(f"{repository}:v2"))
    system.aws.sleep(75)
    assert system.states(group) == ["healthy", "healthy", "unhealthy", "unhealthy"]
    why = system.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [503]",
    } in [each["TargetHealth"] for each in why]
    assert len(system.tasks()) == 4
    system.aws.sleep(40)
    stopped = system.tasks(status="STOPPED")
    assert {task["stoppedReason"] for task in stopped} == {f"Task failed ELB health checks in (target-group {group})"}
    reason = "Health checks failed with these codes: [503]"
    expected = f"(service web) (port {PORT}) is unhealthy in (target-group {group}) due to (reason {reason})."
    assert expected in system.events()
    _steady(system)
    assert system.deployments() == [("PRIMARY", "COMPLETED", "web:1", 2)]


def test_a_slow_image_needs_a_grace_period_longer_than_its_start(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.aws.push("web", "slow", "slow")
    slow = system.definition(f"{repository}:slow")
    system.service(slow, group, healthCheckGracePeriodSeconds=240)
    assert _steady(system)["deployments"][0]["failedTasks"] == 0
    system.service(slow, group, name="impatient")
    system.aws.sleep(400)
    assert system.describe("impatient")["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert "Task failed ELB health checks" in system.tasks("impatient", "STOPPED")[0]["stoppedReason"]


def test_an_image_that_is_not_there_fails_the_task_before_it_starts(system: System) -> None:
    repository = system.repository()
    system.service(system.definition(f"{repository}:nowhere"), count=1, deploymentConfiguration=NO_ROLLBACK)
    system.aws.sleep(300)
    task = system.tasks(status="STOPPED")[0]
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")
    assert task["stoppedReason"].endswith(f"{repository}:nowhere: not found")
    assert "startedAt" not in task
    assert "exitCode" not in task["containers"][0]
    assert [each[1] for each in system.deployments()] == ["FAILED"]


def test_an_image_that_can_not_be_pulled_says_manifest_unknown(system: System) -> None:
    repository = system.repository()
    system.aws.push("web", "v2", "pull-error")
    system.service(system.definition(f"{repository}:v2"), count=1)
    system.aws.sleep(120)
    assert "manifest unknown" in system.tasks(status="STOPPED")[0]["stoppedReason"]


def test_an_image_of_another_registry_is_taken_to_be_good(system: System) -> None:
    system.service(system.definition("public.ecr.aws/nginx/nginx:1.27"), count=1)
    system.aws.sleep(120)
    assert system.describe()["runningCount"] == 1


def test_without_capacity_no_task_is_placed_and_an_event_says_so(system: System) -> None:
    repository = system.repository()
    system.aws.push("web", "v2", "no-capacity")
    system.service(system.definition(f"{repository}:v2"), count=2)
    system.aws.sleep(150)
    assert system.tasks() == system.tasks(status="STOPPED") == []
    assert [event for event in system.events() if "unable to place a task" in event] == [
        "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again "
        "later or in a different availability zone. For more information, see the Troubleshooting section of the "
        "Amazon ECS Developer Guide."
    ]
    assert system.describe()["deployments"][0]["failedTasks"] > 1


def test_a_task_that_somebody_stops_is_replaced(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group)
    _steady(system)
    before = {task["taskArn"] for task in system.tasks()}
    gone = min(before)
    system.aws.client("ecs").stop_task(cluster="main", task=gone, reason="test")
    system.aws.sleep(90)
    assert len({task["taskArn"] for task in system.tasks()} - before) == 1
    stopped = system.tasks(status="STOPPED")[0]
    assert (stopped["taskArn"], stopped["stopCode"], stopped["stoppedReason"]) == (gone, "UserInitiated", "test")
    assert stopped["containers"][0]["exitCode"] == 143


def test_a_deleted_service_drains_before_it_is_inactive_and_unlisted(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group)
    _steady(system)
    ecs = system.aws.client("ecs")
    assert ecs.delete_service(cluster="main", service="web", force=True)["service"]["status"] == "DRAINING"
    system.aws.sleep(20)
    assert system.describe()["status"] == "DRAINING"
    assert len(ecs.list_services(cluster="main")["serviceArns"]) == 1
    with pytest.raises(ClientError) as caught:
        system.service(system.definition(f"{repository}:v1"), group)
    assert caught.value.response["Error"]["Message"] == "Unable to Start a service that is still Draining."
    system.aws.sleep(40)
    assert system.describe()["status"] == "INACTIVE"
    assert ecs.list_services(cluster="main")["serviceArns"] == []
    assert system.states(group) == []
    system.service(system.definition(f"{repository}:v1"), group)
    assert _steady(system)["status"] == "ACTIVE"


def test_a_create_that_is_repeated_with_its_token_returns_the_service(system: System) -> None:
    repository = system.repository()
    definition = system.definition(f"{repository}:v1")
    made = system.service(definition, clientToken="one")
    system.aws.sleep(60)
    assert system.service(definition, clientToken="one")["createdAt"] == made["createdAt"]
    with pytest.raises(ClientError) as caught:
        system.service(definition, count=5, clientToken="one")
    assert caught.value.response["Error"]["Message"] == "Creation of service was not idempotent."


def test_a_container_health_check_decides_where_there_is_no_balancer(system: System) -> None:
    repository = system.repository()
    check = {"command": ["CMD-SHELL", "true"], "interval": 10, "retries": 2, "timeout": 5}
    system.service(system.definition(f"{repository}:v1", healthCheck=check), count=1)
    _steady(system)
    assert system.tasks()[0]["healthStatus"] == "HEALTHY"
    system.aws.push("web", "v2", "unhealthy")
    system.update(taskDefinition=system.definition(f"{repository}:v2", healthCheck=check))
    system.aws.sleep(90)
    failed = [task for task in system.tasks(status="STOPPED") if task["healthStatus"] == "UNHEALTHY"]
    assert failed[0]["stoppedReason"] == "Task failed container health checks"


def test_deployments_and_revisions_can_be_asked_for_by_themselves(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group, deploymentConfiguration=BREAKER)
    _steady(system)
    system.aws.push("web", "v2", "crash")
    changed = system.update(taskDefinition=system.definition(f"{repository}:v2"))
    number = changed["deployments"][0]["id"].partition("/")[2]
    ecs = system.aws.client("ecs")
    briefs = ecs.list_service_deployments(cluster="main", service="web")["serviceDeployments"]
    assert [each["status"] for each in briefs] == ["IN_PROGRESS", "SUCCESSFUL"]
    assert number in briefs[0]["targetServiceRevisionArn"]
    revision = ecs.describe_service_revisions(serviceRevisionArns=[briefs[0]["targetServiceRevisionArn"]])
    assert revision["serviceRevisions"][0]["taskDefinition"].endswith("web:2")
    _steady(system)
    briefs = ecs.list_service_deployments(cluster="main", service="web")["serviceDeployments"]
    assert [each["status"] for each in briefs] == ["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "SUCCESSFUL"]
    arns = [briefs[1]["serviceDeploymentArn"], briefs[1]["serviceDeploymentArn"] + "0"]
    full = ecs.describe_service_deployments(serviceDeploymentArns=arns)
    assert full["serviceDeployments"][0]["deploymentCircuitBreaker"] == {
        "status": "TRIGGERED",
        "failureCount": 4,
        "threshold": 3,
    }
    assert full["failures"] == [{"arn": arns[1], "reason": "MISSING"}]
