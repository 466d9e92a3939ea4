"""What a health check gets back: whatever the task behind the address answers, if the packets get there at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from orchestrator.sandbox.world.elb.usage import balancers_by_group
from orchestrator.sandbox.world.firewall import admits

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World


def answer_of(world: World, group: Any, id: str, port: int) -> tuple[int | None, bool]:
    """The status that a check of a target gets, ``None`` for none in time; and whether that is going to last."""
    checked = port if group.health_check_port in (None, "traffic-port") else int(group.health_check_port)
    ec2 = ec2_backends[group.account_id][group.region_name]
    if group.target_type == "instance":
        instance = ec2.get_instance_by_id(id)
        return (200 if instance is not None and instance.state == "running" else None), False
    interface = _interface(ec2, group.vpc_id, id)
    task = world.ecs.task_at(group.account_id, group.region_name, interface)
    if task is None:
        return None, False
    if not _lets_in(group, interface, checked):
        return None, False
    return world.ecs.lifecycle.answer(task, checked, float(group.health_check_timeout_seconds))


def _interface(ec2: Any, vpc: str, address: str) -> Any:
    for each in ec2.enis.values():
        if each.private_ip_address == address and each.subnet.vpc_id == vpc:
            return each
    return None


def reachable(group: Any, id: str, port: int) -> bool:
    """Whether requests of the balancers get through to a target."""
    if group.target_type == "instance":
        return True
    interface = _interface(ec2_backends[group.account_id][group.region_name], group.vpc_id, id)
    return interface is not None and _lets_in(group, interface, port)


def _lets_in(group: Any, interface: Any, port: int) -> bool:
    """Whether a security group of the target lets a balancer in."""
    balancers = balancers_by_group(elbv2_backends[group.account_id][group.region_name]).get(group.arn, [])
    return any(
        admits(
            interface.group_set,
            port,
            from_groups=balancer.security_groups,
            from_cidrs=[subnet.cidr_block for subnet in balancer.subnets],
        )
        for balancer in balancers
    )
