"""EC2 networks: canonical CIDRs, dry runs that stay dry, addresses inside their subnet, routes that tell a dead end."""

from __future__ import annotations

import ipaddress
from functools import wraps
from typing import Any

from moto.core.responses import BaseResponse
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.route_tables import Route
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, guard, repair

_DEAD = ("deleting", "deleted", "failed")
_RESERVED_AT_START = 4

EC2_PREFIX_TO_RESOURCE.update({"eipalloc": "elastic-ip", "nat": "natgateway", "fl": "vpc-flow-log"})


def ec2(call: Call) -> Any:
    """Moto's EC2 model of a call's account and region."""
    return ec2_backends[call.account][call.region]


def canonical(cidr: str) -> str:
    """The network address of a CIDR, IPv6 compressed; what is no CIDR is left to be refused as sent."""
    try:
        return str(ipaddress.ip_network(cidr, strict=False))
    except ValueError:
        return cidr


@guard("ec2")
def dry_run(response: BaseResponse) -> None:
    """A dry run is answered with an error and changes nothing; moto knows that for a few operations only."""
    if response._get_param("DryRun"):
        message = "Request would have succeeded, but DryRun flag is set."
        raise AwsError("DryRunOperation", message, status=412)


@repair("ec2", "CreateVpc", "CreateSubnet", "AssociateVpcCidrBlock")
@repair("ec2", "CreateRoute", "ReplaceRoute", "DeleteRoute")
def canonical_cidrs(call: Call, proceed: Proceed) -> Reply:
    """AWS stores the network address of a CIDR with host bits; moto stores what was typed."""
    for name in ("CidrBlock", "DestinationCidrBlock", "DestinationIpv6CidrBlock"):
        if name in call.params:
            call.params[name] = canonical(call.params[name])
    return proceed()


@repair("ec2", "DeleteSubnet")
def association_goes_with_the_subnet(call: Call, proceed: Proceed) -> Reply:
    """A deleted subnet leaves its route table; on moto the association stays and blocks the table's deletion."""
    reply = proceed()
    for table in ec2(call).route_tables.values():
        for association, target in list(table._associations.items()):
            if target == call.params["SubnetId"]:
                del table._associations[association]
    return reply


def _route_state(route: Any) -> str:
    """``blackhole`` once the target is gone; moto calls every route active."""
    if route.nat_gateway is not None and route.nat_gateway.state in _DEAD:
        return "blackhole"
    gateway = route.gateway
    if gateway is not None and gateway.id.startswith("igw-") and gateway.vpc is None:
        return "blackhole"
    return "active"


Route.state = property(_route_state)


def _address_in(subnet: Any) -> str:
    """The first address of a subnet that no interface has; AWS keeps the first four and the last."""
    interfaces = subnet.ec2_backend.enis.values()
    taken = {eni.private_ip_address for eni in interfaces if eni.subnet.id == subnet.id}
    hosts = list(subnet.cidr)[_RESERVED_AT_START:-1]
    for host in hosts:
        if str(host) not in taken:
            return str(host)
    message = f"Insufficient free addresses in subnet '{subnet.id}'."
    raise AwsError("InsufficientFreeAddressesInSubnet", message)


def _addresses_inside_the_subnet() -> None:
    """Moto gives the interfaces of NAT gateways, endpoints and tasks an address from all of 10.0.0.0/8."""
    original = NetworkInterface.__init__

    @wraps(original)
    def create(self: Any, ec2_backend: Any, subnet: Any, private_ip_address: Any, *rest: Any, **named: Any) -> None:
        home = ec2_backend.get_subnet(subnet) if isinstance(subnet, str) else subnet
        asked = private_ip_address[0] if isinstance(private_ip_address, list) and private_ip_address else None
        asked = asked or private_ip_address
        named_list = named.get("private_ip_addresses") or (rest[0] if rest else None)
        if not named_list and (not asked or ipaddress.ip_address(asked) not in home.cidr):
            asked = _address_in(home)
        original(self, ec2_backend, home, asked, *rest, **named)

    NetworkInterface.__init__ = create


_addresses_inside_the_subnet()
