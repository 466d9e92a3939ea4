"""Which network interface of whom keeps a subnet, a security group or a network from being deleted.

AWS only says ``DependencyViolation``. What holds it is nearly always an interface that a load balancer, an endpoint or
a function has left behind, and its description names the owner.
"""

from __future__ import annotations

from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live

_FILTERS = {"subnet-": "subnet-id", "sg-": "group-id", "vpc-": "vpc-id"}
_SHOWN = 3


def blockers(aws: Aws, live: Live[Any]) -> str:
    """The interfaces that hold it, in words; empty when there are none, or they may not be read."""
    mine = str(live.outputs.get("id") or "")
    filter_name = next((name for prefix, name in _FILTERS.items() if mine.startswith(prefix)), None)
    if filter_name is None:
        return ""
    filters = [{"Name": filter_name, "Values": [mine]}]
    try:
        found = list(aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters))
    except Exception as error:
        return f"its network interfaces cannot be read ({type(error).__name__})"
    held = [_words(i) for i in found if _touches(i, mine)]
    more = f" and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
    return f"held by {', '.join(held[:_SHOWN])}{more}" if held else ""


def _touches(interface: dict[str, Any], mine: str) -> bool:
    groups = {g.get("GroupId") for g in interface.get("Groups", ())}
    return mine in groups | {interface.get("SubnetId"), interface.get("VpcId")}


def _words(interface: dict[str, Any]) -> str:
    attachment = interface.get("Attachment") or {}
    owner = interface.get("Description") or attachment.get("InstanceId") or attachment.get("InstanceOwnerId")
    which, status = interface.get("NetworkInterfaceId"), interface.get("Status")
    return f"network interface {which} ({owner or 'owner unknown'}, {status})"
