"""What Application Auto Scaling refuses: scaling what is not there."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.registry import rule


@rule("AAS-01", "application-autoscaling", "RegisterScalableTarget", code="ValidationException")
def service_missing(call: Call) -> str | None:
    """A scalable target of ECS is a service that exists and is not gone."""
    resource = call.params.get("ResourceId", "")
    if call.params.get("ServiceNamespace") != "ecs" or not resource.startswith("service/"):
        return None
    _, _, path = resource.partition("/")
    cluster, _, service = path.partition("/")
    live = call.backend("ecs").services.get(f"{cluster}:{service}")
    return f"ECS service doesn't exist: {resource}" if live is None or live.status == "INACTIVE" else None


@rule("AAS-02", "application-autoscaling", "PutScalingPolicy", "PutScheduledAction", code="ObjectNotFoundException")
def target_missing(call: Call) -> str | None:
    """A policy or a schedule needs the scalable target first."""
    params = call.params
    dimension, resource = params.get("ScalableDimension"), params.get("ResourceId")
    if resource in call.backend().targets.get(dimension, {}):
        return None
    return (
        f"No scalable target registered for service namespace: {params.get('ServiceNamespace')}, "
        f"resource ID: {resource}, scalable dimension: {dimension}"
    )


@rule("AAS-03", "application-autoscaling", "PutScalingPolicy", code="ValidationException")
def label_missing(call: Call) -> str | None:
    """Requests per target are counted for one target group of one load balancer, named by a label."""
    tracking = call.params.get("TargetTrackingScalingPolicyConfiguration") or {}
    metric = tracking.get("PredefinedMetricSpecification") or {}
    if metric.get("PredefinedMetricType") == "ALBRequestCountPerTarget" and not metric.get("ResourceLabel"):
        return "Must specify a ResourceLabel for the predefined metric type ALBRequestCountPerTarget."
    return None
