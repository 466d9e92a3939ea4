"""EC2's other creations that a client token makes once: moto makes another thing for each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.sandbox.repairs.ec2_network import ec2
from orchestrator.sandbox.repairs.operations import Call, Reply
from orchestrator.sandbox.repairs.tokens import alive, idempotent

Known = Callable[[Call, str], Any]


def _once(operation: str, made: Callable[[Reply], str], known: Known) -> None:
    idempotent("ec2", operation, backend=ec2, lives=lambda call, reply: alive(known(call, made(reply))))


def _instance(call: Call, id: str) -> Any:
    return next((one for group in ec2(call).reservations.values() for one in group.instances if one.id == id), None)


_once("CreateRouteTable", lambda r: r["RouteTable"]["RouteTableId"], lambda c, id: ec2(c).route_tables.get(id))
_once("CreateNetworkAcl", lambda r: r["NetworkAcl"]["NetworkAclId"], lambda c, id: ec2(c).network_acls.get(id))
_once(
    "CreateNetworkInterface",
    lambda r: r["NetworkInterface"]["NetworkInterfaceId"],
    lambda c, id: ec2(c).enis.get(id),
)
_once(
    "CreateEgressOnlyInternetGateway",
    lambda r: r["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"],
    lambda c, id: ec2(c).egress_only_internet_gateways.get(id),
)
_once("CreateFlowLogs", lambda r: "".join(r["FlowLogIds"][:1]), lambda c, id: ec2(c).flow_logs.get(id))
_once("CreateVolume", lambda r: r["VolumeId"], lambda c, id: ec2(c).volumes.get(id))
_once("RunInstances", lambda r: r["Instances"][0]["InstanceId"], _instance)
_once(
    "CreateLaunchTemplate",
    lambda r: r["LaunchTemplate"]["LaunchTemplateId"],
    lambda c, id: ec2(c).launch_templates.get(id),
)
