"""The addresses of a subnet that nobody has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def free_addresses(ec2: Any, subnet: Any) -> Iterator[str]:
    """In order; AWS keeps the first four of a subnet and the last."""
    here = (each for each in ec2.enis.values() if each.subnet.id == subnet.id)
    used = {address["PrivateIpAddress"] for each in here for address in each.private_ip_addresses}
    first, size = int(subnet.cidr.network_address), subnet.cidr.num_addresses
    for number in range(first + 4, first + size - 1):
        host = f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        if host not in used and host not in subnet._subnet_ips:
            yield host
