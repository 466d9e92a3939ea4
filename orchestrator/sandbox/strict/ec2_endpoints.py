"""What EC2 refuses when a VPC endpoint is made or changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.occupancy import subnet_of
from orchestrator.sandbox.strict.registry import rule

_GATEWAY_SERVICES = frozenset({"s3", "dynamodb", "s3express"})
_NEWER_SERVICES = frozenset({"apigateway", "codeconnections.api", "cognito-idp", "email", "guardduty", "s3tables"})


@rule("EC2-19", "ec2", "CreateVpcEndpoint", code="InvalidServiceName")
def unknown_service(call: Call) -> str | None:
    """The service of an endpoint exists in the region, by its full name."""
    name = call.params.get("ServiceName")
    if name is None or _is_known(call, name):
        return None
    return f"The Vpc Endpoint Service '{name}' does not exist"


@rule("EC2-16", "ec2", "CreateVpcEndpoint", "ModifyVpcEndpoint", code="InvalidParameter")
def private_dns_needs_dns(call: Call) -> str | None:
    """Private DNS needs both DNS attributes of the VPC, of which a new VPC has only one."""
    if not call.params.get("PrivateDnsEnabled"):
        return None
    vpc = call.backend().vpcs.get(_vpc_and_service(call)[0])
    if vpc is None or (_on(vpc, "enable_dns_support") and _on(vpc, "enable_dns_hostnames")):
        return None
    return (
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes "
        f"set to true for {vpc.id}"
    )


@rule("EC2-17", "ec2", "CreateVpcEndpoint", "ModifyVpcEndpoint", code="InvalidParameter")
def private_dns_conflict(call: Call) -> str | None:
    """A VPC has private DNS for a service once, and an endpoint keeps it until it is really deleted."""
    if not call.params.get("PrivateDnsEnabled"):
        return None
    vpc, service = _vpc_and_service(call)
    for other in call.backend().vpc_end_points.values():
        same = other.vpc_id == vpc and other.service_name == service
        itself = other.id == call.params.get("VpcEndpointId")
        if same and not itself and other.private_dns_enabled and other.state not in ("deleted", "failed"):
            return (
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain "
                f"for {_domain(service)} in the VPC {vpc}"
            )
    return None


@rule("EC2-18", "ec2", "CreateVpcEndpoint", "ModifyVpcEndpoint", code="DuplicateSubnetsInSameZone")
def subnets_share_a_zone(call: Call) -> str | None:
    """An interface endpoint has at most one subnet in each zone."""
    zones: set[str] = set()
    for subnet in filter(None, (subnet_of(call, id) for id in _subnets(call))):
        if subnet.availability_zone in zones:
            return (
                f"Found another VPC endpoint subnet in the availability zone of {subnet.id}. VPC endpoint subnets "
                "should be in different availability zones supported by the VPC endpoint service."
            )
        zones.add(subnet.availability_zone)
    return None


def _subnets(call: Call) -> Iterator[str]:
    """The subnets that the endpoint will have."""
    if call.operation == "CreateVpcEndpoint":
        yield from call.params.get("SubnetIds") or ()
        return
    endpoint = call.backend().vpc_end_points.get(call.params.get("VpcEndpointId"))
    leaving = set(call.params.get("RemoveSubnetIds") or ())
    if endpoint is not None:
        yield from (id for id in endpoint.subnet_ids or () if id not in leaving)
    present = set(endpoint.subnet_ids or ()) if endpoint is not None else set()
    yield from (id for id in call.params.get("AddSubnetIds") or () if id not in present)


def _vpc_and_service(call: Call) -> tuple[str, str]:
    endpoint = call.backend().vpc_end_points.get(call.params.get("VpcEndpointId"))
    if endpoint is not None:
        return endpoint.vpc_id, endpoint.service_name
    return call.params.get("VpcId", ""), call.params.get("ServiceName", "")


def _is_known(call: Call, name: str) -> bool:
    kind = call.params.get("VpcEndpointType", "Gateway")
    prefixes = (f"com.amazonaws.{call.region}.", f"cn.com.amazonaws.{call.region}.", f"aws.api.{call.region}.")
    for prefix in prefixes:
        if name.startswith(prefix):
            short = name.removeprefix(prefix)
            return short in _GATEWAY_SERVICES if kind == "Gateway" else short in _interface_services()
    own: Any = call.backend().configurations.values()
    return any(name == configuration.service_name for configuration in own)


def _domain(service: str) -> str:
    """``com.amazonaws.eu-west-1.ecr.api`` answers for ``api.ecr.eu-west-1.amazonaws.com``."""
    _, _, region, *parts = service.split(".")
    wildcard = "*." if parts == ["ecr", "dkr"] else ""
    return f"{wildcard}{'.'.join(reversed(parts))}.{region}.amazonaws.com"


def _on(vpc: Any, attribute: str) -> bool:
    return str(getattr(vpc, attribute)).lower() == "true"


def _interface_services() -> frozenset[str]:
    from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES

    return _NEWER_SERVICES.union(AWS_ENDPOINT_SERVICES)
