"""Repositories of source code."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import unless_gone
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.scope import Scope

_A_CALL = 25


@dc.dataclass(frozen=True, kw_only=True)
class SourceRepository(Named):
    """A repository. AWS lets only accounts that had one before make new ones."""

    kind: ClassVar[str] = "codecommit-repository"
    name_limit: ClassVar[int] = 100
    aws_name: str = attr("repositoryName", immutable=True)
    description: str = attr("repositoryDescription || ''", default="")
    key: Link[Any] | None = attr("kmsKeyId", immutable=True, default=None)


class SourceRepositoryKind(NamedKind[SourceRepository]):
    """A repository with a branch in it holds data: nobody else may have the source."""

    resource = SourceRepository
    service = "codecommit"
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "Arn",
        "arn": "Arn",
        "name": "repositoryName",
        "url": "cloneUrlHttp",
    }
    holds_data = True
    actions = Actions(
        read=(
            "codecommit:BatchGetRepositories",
            "codecommit:ListTagsForResource",
            "codecommit:ListBranches",
        ),
        create=("codecommit:CreateRepository", "codecommit:TagResource"),
        update=("codecommit:UpdateRepositoryDescription", "codecommit:TagResource"),
        delete=("codecommit:DeleteRepository",),
    )
    arns: ClassVar[Mapping[str, str]] = {"codecommit:repository": "{aws_name}"}

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By name; those that the tagging API proposes beside them."""
        wanted = {str(getattr(want, "aws_name", "")) for want in scope.of(self.resource.kind)}
        names = sorted(wanted | {arn.rpartition(":")[2] for arn in scope.proposed(aws, self.resource.kind)})
        batches = [names[i : i + _A_CALL] for i in range(0, len(names), _A_CALL)]

        def ask(some: list[str]) -> list[Item]:
            found: list[Item] = aws.client("codecommit").batch_get_repositories(repositoryNames=some)["repositories"]
            return found

        return [item for found in aws.each(ask, batches) for item in found]

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """One repository's."""
        return tags.as_map(aws.client("codecommit").list_tags_for_resource(resourceArn=arn)["tags"])

    def holds(self, aws: Aws, live: Live[SourceRepository]) -> bool:
        """Whether anything has been pushed."""
        name = live.outputs["name"]
        listed = unless_gone(lambda: list(aws.pages("codecommit", "list_branches", "branches", repositoryName=name)))
        return bool(listed)

    def predict(self, want: SourceRepository, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its ARN is made of its name."""
        arn = f"arn:{partition}:codecommit:{region}:{account}:{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: SourceRepository) -> Item:
        """Empty, without any branch."""
        key = {"kmsKeyId": want.key} if want.key else {}
        made: Item = aws.client("codecommit").create_repository(
            repositoryName=want.aws_name, repositoryDescription=want.description, tags=dict(want.tags), **key
        )["repositoryMetadata"]
        return made

    def update(self, aws: Aws, want: SourceRepository, live: Live[SourceRepository], changed: frozenset[str]) -> None:
        """Description and tags."""
        client = aws.client("codecommit")
        if "description" in changed:
            client.update_repository_description(repositoryName=want.aws_name, repositoryDescription=want.description)
        if "tags" in changed:
            client.tag_resource(resourceArn=live.outputs["arn"], tags=dict(want.tags))

    def delete(self, aws: Aws, live: Live[SourceRepository]) -> None:
        """With all that is in it. One that is gone already is no error to AWS."""
        aws.client("codecommit").delete_repository(repositoryName=live.outputs["name"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """The source of a system."""
        return [SourceRepository(name="source", aws_name="contract-source", description="All services")]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Said otherwise."""
        return {"description": "Everything"}
