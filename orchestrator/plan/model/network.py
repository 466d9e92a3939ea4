"""The network: address ranges by role and zone, ways to the internet, and who may talk to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from orchestrator.plan.model.base import Cidr, Name, Port, Says, Section, Zone

PortRange = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,5}-[0-9]{1,5}$|^all$"),
    Says("a range of ports such as 8080-8765, or all"),
]
Ports = Port | PortRange
Peer = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$|^[a-z][a-z0-9-]*$|^sg-[0-9a-f]+$"),
    Says("an IPv4 range, or a security group of this plan by name"),
]
Protocol = Literal["tcp", "udp", "icmp", "all"]
Domain = Annotated[
    str,
    Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=200),
    Says("a domain such as shop.local"),
]
EndpointName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$"),
    Says("an AWS service as endpoints name it, such as ecr.api, logs or s3"),
]


class Tier(Section):
    """Subnets of one role, one a zone."""

    shorthand: ClassVar[str | None] = "zones"
    zones: Mapping[Zone, Cidr] = Field(description="The address range of the subnet in each zone.", min_length=1)
    internet: Literal["direct", "nat", "none"] | None = Field(
        default=None,
        description="How its packets reach the internet: directly, through NAT, or not at all. "
        "Left out: directly for the tier called public, through NAT for the others where there is NAT.",
    )


class Nat(Section):
    """NAT gateways, in the tier that reaches the internet directly."""

    shorthand: ClassVar[str | None] = "zones"
    zones: Literal["one-per-zone", "single", "none"] | tuple[Zone, ...] = Field(
        default="none",
        description="one-per-zone, single (in the first zone), none, or the list of zones that have one.",
    )


class Endpoints(Section):
    """Ways to AWS's own services that do not leave the network."""

    shorthand: ClassVar[str | None] = "services"
    services: tuple[EndpointName, ...] = Field(
        default=(), description="Services such as ecr.api, ecr.dkr, logs, s3. s3 and dynamodb become gateway endpoints."
    )
    subnets: Name = Field(default="private", description="The tier in which interface endpoints stand.")
    security_group: Name = Field(
        default="endpoints",
        description="Their security group; made, open to the network on 443, when the plan names none.",
    )


GroupText = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*$", max_length=255),
    Says("at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* as EC2 takes them"),
]


class Ingress(Section):
    """Traffic that is let in."""

    ports: Ports | tuple[Ports, ...] = Field(description="A port, a range such as 8080-8765, all, or a list of them.")
    from_: Peer | tuple[Peer, ...] = Field(
        alias="from", description="Address ranges and security groups of this plan that it is let in from."
    )
    protocol: Protocol = Field(default="tcp", description="The protocol.")
    description: GroupText = Field(default="", description="Shown beside the rule in the console.")


class Egress(Section):
    """Traffic that is let out."""

    ports: Ports | tuple[Ports, ...] = Field(description="A port, a range such as 8080-8765, all, or a list of them.")
    to: Peer | tuple[Peer, ...] = Field(
        description="Address ranges and security groups of this plan that it is let out to."
    )
    protocol: Protocol = Field(default="tcp", description="The protocol.")
    description: GroupText = Field(default="", description="Shown beside the rule in the console.")


class SecurityGroup(Section):
    """Who may talk to those that carry it; written as the list of what is let in, or in full."""

    shorthand: ClassVar[str | None] = "ingress"
    ingress: tuple[Ingress, ...] = Field(default=(), description="What is let in.")
    egress: tuple[Egress, ...] | None = Field(default=None, description="What is let out. Left out: everything.")
    description: GroupText = Field(default="", description="What it is for.")


class Network(Section):
    """One VPC and what is in it."""

    cidr: Cidr = Field(default="10.0.0.0/16", description="The address range of the VPC, /16 to /28.")
    subnets: Mapping[Name, Tier] = Field(
        description="Subnets by role (public, private, …): the address range in each zone.", min_length=1
    )
    nat: Nat = Field(default_factory=Nat, description="NAT gateways: one-per-zone, single, none, or a list of zones.")
    endpoints: Endpoints = Field(default_factory=Endpoints, description="VPC endpoints to AWS's own services.")
    namespace: Domain | None = Field(
        default=None, description="A private domain in which services find each other by name, such as shop.local."
    )
    security_groups: Mapping[Name, SecurityGroup] = Field(
        default_factory=dict, description="Security groups by name: alb and tasks are those of entry and services."
    )
