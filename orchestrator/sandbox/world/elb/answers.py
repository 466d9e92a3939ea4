"""What a health check gets back: whatever the task behind the address answers, if the packets get there at all."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from orchestrator.sandbox.world.elb.usage import balancers_by_group

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World

_ALL, _TCP = "-1", "tcp"


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
    if not _reachable(group, interface, checked):
        return None, False
    return world.ecs.lifecycle.answer(task, checked)


def _interface(ec2: Any, vpc: str, address: str) -> Any:
    for each in ec2.enis.values():
        if each.private_ip_address == address and each.subnet.vpc_id == vpc:
            return each
    return None


def _reachable(group: Any, interface: Any, port: int) -> bool:
    """Whether a security group of the target lets a balancer in."""
    balancers = balancers_by_group(elbv2_backends[group.account_id][group.region_name]).get(group.arn, [])
    rules = [rule for each in interface.group_set for rule in each.ingress_rules]
    return any(_admits(rule, balancer, port) for balancer in balancers for rule in rules)


def _admits(rule: Any, balancer: Any, port: int) -> bool:
    if rule.ip_protocol not in (_ALL, _TCP):
        return False
    if rule.ip_protocol == _TCP and not int(rule.from_port) <= port <= int(rule.to_port):
        return False
    if rule.source_group.get("GroupId") in balancer.security_groups:
        return True
    cidr = rule.ip_range.get("CidrIp")
    if not cidr:
        return False
    allowed = ip_network(cidr, strict=False)
    return any(ip_network(subnet.cidr_block).network_address in allowed for subnet in balancer.subnets)
