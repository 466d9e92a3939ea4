"""Target groups: made once for one name, with every attribute, and truthful about the balancers they belong to."""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import elbv2_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair
from orchestrator.sandbox.world.elb.usage import balancers_by_group
from orchestrator.sandbox.world.world import present

_DELAY = "deregistration_delay.timeout_seconds"
_LONGEST_DELAY = 3600
_ATTRIBUTES = {
    _DELAY: "300",
    "stickiness.enabled": "false",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


def _backend(call: Call) -> Any:
    return elbv2_backends[call.account][call.region]


@repair("elbv2", "CreateTargetGroup")
def create_once(call: Call, proceed: Proceed) -> Reply:
    """The same name with the same settings is the same group; moto refuses it."""
    existing = next((each for each in _backend(call).target_groups.values() if each.name == call.params["Name"]), None)
    if existing is not None:
        return {"TargetGroups": [_described(call, existing)]}
    reply = proceed()
    group = _backend(call).target_groups[reply["TargetGroups"][0]["TargetGroupArn"]]
    if group.protocol in ("HTTP", "HTTPS"):
        group.attributes = dict(_ATTRIBUTES)
    return _with_balancers(call, reply)


@repair("elbv2", "DescribeTargetGroups")
def describe_with_balancers(call: Call, proceed: Proceed) -> Reply:
    """A group belongs to the balancers whose rules name it now; moto only ever adds to that list."""
    used = balancers_by_group(_backend(call))
    for arn, group in _backend(call).target_groups.items():
        group.load_balancer_arns = [each.arn for each in used.get(arn, [])]
    return _with_balancers(call, proceed())


@repair("elbv2", "ModifyTargetGroup")
def modify_and_check_again(call: Call, proceed: Proceed) -> Reply:
    """New settings of the health check hold from the next check on."""
    reply = proceed()
    matcher = call.params.get("Matcher", {})
    group = _backend(call).target_groups[call.params["TargetGroupArn"]]
    if matcher:
        group.matcher = dict(matcher)
        reply["TargetGroups"][0]["Matcher"] = dict(matcher)
    present().elb.review(call.account, call.region)
    return _with_balancers(call, reply)


@repair("elbv2", "ModifyTargetGroupAttributes")
def modify_attributes(call: Call, proceed: Proceed) -> Reply:
    """Answer with every attribute, and take an hour of draining, which moto refuses."""
    told = {each["Key"]: each["Value"] for each in call.params["Attributes"]}
    group = _backend(call).target_groups.get(call.params["TargetGroupArn"])
    unknown = [key for key in told if group is not None and key not in group.attributes]
    if unknown:
        raise AwsError("ValidationError", f"Target group attribute key '{unknown[0]}' is not recognized")
    if group is not None and told.get(_DELAY) == str(_LONGEST_DELAY):
        group.attributes.update(told)
    else:
        proceed()
    changed = _backend(call).target_groups[call.params["TargetGroupArn"]]
    return {"Attributes": [{"Key": key, "Value": str(value)} for key, value in changed.attributes.items()]}


@repair("elbv2", "DeleteTargetGroup")
def delete_what_is_there(call: Call, proceed: Proceed) -> Reply:
    """Deleting a group that is gone succeeds; moto does not find it."""
    arn = call.params["TargetGroupArn"]
    if arn not in _backend(call).target_groups:
        return {}
    reply = proceed()
    present().elb.forget(arn)
    return reply


def _with_balancers(call: Call, reply: Reply) -> Reply:
    used = balancers_by_group(_backend(call))
    for group in reply["TargetGroups"]:
        group["LoadBalancerArns"] = [each.arn for each in used.get(group["TargetGroupArn"], [])]
    return reply


def _described(call: Call, group: Any) -> Reply:
    fields = {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "Protocol": group.protocol,
        "ProtocolVersion": group.protocol_version,
        "Port": group.port,
        "VpcId": group.vpc_id,
        "TargetType": group.target_type,
        "IpAddressType": group.ip_address_type,
        "HealthCheckProtocol": group.health_check_protocol,
        "HealthCheckPort": group.health_check_port,
        "HealthCheckEnabled": group.health_check_enabled,
        "HealthCheckPath": group.health_check_path,
        "HealthCheckIntervalSeconds": group.health_check_interval_seconds,
        "HealthCheckTimeoutSeconds": group.health_check_timeout_seconds,
        "HealthyThresholdCount": group.healthy_threshold_count,
        "UnhealthyThresholdCount": group.unhealthy_threshold_count,
        "Matcher": getattr(group, "matcher", None),
    }
    shown = {name: value for name, value in fields.items() if value is not None}
    _with_balancers(call, {"TargetGroups": [shown]})
    return shown
