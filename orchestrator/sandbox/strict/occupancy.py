"""Who has network interfaces in a subnet, who wears a security group: what makes AWS refuse to delete them.

Moto makes interfaces for some owners and none for others, and keeps those of the dead, so occupancy is computed from
the owners: a load balancer, a NAT gateway, an endpoint, a task, a database. When the owner is gone so is the refusal,
except for load balancers, whose interfaces AWS removes a while after the load balancer itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.lingering import Trace
from orchestrator.sandbox.strict.registry import note

BALANCER_INTERFACES_LINGER = 60.0
_BALANCER = "interfaces of a deleted load balancer"
_GONE = frozenset({"deleted", "failed"})


@dataclass(frozen=True)
class Interface:
    """A network interface that AWS would show, by its owner."""

    owner: str
    subnet: str
    groups: frozenset[str] = frozenset()
    public: bool = False


def interfaces(call: Call) -> Iterator[Interface]:
    """Every interface in the call's account and region."""
    yield from _nat_gateways(call)
    yield from _endpoints(call)
    yield from _balancers(call)
    yield from _databases(call)
    yield from _functions(call)
    yield from _bare(call)


def in_vpc(call: Call, vpc: str) -> Iterator[Interface]:
    """The interfaces in the subnets of one VPC."""
    subnets = {subnet.id for subnet in subnets_of(call) if subnet.vpc_id == vpc}
    return (one for one in interfaces(call) if one.subnet in subnets)


def subnets_of(call: Call) -> Iterable[Any]:
    """Every subnet; moto keeps them by zone."""
    return [subnet for zone in call.backend("ec2").subnets.values() for subnet in zone.values()]


def subnet_of(call: Call, subnet_id: str) -> Any | None:
    """One subnet, or ``None``: that it does not exist is for moto to say."""
    return next((subnet for subnet in subnets_of(call) if subnet.id == subnet_id), None)


def groups_of(call: Call) -> Iterable[Any]:
    """Every security group; moto keeps them by VPC."""
    return [group for in_one in call.backend("ec2").groups.values() for group in in_one.values()]


def group_of(call: Call) -> Any | None:
    """The security group that a call names by id or by name."""
    wanted, name = call.params.get("GroupId"), call.params.get("GroupName")
    return next((one for one in groups_of(call) if one.id == wanted or (wanted is None and one.name == name)), None)


def _nat_gateways(call: Call) -> Iterator[Interface]:
    for nat in call.backend("ec2").nat_gateways.values():
        if nat.state not in _GONE:
            yield Interface(nat.id, nat.subnet_id, public=nat.connectivity_type == "public")


def _endpoints(call: Call) -> Iterator[Interface]:
    for endpoint in call.backend("ec2").vpc_end_points.values():
        if endpoint.state not in _GONE and _is_interface(endpoint):
            for subnet in endpoint.subnet_ids or ():
                yield Interface(endpoint.id, subnet, frozenset(endpoint.security_group_ids or ()))


def _is_interface(endpoint: Any) -> bool:
    return (endpoint.vpc_endpoint_type or "Gateway").lower() != "gateway"


def _balancers(call: Call) -> Iterator[Interface]:
    yield from call.lingering.of(_BALANCER, call.scope, call.now)
    if call.used("elbv2"):
        for balancer in call.backend("elbv2").load_balancers.values():
            yield from _of_balancer(balancer)


def _of_balancer(balancer: Any) -> Iterator[Interface]:
    groups = frozenset(balancer.security_groups or ())
    for subnet in balancer.subnets:
        yield Interface(balancer.arn, subnet.id, groups, public=balancer.scheme != "internal")


@note("elbv2", "DeleteLoadBalancer")
def keep_interfaces(call: Call) -> None:
    """A deleted load balancer's interfaces stay in their subnets for a while."""
    balancer = call.backend("elbv2").load_balancers.get(call.params.get("LoadBalancerArn"))
    if balancer is not None:
        for interface in _of_balancer(balancer):
            until = call.now + BALANCER_INTERFACES_LINGER
            call.lingering.keep(Trace(_BALANCER, call.scope, until, interface))


def _databases(call: Call) -> Iterator[Interface]:
    if call.used("rds"):
        for database in call.backend("rds").databases.values():
            group = getattr(database, "db_subnet_group", None)
            for subnet in getattr(group, "subnets", ()):
                yield Interface(database.db_instance_identifier, subnet.id, frozenset(database.vpc_security_group_ids))


def _functions(call: Call) -> Iterator[Interface]:
    if call.used("lambda"):
        for function in call.backend("lambda").list_functions():
            config = function.vpc_config or {}
            for subnet in config.get("SubnetIds") or ():
                yield Interface(function.function_arn, subnet, frozenset(config.get("SecurityGroupIds") or ()))


def _bare(call: Call) -> Iterator[Interface]:
    """The interfaces that moto does make, without those that stand for an owner above or for nobody any more."""
    spoken_for = _spoken_for(call)
    for interface in call.backend("ec2").enis.values():
        instance = interface.instance
        if interface.id not in spoken_for and (instance is None or instance.state != "terminated"):
            groups = frozenset(group.id for group in interface.group_set)
            yield Interface(interface.id, interface.subnet.id, groups, public=bool(interface.public_ip))


def _spoken_for(call: Call) -> set[str]:
    ec2 = call.backend("ec2")
    owned = {nat._eni.id for nat in ec2.nat_gateways.values()}
    owned.update(id for id, one in ec2.enis.items() if one.requester_managed and one.description.startswith("ELB "))
    for endpoint in ec2.vpc_end_points.values():
        owned.update(endpoint.network_interface_ids or ())
    if call.used("ecs"):
        for tasks in call.backend("ecs").tasks.values():
            for task in tasks.values():
                if task.last_status == "STOPPED":
                    owned.update(_interfaces_of_task(task))
    return owned


def _interfaces_of_task(task: Any) -> Iterator[str]:
    for attachment in task.attachments or ():
        for detail in attachment.get("details", ()):
            if detail.get("name") == "networkInterfaceId":
                yield detail["value"]
