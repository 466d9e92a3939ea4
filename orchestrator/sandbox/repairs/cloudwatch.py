"""CloudWatch alarms: they begin without data, and changing one changes neither its state nor its tags."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair

_STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp")


def _backend(call: Call) -> Any:
    return cloudwatch_backends[call.account][call.region]


@repair("cloudwatch", "PutMetricAlarm")
def state_survives(call: Call, proceed: Proceed) -> Reply:
    """A new alarm has INSUFFICIENT_DATA and an old one keeps its state; moto says OK. Tags count at creation only."""
    alarms, name = _backend(call).alarms, call.params["AlarmName"]
    before = alarms.get(name)
    if before is None:
        _backend(call).tagger.delete_all_tags_for_resource(call.arn(f"alarm:{name}"))
    else:
        call.params.pop("Tags", None)
    reply = proceed()
    alarm = alarms[name]
    if before is None:
        alarm.state_value = "INSUFFICIENT_DATA"
    else:
        vars(alarm).update({attribute: vars(before)[attribute] for attribute in _STATE})
    return reply


@repair("cloudwatch", "DescribeAlarms")
def alarms_of_the_asked_types(call: Call, proceed: Proceed) -> Reply:
    """Metric alarms unless other types are asked for, and every condition has to hold; moto takes the first."""
    params, reply = call.params, proceed()
    types = params.get("AlarmTypes", ["MetricAlarm"])
    for key, kind in (("MetricAlarms", "MetricAlarm"), ("CompositeAlarms", "CompositeAlarm")):
        reply[key] = [alarm for alarm in reply.get(key, ()) if kind in types and _matches(alarm, params)]
    return reply


def _matches(alarm: Reply, params: Reply) -> bool:
    actions = (*alarm.get("AlarmActions", ()), *alarm.get("OKActions", ()), *alarm.get("InsufficientDataActions", ()))
    return (
        alarm["AlarmName"].startswith(params.get("AlarmNamePrefix", ""))
        and alarm["AlarmName"] in params.get("AlarmNames", [alarm["AlarmName"]])
        and alarm["StateValue"] == params.get("StateValue", alarm["StateValue"])
        and ("ActionPrefix" not in params or any(action.startswith(params["ActionPrefix"]) for action in actions))
    )


@repair("cloudwatch", "ListTagsForResource", "TagResource", "UntagResource")
def tags_of_nothing(call: Call, proceed: Proceed) -> Reply:
    """An alarm that is not there has no tags; moto takes any ARN."""
    arn = call.params["ResourceARN"]
    if ":alarm:" in arn and arn.partition(":alarm:")[2] not in _backend(call).alarms:
        raise AwsError("ResourceNotFoundException", f"Unknown resource {arn}")
    return proceed()
