"""What ECS refuses while something still runs: updates and deletions of services and clusters, and batch limits."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.ecs_lookup import cluster_name, cluster_of, service_of
from orchestrator.sandbox.strict.ecs_services import foreign_provider
from orchestrator.sandbox.strict.lingering import Trace
from orchestrator.sandbox.strict.registry import note, rule

ATTACHMENTS_UPDATE = 30.0
_ATTACHING = "cluster attachments being updated"
_WITHOUT_ATTACHMENTS = frozenset({"FARGATE", "FARGATE_SPOT"})
_MANAGED_OUTSIDE = ("CODE_DEPLOY", "EXTERNAL")
_OTHER_FILTERS = ("containerInstance", "family", "serviceName", "desiredStatus", "launchType")


@rule("ECS-13", "ecs", "UpdateService", code="ServiceNotActiveException")
def service_not_active(call: Call) -> str | None:
    """A service that is going or gone is not updated."""
    live = service_of(call)
    return "Service was not ACTIVE." if live is not None and live.status != "ACTIVE" else None


@rule("ECS-14", "ecs", "DeleteService", code="InvalidParameterException")
def scaled_above_zero(call: Call) -> str | None:
    """A service is scaled to 0 before it is deleted, unless forced."""
    live = service_of(call)
    if live is None or live.status != "ACTIVE" or call.params.get("force") or live.scheduling_strategy == "DAEMON":
        return None
    return "The service cannot be stopped while it is scaled above 0." if live.desired_count > 0 else None


@rule("ECS-15", "ecs", "DeleteService", code="InvalidParameterException")
def deployments_active(call: Call) -> str | None:
    """A service is not deleted in the middle of a deployment or while it has task sets, unless forced."""
    live = service_of(call)
    if live is None or live.status != "ACTIVE" or call.params.get("force"):
        return None
    outside = live.deployment_controller.get("type") in _MANAGED_OUTSIDE
    if (outside and live.task_sets) or (not outside and len(live.deployments) > 1):
        return "The service cannot be stopped while deployments are active."
    return None


@rule("ECS-17", "ecs", "DeleteCluster", code="ClusterContainsServicesException")
def cluster_has_services(call: Call) -> str | None:
    """A cluster goes after its services, the draining ones included."""
    services = call.backend().services.items()
    prefix = f"{cluster_name(call)}:"
    if any(key.startswith(prefix) and service.status != "INACTIVE" for key, service in services):
        return "The Cluster cannot be deleted while Services are active."
    return None


@rule("ECS-18", "ecs", "DeleteCluster", code="ClusterContainsTasksException")
def cluster_has_tasks(call: Call) -> str | None:
    """A cluster goes after its last task has stopped."""
    tasks = call.backend().tasks.get(cluster_name(call), {}).values()
    if any(task.last_status != "STOPPED" for task in tasks):
        return "The Cluster cannot be deleted while Tasks are active."
    return None


@rule("ECS-10", "ecs", "PutClusterCapacityProviders", "CreateCluster", code="InvalidParameterException")
def default_provider_not_associated(call: Call) -> str | None:
    """The default strategy of a cluster uses the providers named in the same call."""
    return foreign_provider(call.params.get("defaultCapacityProviderStrategy"), call.params.get("capacityProviders"))


@rule("ECS-33", "ecs", "PutClusterCapacityProviders", "DeleteCluster", code="UpdateInProgressException")
def attachments_updating(call: Call) -> str | None:
    """The scaling plans of Auto Scaling group providers take a while to attach; until then a cluster is busy."""
    if cluster_name(call) in call.lingering.of(_ATTACHING, call.scope, call.now):
        return (
            "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE or "
            "UPDATE_FAILED state before they can be updated. Wait and try again."
        )
    return None


@note("ecs", "PutClusterCapacityProviders", "CreateCluster")
def keep_attaching(call: Call) -> None:
    """Remember that a cluster's attachments are being updated; Fargate has none."""
    name = call.params.get("clusterName") or cluster_name(call)
    live = cluster_of(call) if call.operation == "PutClusterCapacityProviders" else None
    before = set(getattr(live, "capacity_providers", None) or ())
    if before.symmetric_difference(call.params.get("capacityProviders") or ()) - _WITHOUT_ATTACHMENTS:
        call.lingering.keep(Trace(_ATTACHING, call.scope, call.now + ATTACHMENTS_UPDATE, name))


@rule("ECS-21", "ecs", "ListTasks", code="InvalidParameterException")
def started_by_alone(call: Call) -> str | None:
    """The filter startedBy stands alone."""
    if call.params.get("startedBy") and any(call.params.get(name) for name in _OTHER_FILTERS):
        return "Cannot specify startedBy with any other filter."
    return None
