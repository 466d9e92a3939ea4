"""ECS keeps services and clusters that are in use, and bounds what one call may ask."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.strict.network import Network, refused
from tests.sandbox.strict.test_ecs_services import INVALID, Shop
from tests.world import Aws


@pytest.fixture
def shop(aws: Aws, network: Network) -> Shop:
    return Shop(aws, network)


def test_a_service_that_goes_is_not_updated(aws: Aws, shop: Shop) -> None:
    shop.create()
    shop.update(desiredCount=0)
    shop.ecs.delete_service(cluster="shop", service="web")
    aws.sleep(600)
    with refused("ServiceNotActiveException", "Service was not ACTIVE."):
        shop.update(desiredCount=1)


def test_a_service_is_scaled_to_0_before_it_is_deleted_or_forced(aws: Aws, shop: Shop) -> None:
    shop.create(desiredCount=1)
    aws.sleep(300)
    with refused(INVALID, "The service cannot be stopped while it is scaled above 0."):
        shop.ecs.delete_service(cluster="shop", service="web")
    shop.update(desiredCount=0)
    aws.sleep(300)
    shop.ecs.delete_service(cluster="shop", service="web")


def test_a_service_is_deleted_by_force_whatever_runs(shop: Shop) -> None:
    shop.create(desiredCount=1)
    shop.ecs.delete_service(cluster="shop", service="web", force=True)


def test_a_service_with_task_sets_is_not_deleted_before_they_are(shop: Shop) -> None:
    shop.create("external", deploymentController={"type": "EXTERNAL"})
    made = shop.ecs.create_task_set(
        cluster="shop",
        service="external",
        taskDefinition="web:1",
        networkConfiguration=shop.subnets,
        launchType="FARGATE",
    )
    with refused(INVALID, "The service cannot be stopped while deployments are active."):
        shop.ecs.delete_service(cluster="shop", service="external")
    shop.ecs.delete_task_set(cluster="shop", service="external", taskSet=made["taskSet"]["taskSetArn"], force=True)
    shop.ecs.delete_service(cluster="shop", service="external")


def test_a_service_in_the_middle_of_a_deployment_is_not_deleted(aws: Aws, shop: Shop) -> None:
    shop.create(desiredCount=1)
    aws.sleep(300)
    shop.register()
    shop.update(taskDefinition="web:2", desiredCount=0)
    with refused(INVALID, "The service cannot be stopped while deployments are active."):
        shop.ecs.delete_service(cluster="shop", service="web")
    aws.sleep(900)
    shop.ecs.delete_service(cluster="shop", service="web")


def test_a_cluster_goes_after_its_services_and_tasks(aws: Aws, shop: Shop) -> None:
    shop.create(desiredCount=1)
    aws.sleep(120)
    with refused("ClusterContainsServicesException"):
        shop.ecs.delete_cluster(cluster="shop")
    shop.ecs.delete_service(cluster="shop", service="web", force=True)
    aws.sleep(900)
    shop.ecs.delete_cluster(cluster="shop")


def test_a_cluster_goes_after_a_task_that_no_service_owns(aws: Aws, shop: Shop) -> None:
    made = shop.ecs.run_task(
        cluster="shop", taskDefinition="web:1", launchType="FARGATE", networkConfiguration=shop.subnets
    )
    with refused("ClusterContainsTasksException"):
        shop.ecs.delete_cluster(cluster="shop")
    shop.ecs.stop_task(cluster="shop", task=made["tasks"][0]["taskArn"])
    aws.sleep(300)
    shop.ecs.delete_cluster(cluster="shop")


def attach(shop: Shop, *providers: str) -> None:
    shop.ecs.put_cluster_capacity_providers(
        cluster="shop", capacityProviders=list(providers), defaultCapacityProviderStrategy=[]
    )


def test_a_cluster_is_busy_while_a_provider_of_instances_attaches(aws: Aws, shop: Shop) -> None:
    group = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:1:autoScalingGroupName/g"
    shop.ecs.create_capacity_provider(name="hosts", autoScalingGroupProvider={"autoScalingGroupArn": group})
    attach(shop, "FARGATE")
    attach(shop, "FARGATE", "hosts")
    with refused("UpdateInProgressException"):
        attach(shop, "FARGATE")
    with refused("UpdateInProgressException"):
        shop.ecs.delete_cluster(cluster="shop")
    aws.sleep(60)
    attach(shop, "FARGATE", "hosts")


def test_started_by_is_a_filter_that_stands_alone(shop: Shop) -> None:
    with refused(INVALID):
        shop.ecs.list_tasks(cluster="shop", startedBy="us", family="web")
    shop.ecs.list_tasks(cluster="shop", startedBy="us")
    shop.ecs.list_tasks(cluster="shop", family="web", desiredStatus="RUNNING")


@pytest.mark.parametrize(
    ("operation", "member", "most"),
    [
        ("describe_services", "services", 10),
        ("describe_tasks", "tasks", 100),
        ("describe_clusters", "clusters", 100),
        ("delete_task_definitions", "taskDefinitions", 10),
        ("describe_service_revisions", "serviceRevisionArns", 20),
    ],
)
def test_a_call_names_only_so_many(aws: Aws, operation: str, member: str, most: int) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="default")
    arn = "arn:aws:ecs:eu-west-1:123456789012:service-revision/default/x/1"

    def ask(count: int) -> Any:
        names = [arn if "Arns" in member else f"x{n}:1" for n in range(count)]
        return getattr(ecs, operation)(**{member: names})

    with refused(INVALID, member, str(most)):
        ask(most + 1)
    ask(most)


def test_a_page_has_one_to_a_hundred_entries(aws: Aws) -> None:
    ecs = aws.client("ecs")
    with refused(INVALID):
        ecs.list_clusters(maxResults=101)
    ecs.list_clusters(maxResults=100)
