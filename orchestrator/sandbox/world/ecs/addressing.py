"""Finding what an ECS call names: clusters, services and tasks go by name, by ARN, or by default."""

from __future__ import annotations

from typing import Any

from moto.ecs.models import ecs_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call
from orchestrator.sandbox.world.ecs.model import Service, Task


def backend_of(call: Call) -> Any:
    """The state of ECS that moto keeps in the call's account and region."""
    return ecs_backends[call.account][call.region]


def last_part(name_or_arn: str) -> str:
    """The name at the end of an ARN, or the name itself."""
    return name_or_arn.rpartition("/")[2]


def cluster_of(call: Call) -> Any:
    """The active cluster that the call names."""
    cluster = backend_of(call).clusters.get(last_part(call.params.get("cluster") or "default"))
    if cluster is None or cluster.status == "INACTIVE":
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    return cluster


def find_service(call: Call, cluster: Any, name_or_arn: str) -> Service | None:
    """A service of the cluster, whatever its status."""
    found: Service | None = backend_of(call).services.get(f"{cluster.name}:{last_part(name_or_arn)}")
    return found


def service_of(call: Call) -> Service:
    """The service that the call names."""
    service = find_service(call, cluster_of(call), call.params["service"])
    if service is None:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    return service


def services_of(call: Call, cluster: Any) -> list[Service]:
    """Every service of the cluster."""
    return [each for each in backend_of(call).services.values() if each.cluster_name == cluster.name]


def tasks_of(call: Call, cluster: Any) -> list[Task]:
    """Every task of the cluster that is still remembered."""
    return list(backend_of(call).tasks.get(cluster.name, {}).values())


def definition_of(call: Call, reference: str) -> Any:
    """The task definition behind a family, a revision or an ARN; a family alone means its latest active revision."""
    backend = backend_of(call)
    family, _, revision = last_part(reference).partition(":")
    known = backend.task_definitions.get(family, {})
    if revision:
        found = known.get(int(revision)) if revision.isdigit() else None
    else:
        active = [each for each in known.values() if each.status == "ACTIVE"]
        found = max(active, key=lambda each: int(each.revision), default=None)
    if found is None:
        raise AwsError("ClientException", "Unable to describe task definition.")
    return found
