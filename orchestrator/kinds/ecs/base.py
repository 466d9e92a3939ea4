"""What the ECS kinds share: found by name, tags inline when asked for, written by TagResource."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live
from orchestrator.kinds.base import Item, Kind, Named, NamedKind
from orchestrator.kinds.scope import Scope

R = TypeVar("R", bound=Named)


@dc.dataclass(frozen=True)
class Capacity:
    """A share of a capacity provider strategy: ``base`` tasks first, the rest by ``weight``."""

    provider: str
    weight: int = 1
    base: int = 0


def render_capacity(strategy: Iterable[Capacity]) -> list[dict[str, Any]]:
    """A capacity provider strategy as AWS wants it."""
    ordered = sorted(strategy, key=lambda c: c.provider)
    return [{"capacityProvider": c.provider, "weight": c.weight, "base": c.base} for c in ordered]


def parse_capacity(strategy: Iterable[Mapping[str, Any]]) -> frozenset[Capacity]:
    """A capacity provider strategy as AWS tells it, which leaves out zeros."""
    return frozenset(Capacity(c["capacityProvider"], c.get("weight", 0), c.get("base", 0)) for c in strategy)


class EcsKind(NamedKind[R]):
    """A kind whose describe call gives tags when asked to include them."""

    service: ClassVar[str] = "ecs"

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """Inline."""
        return Kind.tags(self, aws, scope, items)

    def retag(self, aws: Aws, want: R, live: Live[R], changed: frozenset[str]) -> None:
        """Write the tags when they are among what changed. TagResource leaves the keys that it does not name."""
        if "tags" in changed:
            listed = tags.as_list(want.tags, "key", "value")
            aws.client("ecs").tag_resource(resourceArn=live.outputs["arn"], tags=listed)
