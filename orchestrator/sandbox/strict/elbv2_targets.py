"""What Elastic Load Balancing refuses about target groups and targets."""

from __future__ import annotations

import ipaddress
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.elbv2_balancers import name_problem
from orchestrator.sandbox.strict.forwarding import balancers_of
from orchestrator.sandbox.strict.registry import rule

_PRIVATE = tuple(
    ipaddress.ip_network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)

# request member, attribute of the model
_COMPARED = (
    ("Protocol", "protocol"),
    ("Port", "port"),
    ("VpcId", "vpc_id"),
    ("ProtocolVersion", "protocol_version"),
    ("TargetType", "target_type"),
    ("IpAddressType", "ip_address_type"),
    ("HealthCheckProtocol", "health_check_protocol"),
    ("HealthCheckPort", "health_check_port"),
    ("HealthCheckPath", "health_check_path"),
    ("HealthCheckIntervalSeconds", "health_check_interval_seconds"),
    ("HealthCheckTimeoutSeconds", "health_check_timeout_seconds"),
    ("HealthyThresholdCount", "healthy_threshold_count"),
    ("UnhealthyThresholdCount", "unhealthy_threshold_count"),
    ("Matcher", "matcher"),
)


@rule("ELB-07", "elbv2", "CreateTargetGroup", code="ValidationError")
def group_name(call: Call) -> str | None:
    """A target group's name is at most 32 letters, digits and inner hyphens."""
    return name_problem("Target group", call.params.get("Name", ""))


@rule("ELB-06", "elbv2", "CreateTargetGroup", code="DuplicateTargetGroupName")
def group_exists(call: Call) -> str | None:
    """A name that exists with the same settings is the same target group again; with others it is refused."""
    name = call.params.get("Name")
    for group in call.backend().target_groups.values():
        if group.name == name and not _same(call.params, group):
            return f"A target group with the same name '{name}' exists, but with different settings"
    return None


@rule("ELB-14", "elbv2", "DeleteTargetGroup", code="ResourceInUse")
def group_in_use(call: Call) -> str | None:
    """A target group is not deleted while a listener or rule names it, even with weight 0."""
    arn = call.params.get("TargetGroupArn", "")
    return f"Target group '{arn}' is currently in use by a listener or a rule" if balancers_of(call, arn) else None


@rule("ELB-16", "elbv2", "RegisterTargets", code="ValidationError")
def target_outside(call: Call) -> str | None:
    """An address target is inside the VPC or in a private range; the internet is no target."""
    group = call.backend().target_groups.get(call.params.get("TargetGroupArn"))
    if group is None or group.target_type != "ip":
        return None
    allowed = (*_PRIVATE, *_ranges(call, group.vpc_id))
    for target in call.params.get("Targets") or ():
        try:
            address = ipaddress.ip_address(target.get("Id", ""))
        except ValueError:
            return f"The IP address '{target.get('Id')}' is not a valid IP address"
        if address.version == 4 and not any(address in network for network in allowed):
            return f"The IP address '{address}' is not within a CIDR of the VPC or a private address range"
    return None


def _ranges(call: Call, vpc_id: str | None) -> list[Any]:
    vpc = call.backend("ec2").vpcs.get(vpc_id)
    blocks = vpc.get_cidr_block_association_set() if vpc is not None else []
    return [ipaddress.ip_network(block["cidr_block"], strict=False) for block in blocks]


def _same(params: dict[str, Any], group: Any) -> bool:
    """Whether what a create states is what exists; what it leaves out it leaves to AWS."""
    return all(
        str(params[member]) == str(getattr(group, attribute, None))
        for member, attribute in _COMPARED
        if member in params
    )
