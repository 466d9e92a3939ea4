"""Clusters: created once, counted truthfully, and out of sight when they are gone."""

from __future__ import annotations

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair
from orchestrator.sandbox.world.ecs.addressing import backend_of, cluster_of, last_part, services_of, tasks_of
from orchestrator.sandbox.world.ecs.model import Json, count

_FARGATE = ("FARGATE", "FARGATE_SPOT")


@repair("ecs", "CreateCluster")
def create_once(call: Call, proceed: Proceed) -> Reply:
    """AWS returns the active cluster of that name as it is; moto replaces it."""
    name = call.params.get("clusterName") or "default"
    existing = backend_of(call).clusters.get(name)
    if existing is None or existing.status == "INACTIVE":
        return {"cluster": _completed(call, proceed()["cluster"])}
    return {"cluster": _described(call, name)}


@repair("ecs", "DescribeClusters")
def describe_with_counts(call: Call, proceed: Proceed) -> Reply:
    """Count what runs; moto's counters drift."""
    reply = proceed()
    with_statistics = "STATISTICS" in call.params.get("include", [])
    for cluster in reply["clusters"]:
        _count(call, cluster)
        cluster["statistics"] = _statistics(call, cluster["clusterName"]) if with_statistics else []
        if "SETTINGS" not in call.params.get("include", []):
            cluster["settings"] = []
    return reply


@operation("ecs", "ListClusters")
def list_active(call: Call) -> Reply:
    """A deleted cluster can be described for a while but is not listed; moto goes on listing it."""
    clusters = backend_of(call).clusters.values()
    return {"clusterArns": [each.arn for each in clusters if each.status != "INACTIVE"]}


@repair("ecs", "UpdateCluster", "PutClusterCapacityProviders")
def update_counted(call: Call, proceed: Proceed) -> Reply:
    """Changes of a cluster answer with its counts too."""
    cluster_of(call)
    return {"cluster": _completed(call, proceed()["cluster"])}


@operation("ecs", "UpdateClusterSettings")
def update_settings(call: Call) -> Reply:
    """Merge settings by name; moto lacks the operation."""
    cluster = cluster_of(call)
    merged = {each["name"]: each for each in [*(cluster.settings or []), *call.params["settings"]]}
    cluster.settings = list(merged.values())
    return {"cluster": _described(call, cluster.name)}


@repair("ecs", "DeleteCluster")
def delete_known(call: Call, proceed: Proceed) -> Reply:
    """A cluster that is gone can not be deleted again."""
    cluster_of(call)
    return {"cluster": _completed(call, proceed()["cluster"])}


@operation("ecs", "DescribeCapacityProviders")
def describe_fargate_too(call: Call) -> Reply:
    """AWS's own providers exist everywhere; moto knows only those that were created."""
    asked = call.params.get("capacityProviders")
    backend = backend_of(call)
    names = [last_part(each) for each in asked] if asked else [*_FARGATE, *backend.capacity_providers]
    own = [_aws_provider(call, name) for name in names if name in _FARGATE]
    created = [name for name in names if name not in _FARGATE]
    found, failures = backend.describe_capacity_providers(created)
    return {"capacityProviders": own + [vars(each) for each in found], "failures": [vars(each) for each in failures]}


def _aws_provider(call: Call, name: str) -> Json:
    return {"name": name, "capacityProviderArn": call.arn(f"capacity-provider/{name}"), "status": "ACTIVE", "tags": []}


def _described(call: Call, name: str) -> Json:
    cluster = backend_of(call).clusters.get(name)
    if cluster is None:
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    shown = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "configuration": cluster.configuration,
        "settings": cluster.settings or [],
        "capacityProviders": cluster.capacity_providers or [],
        "defaultCapacityProviderStrategy": cluster.default_capacity_provider_strategy or [],
        "serviceConnectDefaults": cluster.service_connect_defaults,
        "tags": cluster.tags or [],
    }
    return _completed(call, {key: value for key, value in shown.items() if value is not None})


def _completed(call: Call, cluster: Json) -> Json:
    cluster["statistics"] = []
    return _count(call, cluster)


def _count(call: Call, cluster: Json) -> Json:
    known = backend_of(call).clusters[cluster["clusterName"]]
    tasks = tasks_of(call, known)
    cluster["registeredContainerInstancesCount"] = 0
    cluster["runningTasksCount"] = count(tasks, "RUNNING")
    cluster["pendingTasksCount"] = count(tasks, "PROVISIONING", "PENDING", "ACTIVATING")
    cluster["activeServicesCount"] = sum(each.status == "ACTIVE" for each in services_of(call, known))
    cluster.setdefault("capacityProviders", [])
    cluster.setdefault("defaultCapacityProviderStrategy", [])
    return cluster


def _statistics(call: Call, name: str) -> list[Json]:
    known = backend_of(call).clusters[name]
    tasks, services = tasks_of(call, known), services_of(call, known)
    values = {
        "runningFargateTasksCount": count(tasks, "RUNNING"),
        "pendingFargateTasksCount": count(tasks, "PROVISIONING", "PENDING", "ACTIVATING"),
        "activeFargateServiceCount": sum(each.status == "ACTIVE" for each in services),
        "drainingFargateServiceCount": sum(each.status == "DRAINING" for each in services),
    }
    return [{"name": key, "value": str(value)} for key, value in values.items()]
