"""What EC2's networking kinds share: found by tag, tagged by CreateTags, one describe call a kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource
from orchestrator.kinds.base import Kind, creation_token

R = TypeVar("R", bound=Resource)

LISTED_AFTER_DEATH = 3600.0
"""For about so many seconds EC2 describes NAT gateways and endpoints that are deleted or have failed."""


class Ec2Kind(Kind[R]):
    """A kind whose describe call filters by tag and answers with tags inline."""

    service: ClassVar[str] = "ec2"

    def retag(self, aws: Aws, want: R, live: Live[R], changed: frozenset[str]) -> None:
        """Write the tags when they are among what changed. CreateTags overwrites single keys and leaves the others."""
        if "tags" in changed:
            aws.client("ec2").create_tags(Resources=[live.outputs["id"]], Tags=tags.as_list(want.tags))

    def update(self, aws: Aws, want: R, live: Live[R], changed: frozenset[str]) -> None:
        """Tags are all that can change, unless a kind says more."""
        self.retag(aws, want, live, changed)


def by_address(want: Resource) -> list[dict[str, Any]]:
    """A describe filter for everything that was ever made for one address of a stack and that EC2 still lists."""
    return [{"Name": f"tag:{key}", "Values": [want.tags[key]]} for key in (tags.STACK, tags.ADDRESS)]


def fresh_token(aws: Aws, want: Resource, dead: Iterable[str]) -> str:
    """A client token for this creation and no earlier one.

    EC2 answers a token that it has seen with what it made then, though that may have failed or been deleted since.
    So the ids of the dead take part; and the hour, because the dead are listed for no longer than that.
    """
    hour = int(aws.clock.now() // LISTED_AFTER_DEATH)
    return tags.token(creation_token(want), hour, ",".join(sorted(dead)))
