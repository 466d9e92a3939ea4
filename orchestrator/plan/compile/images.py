"""Where images and logs of the services are kept, and the cluster that they run in."""

from __future__ import annotations

from orchestrator.core.values import JsonDoc
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.ecs.base import Capacity
from orchestrator.kinds.ecs.clusters import Cluster
from orchestrator.kinds.logs import LogGroup
from orchestrator.plan.compile.context import Context
from orchestrator.plan.model.plan import Images, Operations, Plan


def repository(service: str, wanted: Images, context: Context) -> Repository:
    """The repository of a service's images, which forgets the oldest."""
    return Repository(
        name=service,
        aws_name=context.name(Repository, service),
        immutable_tags=wanted.immutable_tags,
        scan_on_push=wanted.scan_on_push,
        encryption="KMS" if wanted.kms_key else "AES256",
        key=wanted.kms_key,
        lifecycle=_keep(wanted.keep),
    )


def _keep(count: int) -> JsonDoc:
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    rule = {
        "rulePriority": 1,
        "description": f"keep the newest {count} images",
        "selection": newest,
        "action": {"type": "expire"},
    }
    return JsonDoc({"rules": [rule]})


def log_group(service: str, wanted: Operations, context: Context) -> LogGroup:
    """The log group of a service."""
    return LogGroup(name=service, aws_name=context.name(LogGroup, service), retention=wanted.log_retention)


def cluster(plan: Plan, context: Context) -> Cluster:
    """The cluster, with the capacity that its services use."""
    spot = any(service.capacity == "FARGATE_SPOT" for service in plan.services.values())
    return Cluster(
        name="main",
        aws_name=context.name(Cluster, "main"),
        container_insights="enabled" if plan.operations.container_insights else "disabled",
        providers=frozenset({"FARGATE", "FARGATE_SPOT"} if spot else {"FARGATE"}),
        default_capacity=frozenset({Capacity("FARGATE")}),
    )
