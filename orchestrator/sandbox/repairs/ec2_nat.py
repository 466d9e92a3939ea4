"""NAT gateways: found by tag, missing by AWS's name for it, made once for one client token."""

from __future__ import annotations

from moto.core.utils import aws_api_matches

from orchestrator.sandbox.repairs.ec2_network import ec2
from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair
from orchestrator.sandbox.repairs.tokens import alive, idempotent


def _known(call: Call, id: str) -> None:
    if id not in ec2(call).nat_gateways:
        raise AwsError("NatGatewayNotFound", f"The Nat Gateway {id} was not found")


@repair("ec2", "DescribeNatGateways")
def found_by_tag(call: Call, proceed: Proceed) -> Reply:
    """Moto ignores tag filters, answers an unknown id with nothing, and omits the connectivity."""
    for id in call.params.get("NatGatewayIds", ()):
        _known(call, id)
    reply = proceed()
    filters = call.params.get("Filter", ())
    reply["NatGateways"] = [
        {"ConnectivityType": "public", **gateway}
        for gateway in reply["NatGateways"]
        if all(_has_tag(gateway, wanted) for wanted in filters)
    ]
    return reply


def _has_tag(gateway: Reply, wanted: Reply) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in gateway.get("Tags", ())}
    if wanted["Name"] == "tag-key":
        return any(aws_api_matches(value, key) for value in wanted["Values"] for key in tags)
    if not wanted["Name"].startswith("tag:"):
        return True
    key = wanted["Name"].removeprefix("tag:")
    return key in tags and any(aws_api_matches(value, tags[key]) for value in wanted["Values"])


@repair("ec2", "DeleteNatGateway")
def delete_of_nothing(call: Call, proceed: Proceed) -> Reply:
    """Deleting an unknown gateway is NatGatewayNotFound; moto breaks."""
    _known(call, call.params["NatGatewayId"])
    return proceed()


@repair("ec2", "CreateRoute", "ReplaceRoute")
def route_to_nothing(call: Call, proceed: Proceed) -> Reply:
    """A route to an unknown gateway is refused; moto makes one without a target."""
    gateway = call.params.get("NatGatewayId")
    if gateway and gateway not in ec2(call).nat_gateways:
        raise AwsError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{gateway}' does not exist")
    return proceed()


@repair("ec2", "CreateNatGateway")
def its_interface(call: Call, proceed: Proceed) -> Reply:
    """The gateway's interface says whose it is, and a refused gateway leaves none; moto's does."""
    interfaces = ec2(call).enis
    before = set(interfaces)
    try:
        reply = proceed()
    except AwsError:
        for orphan in set(interfaces) - before:
            del interfaces[orphan]
        raise
    gateway = ec2(call).nat_gateways[reply["NatGateway"]["NatGatewayId"]]
    gateway.connectivity_type = gateway.connectivity_type or "public"
    gateway._eni.description = f"Interface for NAT Gateway {gateway.id}"
    gateway._eni.interface_type = "nat_gateway"
    gateway._eni.requester_managed = True
    reply["NatGateway"]["ConnectivityType"] = gateway.connectivity_type
    return reply


idempotent(
    "ec2",
    "CreateNatGateway",
    backend=ec2,
    lives=lambda call, reply: alive(ec2(call).nat_gateways.get(reply["NatGateway"]["NatGatewayId"])),
)
