"""Application Auto Scaling: tags, errors by their own names, and policies that keep and lose their alarms rightly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.applicationautoscaling.responses import _build_target
from moto.cloudwatch.models import cloudwatch_backends
from moto.ecs.models import ecs_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair

_SERVICE = "application-autoscaling"
_ROLE = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
_LOW_SHARE = 0.9
_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def _backend(call: Call) -> Any:
    return applicationautoscaling_backends[call.account][call.region]


def _targets(call: Call) -> Iterator[Any]:
    for by_resource in _backend(call).targets.values():
        yield from by_resource.values()


def _missing(call: Call, what: str, name: str = "") -> AwsError:
    namespace, resource, dimension = (call.params.get(key) for key in _KEY)
    named = f", policy name: {name}" if name else ""
    found = f"service namespace: {namespace}, resource ID: {resource}, scalable dimension: {dimension}{named}"
    return AwsError("ObjectNotFoundException", f"No {what} found for {found}")


def _target(call: Call) -> Any:
    return _backend(call).targets.get(call.params["ScalableDimension"], {}).get(call.params["ResourceId"])


@repair(_SERVICE, "RegisterScalableTarget")
def target_of_a_service(call: Call, proceed: Proceed) -> Reply:
    """A missing cluster is a missing service too, and tags count when the target is new."""
    resource = call.params["ResourceId"]
    if call.params["ServiceNamespace"] == "ecs" and not _service_exists(call, *resource.split("/")[1:]):
        raise AwsError("ValidationException", f"ECS service doesn't exist: {resource}")
    new = _target(call) is None
    reply = proceed()
    target = _target(call)
    target.suspended_state = {**_NOT_SUSPENDED, **(target.suspended_state or {})}
    target.role_arn = target.role_arn or f"arn:{call.partition}:iam::{call.account}:role/{_ROLE}"
    if new:
        target.tags = dict(call.params.get("Tags", {}))
    return reply


def _service_exists(call: Call, cluster: str = "", name: str = "") -> bool:
    services = ecs_backends[call.account][call.region].services.values()
    return any(each.cluster_name == cluster and each.name == name and each.status != "INACTIVE" for each in services)


@repair(_SERVICE, "DescribeScalableTargets")
def every_target_for_the_seam_to_page(call: Call, proceed: Proceed) -> Reply:
    """Pages that go on where the last one ended; moto's tokens count within a page and lead back into the first."""
    proceed()
    asked = (call.params.get(key) for key in ("ServiceNamespace", "ResourceIds", "ScalableDimension"))
    return {"ScalableTargets": [_build_target(target) for target in _backend(call).describe_scalable_targets(*asked)]}


@repair(_SERVICE, "DeregisterScalableTarget")
def policies_go_with_the_target(call: Call, proceed: Proceed) -> Reply:
    """Its policies, their alarms and its scheduled actions go too; on moto they stay."""
    if _target(call) is None:
        raise _missing(call, "scalable target")
    reply, backend = proceed(), _backend(call)
    of_target = tuple(call.params[key] for key in _KEY)
    for key, policy in list(backend.policies.items()):
        if (policy.service_namespace, policy.resource_id, policy.scalable_dimension) == of_target:
            policy.delete_alarms(call.account, call.region)
            del backend.policies[key]
    backend.scheduled_actions = [
        action
        for action in backend.scheduled_actions
        if (action.service_namespace, action.resource_id, action.scalable_dimension) != of_target
    ]
    return reply


@repair(_SERVICE, "PutScalingPolicy")
def same_policy_same_alarms(call: Call, proceed: Proceed) -> Reply:
    """Putting a policy again keeps its ARN and alarms; moto makes others. The alarms watch the target value."""
    backend = _backend(call)
    key = "\t".join(call.params[name] for name in (*_KEY, "PolicyName"))
    before = backend.policies.get(key)
    reply = proceed()
    policy = backend.policies[key]
    if before is not None:
        policy.policy_arn, policy.creation_time = before.policy_arn, before.creation_time
        if policy.policy_type == before.policy_type:
            policy.delete_alarms(call.account, call.region)
            policy.alarms = before.alarms
        else:
            before.delete_alarms(call.account, call.region)
    for alarm in policy.alarms:
        _watch(alarm, policy)
    reply["PolicyARN"] = policy.policy_arn
    reply["Alarms"] = [{"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn} for alarm in policy.alarms]
    return reply


def _watch(alarm: Any, policy: Any) -> None:
    configuration = policy.target_tracking_scaling_policy_configuration
    share = 1.0 if "AlarmHigh" in alarm.name else _LOW_SHARE
    alarm.threshold = configuration["TargetValue"] * share
    alarm.alarm_actions = [policy.policy_arn]
    alarm.description = f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.policy_arn}."
    if alarm.state_value == "OK" and alarm.state_reason.startswith("Unchecked"):
        alarm.state_value = "INSUFFICIENT_DATA"
    label = configuration.get("PredefinedMetricSpecification", {}).get("ResourceLabel")
    if label:
        balancer, _, group = label.partition("/targetgroup/")
        alarm.namespace, alarm.metric_name = "AWS/ApplicationELB", "RequestCountPerTarget"
        alarm.statistic, alarm.unit = "Sum", None
        dimensions = {"LoadBalancer": balancer, "TargetGroup": f"targetgroup/{group}"}
        alarm.dimensions = [type(alarm.dimensions[0])(name, value) for name, value in dimensions.items()]


@repair(_SERVICE, "DeleteScalingPolicy")
def policy_that_is_not_there(call: Call, proceed: Proceed) -> Reply:
    """A missing policy has an error of its own; moto calls it a validation error."""
    key = "\t".join(call.params[name] for name in (*_KEY, "PolicyName"))
    if key not in _backend(call).policies:
        raise _missing(call, "scaling policy", call.params["PolicyName"])
    return proceed()


@repair(_SERVICE, "DescribeScalingPolicies")
def alarms_that_call_the_policy(call: Call, proceed: Proceed) -> Reply:
    """The alarms of a step policy are those whose actions name it; moto knows only those it made itself."""
    reply = proceed()
    alarms = cloudwatch_backends[call.account][call.region].alarms.values()
    for policy in reply["ScalingPolicies"]:
        if policy["PolicyType"] == "StepScaling":
            policy["Alarms"] = [
                {"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn}
                for alarm in alarms
                if policy["PolicyARN"] in (*alarm.alarm_actions, *alarm.ok_actions)
            ]
    return reply


def _tags(call: Call) -> dict[str, str]:
    arn = call.params["ResourceARN"]
    for target in _targets(call):
        if target.arn == arn:
            tags: dict[str, str] = vars(target).setdefault("tags", {})
            return tags
    raise AwsError("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")


@operation(_SERVICE, "ListTagsForResource")
def tags_listed(call: Call) -> Reply:
    """The tags of a scalable target, which come as a map."""
    return {"Tags": _tags(call)}


@operation(_SERVICE, "TagResource")
def tagged(call: Call) -> Reply:
    """Tags are merged into those that are there."""
    _tags(call).update(call.params["Tags"])
    return {}


@operation(_SERVICE, "UntagResource")
def untagged(call: Call) -> Reply:
    """Keys that are not there do no harm."""
    for key in call.params["TagKeys"]:
        _tags(call).pop(key, None)
    return {}
