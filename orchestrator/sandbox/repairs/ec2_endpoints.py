"""VPC endpoints: every field that can be set comes back, and a modification changes what it says."""

from __future__ import annotations

import json
from typing import Any

from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.utils import generate_route_id

from orchestrator.sandbox.repairs.ec2_network import ec2
from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair
from orchestrator.sandbox.repairs.tokens import alive, idempotent

_DNS_RECORDS = {"Gateway": "service-defined", "Interface": "ipv4"}


@repair("ec2", "CreateVpcEndpoint")
def fields_of_a_new_endpoint(call: Call, proceed: Proceed) -> Reply:
    """Moto forgets the address type and DNS options, and says that a gateway endpoint has private DNS."""
    kind = call.params.setdefault("VpcEndpointType", "Gateway")
    backend = ec2(call)
    if kind == "Gateway":
        _refuse_second_route(call, call.params["ServiceName"], call.params.get("RouteTableIds", []))
    elif kind == "Interface" and not call.params.get("SecurityGroupIds"):
        call.params["SecurityGroupIds"] = [backend.get_default_security_group(call.params["VpcId"]).id]
    _refuse_unknown(call)
    reply = proceed()
    endpoint = backend.vpc_end_points[reply["VpcEndpoint"]["VpcEndpointId"]]
    endpoint.requester_managed = False
    endpoint.private_dns_enabled = kind == "Interface" and endpoint.private_dns_enabled
    endpoint.ip_address_type = call.params.get("IpAddressType", "ipv4")
    endpoint.dns_options = {"DnsRecordIpType": _DNS_RECORDS.get(kind, "ipv4"), **call.params.get("DnsOptions", {})}
    for id in endpoint.network_interface_ids:
        _own(endpoint, backend.enis[id])
    return {"VpcEndpoint": {**reply["VpcEndpoint"], **_fields(endpoint)}}


def _fields(endpoint: Any) -> Reply:
    return {
        "RequesterManaged": endpoint.requester_managed,
        "PrivateDnsEnabled": endpoint.private_dns_enabled,
        "IpAddressType": endpoint.ip_address_type,
        "DnsOptions": endpoint.dns_options,
        "Groups": endpoint.groups,
    }


def _own(endpoint: Any, interface: Any) -> None:
    interface.description = f"VPC Endpoint Interface {endpoint.id}"
    interface.interface_type = "vpc_endpoint"
    interface.requester_managed = True
    groups = (endpoint.ec2_backend.get_security_group_from_id(id) for id in endpoint.security_group_ids)
    interface._group_set = list(groups)


def _refuse_unknown(call: Call) -> None:
    """Moto notices an unknown route table too late, when the endpoint is made, and breaks on an unknown group."""
    backend = ec2(call)
    for id in call.params.get("RouteTableIds", ()):
        if id not in backend.route_tables:
            raise AwsError("InvalidRouteTableID.NotFound", f"The routeTable ID '{id}' does not exist")
    for id in call.params.get("SecurityGroupIds", ()):
        if backend.get_security_group_from_id(id) is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{id}' does not exist")


def _refuse_second_route(call: Call, service: str, tables: list[str]) -> None:
    """Two gateway endpoints of one service can not share a route table; on moto the second takes the route over."""
    prefix_list = _prefix_list(call, service)
    for id in tables:
        table = ec2(call).route_tables.get(id)
        if prefix_list and table and generate_route_id(id, None, None, prefix_list) in table._routes:
            message = f"route table {id} already has a route with destination-prefix-list-id {prefix_list}"
            raise AwsError("RouteAlreadyExists", message)


def _prefix_list(call: Call, service: str) -> str | None:
    lists = ec2(call).managed_prefix_lists.values()
    return next((found.id for found in lists if found.prefix_list_name == service), None)


@repair("ec2", "ModifyVpcEndpoint")
def modification_takes_effect(call: Call, proceed: Proceed) -> Reply:
    """Moto ignores private DNS, address type and policy reset, adds no route and moves no interface."""
    backend, params = ec2(call), call.params
    endpoint = backend.vpc_end_points.get(params["VpcEndpointId"])
    if endpoint is not None:
        _refuse_second_route(call, endpoint.service_name, params.get("AddRouteTableIds", []))
    reply = proceed()
    for name, attribute in (("PrivateDnsEnabled", "private_dns_enabled"), ("IpAddressType", "ip_address_type")):
        if name in params:
            setattr(endpoint, attribute, params[name])
    endpoint.dns_options = {**endpoint.dns_options, **params.get("DnsOptions", {})}
    if params.get("ResetPolicy"):
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    _move_routes(backend, endpoint, params)
    _move_interfaces(backend, endpoint)
    return reply


def _move_routes(backend: Any, endpoint: Any, params: Reply) -> None:
    prefix_list = endpoint.destination_prefix_list_id
    for id in params.get("AddRouteTableIds", ()):
        backend.create_route(id, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
    for id in params.get("RemoveRouteTableIds", ()):
        backend.route_tables[id]._routes.pop(generate_route_id(id, None, None, prefix_list), None)


def _move_interfaces(backend: Any, endpoint: Any) -> None:
    if endpoint.vpc_endpoint_type != "Interface":
        return
    held = {backend.enis[id].subnet.id: id for id in endpoint.network_interface_ids if id in backend.enis}
    for subnet, interface in held.items():
        if subnet not in endpoint.subnet_ids:
            del backend.enis[interface]
    for subnet in endpoint.subnet_ids:
        if subnet not in held:
            held[subnet] = backend.create_network_interface(subnet, None).id
    endpoint.network_interface_ids = [held[subnet] for subnet in endpoint.subnet_ids]
    for id in endpoint.network_interface_ids:
        _own(endpoint, backend.enis[id])


@repair("ec2", "DeleteVpcEndpoints")
def deletion_tells_what_failed(call: Call, proceed: Proceed) -> Reply:
    """An unknown id comes back as unsuccessful; moto forgets it, and breaks on a route that is gone already."""
    backend = ec2(call)
    unknown = [id for id in call.params["VpcEndpointIds"] if id not in backend.vpc_end_points]
    for id in call.params["VpcEndpointIds"]:
        endpoint = backend.vpc_end_points.get(id)
        if endpoint is not None:
            endpoint.route_table_ids = [
                table for table in endpoint.route_table_ids if _routes(backend, endpoint, table)
            ]
    reply = proceed()
    reply["Unsuccessful"] = [
        {
            "ResourceId": id,
            "Error": {
                "Code": "InvalidVpcEndpoint.NotFound",
                "Message": f"The Vpc Endpoint Id '{id}' does not exist",
            },
        }
        for id in unknown
    ]
    return reply


def _routes(backend: Any, endpoint: Any, table: str) -> bool:
    prefix_list = endpoint.destination_prefix_list_id
    held = backend.route_tables.get(table)
    return held is not None and generate_route_id(table, None, None, prefix_list) in held._routes


idempotent(
    "ec2",
    "CreateVpcEndpoint",
    backend=ec2,
    lives=lambda call, reply: alive(ec2(call).vpc_end_points.get(reply["VpcEndpoint"]["VpcEndpointId"])),
)
