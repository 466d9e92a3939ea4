"""Deployments and revisions of a service as things of their own, which moto lacks altogether."""

from __future__ import annotations

from orchestrator.sandbox.repairs.operations import AwsError, Call, Reply, operation
from orchestrator.sandbox.world.ecs import breaker
from orchestrator.sandbox.world.ecs.addressing import backend_of, definition_of, service_of
from orchestrator.sandbox.world.ecs.model import Deployment, Json, Service, count, present_only, stamp
from orchestrator.sandbox.world.world import present

_SLASHES = 3
"""In the ARN of a deployment or revision: ``...:service-revision/CLUSTER/SERVICE/NUMBER``."""


@operation("ecs", "ListServiceDeployments")
def list_service_deployments(call: Call) -> Reply:
    """A service's deployments, the newest first."""
    service = service_of(call)
    wanted, window = call.params.get("status"), call.params.get("createdAt") or {}
    after, before = window.get("after"), window.get("before")
    briefs = []
    for each in service.history:
        created = stamp(each.created_at)
        if (after and created and created < after) or (before and created and created > before):
            continue
        if not wanted or _status(each) in wanted:
            briefs.append(_brief(service, each))
    return {"serviceDeployments": briefs}


@operation("ecs", "DescribeServiceDeployments")
def describe_service_deployments(call: Call) -> Reply:
    """Deployments by ARN."""
    found, failures = [], []
    for arn in call.params["serviceDeploymentArns"]:
        service, deployment = _find(call, arn)
        if service is None or deployment is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(_full(service, deployment))
    return {"serviceDeployments": found, "failures": failures}


@operation("ecs", "DescribeServiceRevisions")
def describe_service_revisions(call: Call) -> Reply:
    """What each deployment rolled out, by ARN."""
    found, failures = [], []
    for arn in call.params["serviceRevisionArns"]:
        service, deployment = _find(call, arn)
        if service is None or deployment is None:
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        found.append(
            {
                **{name: value for name, value in deployment.revision.items() if value is not None},
                "serviceRevisionArn": arn,
                "serviceArn": service.arn,
                "clusterArn": service.cluster_arn,
                "platformFamily": "Linux",
                "containerImages": _images(call, service, deployment),
                "createdAt": stamp(deployment.created_at),
            }
        )
    return {"serviceRevisions": found, "failures": failures}


@operation("ecs", "StopServiceDeployment")
def stop_service_deployment(call: Call) -> Reply:
    """Stop a deployment that is under way and bring the last good revision back."""
    arn = call.params["serviceDeploymentArn"]
    service, deployment = _find(call, arn)
    if service is None or deployment is None:
        raise AwsError("ServiceDeploymentNotFoundException", "Service deployment not found.")
    if deployment.rollout_state != "IN_PROGRESS" or deployment.status != "PRIMARY":
        raise AwsError("ConflictException", "The service deployment is not in progress.")
    breaker.stop(present(), service, deployment)
    present().ecs.scheduler.wake(service)
    return {"serviceDeploymentArn": arn}


def _find(call: Call, arn: str) -> tuple[Service | None, Deployment | None]:
    cluster, service_name, number = arn.split("/")[1:4] if arn.count("/") == _SLASHES else ("", "", "")
    service: Service | None = backend_of(call).services.get(f"{cluster}:{service_name}")
    history = service.history if service else []
    return service, next((each for each in history if each.number == number), None)


def _arn(service: Service, kind: str, deployment: Deployment) -> str:
    return f"{service.arn.replace(':service/', f':service-{kind}/')}/{deployment.number}"


def _status(deployment: Deployment) -> str:
    """The word that this API has for a rollout state."""
    if deployment.back_to is not None:
        done = deployment.rollout_state == "COMPLETED"
        return "ROLLBACK_SUCCESSFUL" if done else "ROLLBACK_IN_PROGRESS"
    if deployment.rollout_state == "IN_PROGRESS":
        return "IN_PROGRESS" if deployment.status == "PRIMARY" else "STOPPED"
    return {"COMPLETED": "SUCCESSFUL", "FAILED": "ROLLBACK_FAILED"}[deployment.rollout_state]


def _brief(service: Service, deployment: Deployment) -> Json:
    return present_only(
        {
            "serviceDeploymentArn": _arn(service, "deployment", deployment),
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "startedAt": stamp(deployment.created_at),
            "createdAt": stamp(deployment.created_at),
            "finishedAt": stamp(deployment.finished_at),
            "targetServiceRevisionArn": _arn(service, "revision", deployment),
            "status": _status(deployment),
            "statusReason": deployment.rollout_reason,
        }
    )


def _full(service: Service, deployment: Deployment) -> Json:
    full = _brief(service, deployment)
    full.pop("targetServiceRevisionArn")
    broken = deployment.rollout_state == "FAILED"
    configuration = service.settings["deploymentConfiguration"]
    enabled = configuration.get("deploymentCircuitBreaker", {}).get("enable")
    source = deployment.source
    return {
        **full,
        "updatedAt": stamp(deployment.updated_at),
        "sourceServiceRevisions": [_summary(service, source)] if source else [],
        "targetServiceRevision": _summary(service, deployment),
        "deploymentConfiguration": configuration,
        "deploymentCircuitBreaker": {
            "status": ("TRIGGERED" if broken else "MONITORING") if enabled else "DISABLED",
            "failureCount": deployment.failed,
            "threshold": breaker.threshold(service),
        },
    }


def _summary(service: Service, deployment: Deployment) -> Json:
    mine = [task for task in service.tasks if task.deployment is deployment]
    return {
        "arn": _arn(service, "revision", deployment),
        "requestedTaskCount": deployment.wanted,
        "runningTaskCount": count(mine, "RUNNING"),
        "pendingTaskCount": count(mine, "PROVISIONING", "PENDING", "ACTIVATING"),
    }


def _images(call: Call, service: Service, deployment: Deployment) -> list[Json]:
    definition = definition_of(call, deployment.revision["taskDefinition"])
    pulled = {
        container.definition["name"]: container.image_digest
        for task in service.tasks
        if task.deployment is deployment
        for container in task.containers
    }
    return [
        present_only({"containerName": each["name"], "image": each["image"], "imageDigest": pulled.get(each["name"])})
        for each in definition.container_definitions
    ]
