"""ECS refuses services that could not start, balance or deploy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.strict.network import Network, forward, refused
from tests.world import Aws


class Shop:
    """A cluster, a task definition ``web:1``, a target group behind a load balancer, and a service to create."""

    def __init__(self, aws: Aws, network: Network) -> None:
        self.ecs, self.network = aws.client("ecs"), network
        self.ecs.create_cluster(clusterName="shop")
        self.register()
        self.group = network.targets()
        self.listener = network.listener(network.balancer(), self.group)
        self.subnets = {"awsvpcConfiguration": {"subnets": network.subnets, "securityGroups": [network.group()]}}

    def register(self, family: str = "web") -> None:
        self.ecs.register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[
                {"name": "app", "image": "public.ecr.aws/x/y:1", "portMappings": [{"containerPort": 8080}]}
            ],
        )

    def create(self, name: str = "web", **settings: Any) -> Any:
        wanted = {
            "taskDefinition": "web:1",
            "desiredCount": 0,
            "launchType": "FARGATE",
            "networkConfiguration": self.subnets,
            **settings,
        }
        given = {key: value for key, value in wanted.items() if value is not None}
        return self.ecs.create_service(cluster="shop", serviceName=name, **given)["service"]

    def update(self, **settings: Any) -> None:
        self.ecs.update_service(cluster="shop", service="web", **settings)

    def run(self, **settings: Any) -> None:
        self.ecs.run_task(cluster="shop", taskDefinition="web:1", **settings)

    def behind(self, group: str | None = None, container: str = "app", port: int = 8080) -> list[dict[str, Any]]:
        return [{"targetGroupArn": group or self.group, "containerName": container, "containerPort": port}]


@pytest.fixture
def shop(aws: Aws, network: Network) -> Shop:
    return Shop(aws, network)


INVALID = "InvalidParameterException"


def test_a_target_group_is_behind_a_load_balancer_first_with_weight_0_if_need_be(shop: Shop) -> None:
    lonely = shop.network.targets("green")
    with refused(INVALID, f"The target group with targetGroupArn {lonely} does not have an associated load balancer."):
        shop.create(loadBalancers=shop.behind(lonely))
    shop.create(loadBalancers=shop.behind())
    with refused(INVALID, "does not have an associated load balancer"):
        shop.update(loadBalancers=shop.behind(lonely))
    shop.network.elb.modify_listener(ListenerArn=shop.listener, DefaultActions=[forward(shop.group, lonely)])
    shop.update(loadBalancers=shop.behind(lonely))


def test_a_service_is_created_again_only_with_the_same_token_and_parameters(shop: Shop) -> None:
    first = shop.create(clientToken="one")
    assert shop.create(clientToken="one")["serviceArn"] == first["serviceArn"]
    for other in ({"clientToken": "two"}, {"clientToken": "one", "desiredCount": 1}, {}):
        with refused(INVALID, "Creation of service was not idempotent."):
            shop.create(**other)
    shop.create("other", clientToken="one")


def test_a_create_without_a_token_is_repeated_as_it_was(shop: Shop) -> None:
    assert shop.create()["serviceArn"] == shop.create()["serviceArn"]
    with refused(INVALID, "Creation of service was not idempotent."):
        shop.create(desiredCount=1)


def test_a_draining_service_keeps_its_name_until_it_is_inactive(aws: Aws, shop: Shop) -> None:
    shop.create(desiredCount=1)
    aws.sleep(120)
    shop.ecs.delete_service(cluster="shop", service="web", force=True)
    with refused(INVALID, "Unable to Start a service that is still Draining."):
        shop.create()
    aws.sleep(600)
    shop.create()


def test_tasks_with_their_own_interfaces_need_subnets(shop: Shop) -> None:
    with refused(INVALID, "Network Configuration must be provided when networkMode 'awsvpc' is specified."):
        shop.create(networkConfiguration=None)
    with refused(INVALID, "Network Configuration must be provided"):
        shop.run(launchType="FARGATE")
    shop.create()
    shop.run(launchType="FARGATE", networkConfiguration=shop.subnets)


def test_a_load_balancer_entry_names_a_container_and_one_of_its_ports(shop: Shop) -> None:
    with refused(INVALID, "The container ap does not exist in the task definition."):
        shop.create(loadBalancers=shop.behind(container="ap"))
    with refused(INVALID, "The container app did not have a container port 80 defined."):
        shop.create(loadBalancers=shop.behind(port=80))
    shop.create(loadBalancers=shop.behind())


def test_a_new_revision_still_has_the_container_that_the_load_balancer_uses(shop: Shop) -> None:
    shop.create(loadBalancers=shop.behind())
    shop.ecs.register_task_definition(
        family="web",
        networkMode="awsvpc",
        containerDefinitions=[{"name": "renamed", "image": "public.ecr.aws/x/y:2", "memory": 64}],
    )
    with refused(INVALID, "The container app does not exist in the task definition."):
        shop.update(taskDefinition="web:2")
    shop.update(taskDefinition="web:1")


def test_a_target_group_of_instances_does_not_take_tasks(shop: Shop) -> None:
    group = shop.network.targets("instances", TargetType="instance")
    shop.network.elb.modify_listener(ListenerArn=shop.listener, DefaultActions=[forward(shop.group, group)])
    with refused(INVALID, "target type instance, which is incompatible with the awsvpc network mode"):
        shop.create(loadBalancers=shop.behind(group))
    shop.create(loadBalancers=shop.behind())


def test_a_deregistered_revision_starts_nothing(shop: Shop) -> None:
    shop.create()
    shop.register()
    shop.ecs.deregister_task_definition(taskDefinition="web:2")
    for refusal in (
        lambda: shop.create("other", taskDefinition="web:2"),
        lambda: shop.update(taskDefinition="web:2"),
        lambda: shop.ecs.run_task(cluster="shop", taskDefinition="web:2", networkConfiguration=shop.subnets),
    ):
        with refused("ClientException", "TaskDefinition is inactive"):
            refusal()
    shop.update(taskDefinition="web")


def strategy(provider: str) -> list[dict[str, Any]]:
    return [{"capacityProvider": provider, "weight": 1}]


def test_capacity_is_a_launch_type_or_a_strategy(shop: Shop) -> None:
    shop.ecs.put_cluster_capacity_providers(
        cluster="shop", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    with refused(INVALID, "Specifying both a launch type and capacity provider strategy"):
        shop.create(capacityProviderStrategy=strategy("FARGATE"))
    with refused(INVALID, "Specifying both"):
        shop.run(launchType="FARGATE", capacityProviderStrategy=strategy("FARGATE"), networkConfiguration=shop.subnets)
    shop.create(launchType=None, capacityProviderStrategy=strategy("FARGATE"))


def test_a_strategy_uses_providers_of_the_cluster(shop: Shop) -> None:
    with refused(INVALID, "not associated with the cluster"):
        shop.create(launchType=None, capacityProviderStrategy=strategy("FARGATE_SPOT"))
    with refused(INVALID, "not associated with the cluster"):
        shop.ecs.put_cluster_capacity_providers(
            cluster="shop",
            capacityProviders=["FARGATE"],
            defaultCapacityProviderStrategy=strategy("FARGATE_SPOT"),
        )
    shop.ecs.put_cluster_capacity_providers(
        cluster="shop",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=strategy("FARGATE_SPOT"),
    )
    shop.create(launchType=None, capacityProviderStrategy=strategy("FARGATE_SPOT"))


def test_a_grace_period_needs_a_load_balancer(shop: Shop) -> None:
    with refused(INVALID, "Health check grace period is only valid"):
        shop.create(healthCheckGracePeriodSeconds=30)
    shop.create(healthCheckGracePeriodSeconds=30, loadBalancers=shop.behind())
    shop.update(healthCheckGracePeriodSeconds=60)


def percent(maximum: int, minimum: int) -> dict[str, int]:
    return {"maximumPercent": maximum, "minimumHealthyPercent": minimum}


def test_a_deployment_has_room_for_one_task_more_or_less(shop: Shop) -> None:
    with refused(INVALID, "cannot be 100 as this will block deployments"):
        shop.create(deploymentConfiguration=percent(100, 100))
    with refused(INVALID, "cannot be 100"):
        shop.create(deploymentConfiguration={"maximumPercent": 100})
    shop.create(deploymentConfiguration=percent(100, 50))
    with refused(INVALID, "cannot be 100"):
        shop.update(deploymentConfiguration={"minimumHealthyPercent": 100})
    shop.update(deploymentConfiguration=percent(200, 100))


def test_a_deployment_that_ecs_shifts_itself_needs_the_other_target_group(shop: Shop) -> None:
    shifting = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}
    with refused(INVALID, "advancedConfiguration field is required"):
        shop.create(deploymentConfiguration=shifting, loadBalancers=shop.behind())
    shop.create(deploymentConfiguration={"strategy": "ROLLING"}, loadBalancers=shop.behind())
