"""The network interface of a task: an address of its own, in the zone where its service has the fewest tasks."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from typing import Any

from moto.ec2.models import ec2_backends

from orchestrator.sandbox.world.addresses import free_addresses
from orchestrator.sandbox.world.ecs.model import Json, Task

_public = itertools.count(1)


class NoFreeAddress(Exception):
    """None of the subnets has an address left; carries the subnet that was tried last."""


def attach(task: Task, network: Json, neighbours: list[Task]) -> None:
    """Give the task an interface, spread over the zones of its subnets."""
    ec2 = ec2_backends[task.account][task.region]
    taken = Counter(each.availability_zone for each in neighbours if each.desired_status == "RUNNING")
    subnets = sorted(
        (ec2.get_subnet(each) for each in network["subnets"]), key=lambda one: taken[one.availability_zone]
    )
    for subnet in subnets:
        address = next(free_addresses(ec2, subnet), None)
        if address is not None:
            _create(task, network, ec2, subnet, address)
            return
    raise NoFreeAddress(subnets[-1].id)


def detach(task: Task) -> None:
    """Take the interface away; the address is free again."""
    ec2 = ec2_backends[task.account][task.region]
    for attachment in task.attachments:
        attachment["status"] = "DELETED"
    ec2.enis.pop(task.interface, None)


def _create(task: Task, network: Json, ec2: Any, subnet: Any, address: str) -> None:
    attachment = str(uuid.uuid4())
    groups = network.get("securityGroups") or [_default_group(ec2, subnet.vpc_id)]
    about = task.task_arn.partition(":task/")[0] + f":attachment/{attachment}"
    interface = ec2.create_network_interface(subnet, address, group_ids=groups, description=about)
    interface.status = "in-use"
    interface.requester_managed = True
    interface.private_dns_name = f"ip-{address.replace('.', '-')}.{task.region}.compute.internal"
    if network.get("assignPublicIp") == "ENABLED":
        number = next(_public)
        interface.public_ip = f"198.18.{number // 250 % 256}.{number % 250 + 1}"
    details = {
        "subnetId": subnet.id,
        "networkInterfaceId": interface.id,
        "macAddress": interface.mac_address,
        "privateDnsName": interface.private_dns_name,
        "privateIPv4Address": address,
    }
    task.attachments = [
        {
            "id": attachment,
            "type": "ElasticNetworkInterface",
            "status": "ATTACHED",
            "details": [{"name": name, "value": value} for name, value in details.items()],
        }
    ]
    task.availability_zone = subnet.availability_zone
    task.address, task.interface = address, interface.id


def _default_group(ec2: Any, vpc: str) -> str:
    return str(ec2.get_default_security_group(vpc).id)
