"""What EC2's networking kinds share: found by tag, tagged by CreateTags, one describe call a kind."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource
from orchestrator.kinds.base import Kind

R = TypeVar("R", bound=Resource)


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
