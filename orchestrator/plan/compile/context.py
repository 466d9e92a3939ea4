"""What a plan cannot say by itself: whose account it is in, and which colour of each service has the traffic."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Literal, TypeAlias

from orchestrator.core.errors import PlanError
from orchestrator.kinds.base import Named
from orchestrator.plan.names import physical
from orchestrator.plan.topology import zone_name

ColourName: TypeAlias = Literal["blue", "green"]
COLOURS: tuple[ColourName, ColourName] = ("blue", "green")


@dc.dataclass(frozen=True, kw_only=True)
class Context:
    """Where a plan is compiled for. ``zones`` are the zones that the account has, None when nobody asked."""

    stack: str
    account: str
    region: str
    partition: str = "aws"
    zones: tuple[str, ...] | None = None
    colours: Mapping[str, ColourName] = dc.field(default_factory=dict)

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """The ARN of something in this account and region; global services leave one or both out."""
        where, whose = self.region if region else "", self.account if account else ""
        return f"arn:{self.partition}:{service}:{where}:{whose}:{resource}"

    def name(self, kind: type[Named], name: str) -> str:
        """What AWS calls the thing of a kind that the stack calls ``name``."""
        return physical(kind, name, stack=self.stack, account=self.account, region=self.region)

    def zone(self, zone: str) -> str:
        """The full name of a zone that the account has."""
        full = zone_name(self.region, zone)
        if self.zones is not None and full not in self.zones:
            have = ", ".join(sorted(self.zones))
            raise PlanError(
                f"the account has no zone {full}, it has {have}", hint="change the zones in network.subnets"
            )
        return full

    def active(self, service: str) -> ColourName:
        """The colour of a service that has the traffic; blue before its first rollout."""
        return self.colours.get(service, "blue")
