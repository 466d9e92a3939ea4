"""The operations on targets; a target is an address with a port, where moto knows only the address."""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import elbv2_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Reply, operation
from orchestrator.sandbox.world.elb.targets import NOT_REGISTERED, Health
from orchestrator.sandbox.world.world import present


@operation("elbv2", "RegisterTargets")
def register_targets(call: Call) -> Reply:
    """Register each target under its port, or the group's."""
    group = _group(call)
    for each in call.params["Targets"]:
        present().elb.register(group, each["Id"], _port(group, each))
    return {}


@operation("elbv2", "DeregisterTargets")
def deregister_targets(call: Call) -> Reply:
    """Let each target drain; one that is not there is no error. Without a port all of an address go."""
    group, elb = _group(call), present().elb
    for each in call.params["Targets"]:
        ports = (
            [each["Port"]] if "Port" in each else [one.port for one in elb.of_group(group.arn) if one.id == each["Id"]]
        )
        for port in ports:
            elb.deregister(group, each["Id"], port)
    return {}


@operation("elbv2", "DescribeTargetHealth")
def describe_target_health(call: Call) -> Reply:
    """Every target with its health, or those that were asked for."""
    group, elb = _group(call), present().elb
    known = {(each.id, each.port): elb.health(each) for each in elb.of_group(group.arn)}
    if "Targets" in call.params:
        asked = [(each["Id"], _port(group, each)) for each in call.params["Targets"]]
        known = {each: known.get(each, NOT_REGISTERED) for each in asked}
    return {"TargetHealthDescriptions": [_described(group, *each, health) for each, health in known.items()]}


def _described(group: Any, id: str, port: int, health: Health) -> Reply:
    checked = port if group.health_check_port in (None, "traffic-port") else group.health_check_port
    why = {"State": health.state, "Reason": health.reason, "Description": health.description}
    return {
        "Target": {"Id": id, "Port": port},
        "HealthCheckPort": str(checked),
        "TargetHealth": {name: value for name, value in why.items() if value is not None},
    }


def _group(call: Call) -> Any:
    group = elbv2_backends[call.account][call.region].target_groups.get(call.params["TargetGroupArn"])
    if group is None:
        raise AwsError("TargetGroupNotFound", "One or more target groups not found")
    return group


def _port(group: Any, target: Reply) -> int:
    return int(target.get("Port") or group.port)
