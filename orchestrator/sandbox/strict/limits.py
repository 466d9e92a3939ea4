"""How many things one call may name, where the service model does not say."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.registry import rule


def _more_than(call: Call, member: str, most: int) -> bool:
    return len(call.params.get(member) or ()) > most


def _ecs_length(member: str, most: int) -> str:
    return f"{member} cannot have more than {most} elements."


@rule("ECS-19", "ecs", "DescribeServices", code="InvalidParameterException")
def ten_services(call: Call) -> str | None:
    """Ten services at once."""
    return _ecs_length("services", 10) if _more_than(call, "services", 10) else None


@rule("ECS-20", "ecs", "DescribeTasks", code="InvalidParameterException")
def hundred_tasks(call: Call) -> str | None:
    """A hundred tasks at once."""
    return _ecs_length("tasks", 100) if _more_than(call, "tasks", 100) else None


@rule("LIM-01", "ecs", "DescribeClusters", code="InvalidParameterException")
def hundred_clusters(call: Call) -> str | None:
    """A hundred clusters at once."""
    return _ecs_length("clusters", 100) if _more_than(call, "clusters", 100) else None


@rule("LIM-02", "ecs", "DeleteTaskDefinitions", code="InvalidParameterException")
def ten_task_definitions(call: Call) -> str | None:
    """Ten revisions at once."""
    return _ecs_length("taskDefinitions", 10) if _more_than(call, "taskDefinitions", 10) else None


@rule(
    "LIM-03",
    "ecs",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    code="InvalidParameterException",
)
def twenty_deployments(call: Call) -> str | None:
    """Twenty service deployments or revisions at once."""
    for member in ("serviceDeploymentArns", "serviceRevisionArns"):
        if _more_than(call, member, 20):
            return _ecs_length(member, 20)
    return None


@rule(
    "LIM-04",
    "ecs",
    "ListClusters",
    "ListServices",
    "ListTasks",
    "ListTaskDefinitions",
    "ListTaskDefinitionFamilies",
    code="InvalidParameterException",
)
def hundred_a_page(call: Call) -> str | None:
    """Pages of one to a hundred."""
    size = call.params.get("maxResults")
    return None if size is None or 1 <= size <= 100 else "maxResults must be between 1 and 100."


@rule("ELB-21", "elbv2", "DescribeTags", code="ValidationError")
def twenty_arns(call: Call) -> str | None:
    """The tags of twenty resources at once."""
    return "You can specify up to 20 resources" if _more_than(call, "ResourceArns", 20) else None


@rule("LIM-05", "elbv2", "DescribeLoadBalancers", code="ValidationError")
def twenty_balancers(call: Call) -> str | None:
    """Twenty load balancers at once."""
    for member in ("LoadBalancerArns", "Names"):
        if _more_than(call, member, 20):
            return "You can specify up to 20 load balancers"
    return None


@rule(
    "LIM-07",
    "ec2",
    "DescribeInstances",
    "DescribeInstanceStatus",
    "DescribeNetworkInterfaces",
    code="InvalidParameterCombination",
)
def page_of_named(call: Call) -> str | None:
    """What is asked for by id comes whole, not in pages."""
    for member, name in (("InstanceIds", "instancesSet"), ("NetworkInterfaceIds", "networkInterfaceIdSet")):
        if call.params.get(member) and call.params.get("MaxResults"):
            return f"The parameter {name} cannot be used with the parameter maxResults"
    return None


@rule("LIM-08", "ecr", "DescribeRepositories", "DescribeImages", code="InvalidParameterException")
def page_of_named_repositories(call: Call) -> str | None:
    """Repositories by name and images by id come whole, not in pages."""
    named = call.params.get("repositoryNames") or call.params.get("imageIds")
    paged = call.params.get("maxResults") or call.params.get("nextToken")
    if named and paged:
        return "Invalid parameter: maxResults and nextToken cannot be used when the resources are named"
    return None


@rule("LIM-06", "servicediscovery", "ListInstances", "ListServices", "ListNamespaces", code="InvalidInput")
def hundred_of_a_namespace(call: Call) -> str | None:
    """Pages of up to a hundred."""
    size = call.params.get("MaxResults")
    return None if size is None or size <= 100 else "MaxResults must be between 1 and 100"
