"""Everything that an account holds, by kind: what is made twice, left over or taken from a neighbour shows here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.scenarios.forum.oracle.account import ADDRESS_TAG, STACK_TAG, Account, tags

_LISTS: dict[str, tuple[str, str, str, str]] = {
    "VPC": ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "subnet": ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    "internet gateway": ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    "address": ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    "NAT gateway": ("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
    "route table": ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    "security group": ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    "endpoint": ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "network interface": ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    "repository": ("ecr", "describe_repositories", "repositories", "repositoryName"),
    "load balancer": ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    "target group": ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
    "source": ("codecommit", "list_repositories", "repositories", "repositoryName"),
    "build project": ("codebuild", "list_projects", "projects", ""),
    "pipeline": ("codepipeline", "list_pipelines", "pipelines", "name"),
    "event rule": ("events", "list_rules", "Rules", "Name"),
    "trail": ("cloudtrail", "describe_trails", "trailList", "TrailARN"),
    "cluster": ("ecs", "list_clusters", "clusterArns", ""),
}
_BY_AWS = ("AWSServiceRoleFor", "TargetTracking-")
_GONE = ("deleted", "deleting")

RUNNING = Counter(
    {
        "VPC": 1,
        "subnet": 4,
        "internet gateway": 1,
        "address": 2,
        "NAT gateway": 2,
        "route table": 3,
        "security group": 3,
        "endpoint": 4,
        "repository": 3,
        "load balancer": 1,
        "target group": 6,
        "listener": 1,
        "rule": 3,
        "role": 5,
        "log group": 4,
        "alarm": 6,
        "bucket": 2,
        "source": 1,
        "build project": 1,
        "pipeline": 1,
        "event rule": 1,
        "trail": 1,
        "cluster": 1,
        "ECS service": 3,
        "task definition": 3,
        "scalable target": 3,
        "scaling policy": 6,
    }
)
"""How much of everything the forum is."""


def inventory(account: Account) -> dict[str, set[str]]:
    """Everything in the account by kind, but what AWS itself puts there: defaults, its roles, alarms of policies."""
    found = {kind: set(_listed(account, *how)) for kind, how in _LISTS.items()}
    found["listener"] = set(_listeners(account))
    found["rule"] = set(_rules(account, found["listener"]))
    found["ECS service"] = {
        arn
        for cluster in found["cluster"]
        for arn in account.all("ecs", "list_services", "serviceArns", cluster=cluster)
    }
    found["task definition"] = set(account.all("ecs", "list_task_definitions", "taskDefinitionArns"))
    scaling = "application-autoscaling"
    targets = account.all(scaling, "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")
    policies = account.all(scaling, "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs")
    found["scalable target"] = {t["ResourceId"] for t in targets}
    found["scaling policy"] = {p["PolicyARN"] for p in policies}
    return {kind: items for kind, items in found.items() if items}


def counted(account: Account) -> Counter[str]:
    """How much there is of everything, network interfaces left out: how many those are is AWS's matter."""
    return Counter({kind: len(items) for kind, items in inventory(account).items() if kind != "network interface"})


def twice(account: Account) -> list[str]:
    """Addresses of the stack that more than one thing bears."""
    return sorted(address for address, count in Counter(_borne(account)).items() if count > 1)


def tagged(account: Account) -> set[str]:
    """Addresses of everything that carries the stack's tag, as the tagging API tells it."""
    return set(_borne(account))


def _borne(account: Account) -> Iterator[str]:
    """The address of each thing that carries the stack's tag; tasks and revisions carry one that others have too."""
    for item in account.all("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList"):
        carried = tags(item)
        if carried.get(STACK_TAG) == account.stack and not _of_many(item["ResourceARN"]):
            yield carried[ADDRESS_TAG]


def _of_many(arn: str) -> bool:
    return ":task/" in arn or ":task-definition/" in arn


def _listed(account: Account, service: str, operation: str, key: str, name: str) -> Iterator[str]:
    for item in account.all(service, operation, key):
        id = item[name] if name else item
        if not id.startswith(_BY_AWS) and not _is_default(item) and not _is_gone(item):
            yield id


def _is_default(item: Any) -> bool:
    """What comes with an account, or with a VPC."""
    if not isinstance(item, dict):
        return False
    main = any(association.get("Main") for association in item.get("Associations", ()))
    return bool(item.get("IsDefault") or item.get("DefaultForAz") or item.get("GroupName") == "default" or main)


def _is_gone(item: Any) -> bool:
    return isinstance(item, dict) and str(item.get("State", "")).lower() in _GONE


def _listeners(account: Account) -> Iterator[str]:
    for balancer in account.all("elbv2", "describe_load_balancers", "LoadBalancers"):
        for listener in account.all(
            "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=balancer["LoadBalancerArn"]
        ):
            yield listener["ListenerArn"]


def _rules(account: Account, listeners: set[str]) -> Iterator[str]:
    for listener in listeners:
        for rule in account.all("elbv2", "describe_rules", "Rules", ListenerArn=listener):
            if rule["Priority"] != "default":
                yield rule["RuleArn"]
