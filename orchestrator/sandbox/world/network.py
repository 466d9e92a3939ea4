"""NAT gateways and VPC endpoints, which take their time to come and to go."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends

from orchestrator.sandbox.repairs.operations import Call, Proceed, Reply, repair
from orchestrator.sandbox.world.ecs.model import stamp
from orchestrator.sandbox.world.world import present

NAT_PENDING, NAT_FAILING, NAT_DELETING = 90.0, 30.0, 60.0
ENDPOINT_PENDING, ENDPOINT_DELETING, GATEWAY_DELETING = 60.0, 60.0, 5.0
REMEMBERED = 3600.0
_SEEN = "_seen_by_the_world"


def _backend(call: Call) -> Any:
    return ec2_backends[call.account][call.region]


@repair("ec2", "CreateNatGateway")
def nat_gateway_pends(call: Call, proceed: Proceed) -> Reply:
    """A NAT gateway is available after a minute or two, or fails where its VPC has no internet gateway."""
    reply = proceed()
    gateway = _backend(call).nat_gateways[reply["NatGateway"]["NatGatewayId"]]
    if _first_seen(gateway):
        gateway.state = "pending"
        gateway._created_at = stamp(call.now)
        connected = any(
            each.vpc and each.vpc.id == gateway.vpc_id for each in _backend(call).internet_gateways.values()
        )
        if connected or gateway.connectivity_type == "private":
            present().after(NAT_PENDING, lambda: _become(gateway, "pending", "available"))
        else:
            present().after(NAT_FAILING, lambda: _fail(gateway))
    reply["NatGateway"]["State"] = gateway.state
    return reply


@repair("ec2", "DeleteNatGateway")
def nat_gateway_goes(call: Call, proceed: Proceed) -> Reply:
    """A NAT gateway holds its address and its interface until it is deleted, and can be seen for an hour after."""
    gateway = _backend(call).nat_gateways.get(call.params["NatGatewayId"])
    before = gateway.state if gateway is not None else ""
    reply = proceed()
    gateway.state = before
    if before not in ("deleting", "deleted"):
        gateway.state = "deleting"
        present().after(NAT_DELETING, lambda: _release(call, gateway))
    return reply


@repair("ec2", "CreateVpcEndpoint")
def endpoint_pends(call: Call, proceed: Proceed) -> Reply:
    """An interface endpoint is available after a minute; a gateway endpoint at once."""
    reply = proceed()
    endpoint = _backend(call).vpc_end_points[reply["VpcEndpoint"]["VpcEndpointId"]]
    if _first_seen(endpoint):
        endpoint.creation_timestamp = stamp(call.now)
        if _is_interface(endpoint):
            endpoint.state = "pending"
            present().after(ENDPOINT_PENDING, lambda: _become(endpoint, "pending", "available"))
    reply["VpcEndpoint"]["State"] = endpoint.state
    return reply


@repair("ec2", "DeleteVpcEndpoints")
def endpoint_goes(call: Call, proceed: Proceed) -> Reply:
    """An endpoint is being deleted for a while, and then there is nothing left of it; moto keeps it as deleted."""
    known = _backend(call).vpc_end_points
    going = [known[each] for each in call.params["VpcEndpointIds"] if each in known and known[each].state != "deleting"]
    reply = proceed()
    for endpoint in going:
        endpoint.state = "deleting"
        wait = ENDPOINT_DELETING if _is_interface(endpoint) else GATEWAY_DELETING
        present().after(wait, lambda id=endpoint.id: _backend(call).vpc_end_points.pop(id, None))  # type: ignore[misc]
    return reply


@repair(
    "ec2",
    "AuthorizeSecurityGroupIngress",
    "RevokeSecurityGroupIngress",
    "ModifySecurityGroupRules",
    "ModifyNetworkInterfaceAttribute",
)
def packets_take_another_way(call: Call, proceed: Proceed) -> Reply:
    """Whether a balancer reaches its targets depends on their security groups."""
    reply = proceed()
    present().elb.review(call.account, call.region)
    return reply


def _first_seen(thing: Any) -> bool:
    """Whether it has just been made; a repeated request with the same token returns what was made before."""
    seen = getattr(thing, _SEEN, False)
    setattr(thing, _SEEN, True)
    return not seen


def _is_interface(endpoint: Any) -> bool:
    return (endpoint.vpc_endpoint_type or "Gateway").lower() == "interface"


def _become(thing: Any, before: str, state: str) -> None:
    if thing.state == before:
        thing.state = state


def _fail(gateway: Any) -> None:
    if gateway.state == "pending":
        gateway.state = "failed"
        gateway.failure_code = "Gateway.NotAttached"
        gateway.failure_message = f"Network {gateway.vpc_id} has no Internet gateway attached"


def _release(call: Call, gateway: Any) -> None:
    backend = _backend(call)
    gateway.state = "deleted"
    gateway.delete_time = stamp(present().now())
    held = {address.get("associationId") for address in gateway.address_set} - {None}
    for address in backend.describe_addresses():
        if address.association_id in held:
            backend.disassociate_address(association_id=address.association_id)
    backend.enis.pop(gateway._eni.id, None)
    present().after(REMEMBERED, lambda: backend.nat_gateways.pop(gateway.id, None))
