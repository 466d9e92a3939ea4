"""The network interfaces of a load balancer: one a subnet, seen by whoever looks, and there a while after its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.ec2.models import ec2_backends

from orchestrator.sandbox.repairs.operations import Call
from orchestrator.sandbox.strict.occupancy import BALANCER_INTERFACES_LINGER
from orchestrator.sandbox.world.addresses import free_addresses
from orchestrator.sandbox.world.world import present


def settle(call: Call, balancer: Any) -> None:
    """Have one interface with the balancer's groups in each of its subnets, and none elsewhere."""
    ec2 = ec2_backends[call.account][call.region]
    wanted = {subnet.id: subnet for subnet in balancer.subnets}
    there = {interface.subnet.id: interface for interface in _of(ec2, balancer.arn)}
    for id in there.keys() - wanted.keys():
        del ec2.enis[there[id].id]
    for id, subnet in wanted.items():
        if id not in there:
            _create(ec2, balancer, subnet)
        else:
            groups = [ec2.get_security_group_from_id(group) for group in balancer.security_groups or ()]
            there[id]._group_set = groups


def leave(call: Call, arn: str) -> None:
    """Take the interfaces away, a while after the balancer."""
    ec2 = ec2_backends[call.account][call.region]
    gone = [interface.id for interface in _of(ec2, arn)]
    present().after(BALANCER_INTERFACES_LINGER, lambda: _forget(ec2, gone))


def _of(ec2: Any, arn: str) -> list[Any]:
    about = _about(arn)
    return [interface for interface in ec2.enis.values() if interface.description == about]


def _about(arn: str) -> str:
    return f"ELB {arn.partition(':loadbalancer/')[2]}"


def _create(ec2: Any, balancer: Any, subnet: Any) -> None:
    address = next(free_addresses(ec2, subnet), None)
    if address is None:
        return
    groups = list(balancer.security_groups or ())
    interface = ec2.create_network_interface(subnet, address, group_ids=groups, description=_about(balancer.arn))
    interface.status = "in-use"
    interface.requester_managed = True


def _forget(ec2: Any, ids: Iterable[str]) -> None:
    for id in ids:
        ec2.enis.pop(id, None)
