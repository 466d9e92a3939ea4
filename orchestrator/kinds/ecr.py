"""Repositories of container images."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import unless_gone
from orchestrator.core.errors import AwsError
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import JsonDoc, Link, PolicyDoc
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.scope import Scope

_IMAGES_A_CALL = 100


@dc.dataclass(frozen=True, kw_only=True)
class Repository(Named):
    """A repository. A ``lifecycle`` or ``policy`` of ``None`` is left as it is, and not even read."""

    kind: ClassVar[str] = "repository"
    naming: ClassVar[str] = "{stack}/{name}"
    name_limit: ClassVar[int] = 256
    aws_name: str = attr("repositoryName", immutable=True)
    encryption: str = attr("encryptionConfiguration.encryptionType || 'AES256'", immutable=True, default="AES256")
    key: Link[Any] | None = attr("encryptionConfiguration.kmsKey", immutable=True, default=None)
    immutable_tags: bool = attr("starts_with(imageTagMutability, 'IMMUTABLE')", default=False)
    scan_on_push: bool = attr("imageScanningConfiguration.scanOnPush || `false`", default=True)
    lifecycle: JsonDoc | None = attr(default=None)
    policy: PolicyDoc | None = attr(default=None)


class RepositoryKind(NamedKind[Repository]):
    """A repository with images in it holds data."""

    resource = Repository
    service = "ecr"
    find = ("describe_repositories", "repositories")
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "repositoryArn",
        "arn": "repositoryArn",
        "name": "repositoryName",
        "uri": "repositoryUri",
    }
    holds_data = True
    actions = Actions(
        read=(
            "ecr:DescribeRepositories",
            "ecr:ListTagsForResource",
            "ecr:GetLifecyclePolicy",
            "ecr:GetRepositoryPolicy",
            "ecr:ListImages",
        ),
        create=("ecr:CreateRepository", "ecr:TagResource", "ecr:PutLifecyclePolicy", "ecr:SetRepositoryPolicy"),
        update=(
            "ecr:PutImageTagMutability",
            "ecr:PutImageScanningConfiguration",
            "ecr:PutLifecyclePolicy",
            "ecr:SetRepositoryPolicy",
            "ecr:TagResource",
        ),
        delete=("ecr:DeleteRepository", "ecr:ListImages", "ecr:BatchDeleteImage"),
    )
    arns: ClassVar[Mapping[str, str]] = {"ecr:repository": "repository/{aws_name}"}

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """All of the account's, since one name that is missing would fail a call by names."""
        return self.candidates(aws, scope, aws.pages("ecr", *self.find))

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """One repository's."""
        return tags.as_map(aws.client("ecr").list_tags_for_resource(resourceArn=arn)["tags"])

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """The documents that the plan has a say in."""
        name, client = item["repositoryName"], aws.client("ecr")
        wanted = self.meant(aws, scope, item)
        found: dict[str, Any] = {}
        if any(want.lifecycle is not None for want in wanted):
            text = unless_gone(lambda: client.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
            found["lifecycle"] = None if text is None else JsonDoc(text)
        if any(want.policy is not None for want in wanted):
            text = unless_gone(lambda: client.get_repository_policy(repositoryName=name)["policyText"])
            found["policy"] = None if text is None else PolicyDoc(text)
        return found

    def predict(self, want: Repository, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """ARN and URI are made of names."""
        arn = f"arn:{partition}:ecr:{region}:{account}:repository/{want.aws_name}"
        domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        uri = f"{account}.dkr.ecr.{region}.{domain}/{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name, "uri": uri}

    def holds(self, aws: Aws, live: Live[Repository]) -> bool:
        """Whether there is any image in it."""
        return bool(self._images(aws, live.outputs["name"]))

    def create(self, aws: Aws, want: Repository) -> Item:
        """Without documents."""
        encryption = {"encryptionType": want.encryption} | ({"kmsKey": want.key} if want.key else {})
        made: Item = aws.client("ecr").create_repository(
            repositoryName=want.aws_name,
            tags=tags.as_list(want.tags),
            imageTagMutability=_mutability(want),
            imageScanningConfiguration={"scanOnPush": want.scan_on_push},
            encryptionConfiguration=encryption,
        )["repository"]
        return made

    def complete(self, aws: Aws, want: Repository, item: Item) -> None:
        """Give it its documents."""
        self._set_documents(aws, want, frozenset({"lifecycle", "policy"}))

    def update(self, aws: Aws, want: Repository, live: Live[Repository], changed: frozenset[str]) -> None:
        """Each part by a call of its own."""
        client, name = aws.client("ecr"), want.aws_name
        if "immutable_tags" in changed:
            client.put_image_tag_mutability(repositoryName=name, imageTagMutability=_mutability(want))
        if "scan_on_push" in changed:
            scanning = {"scanOnPush": want.scan_on_push}
            client.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration=scanning)
        self._set_documents(aws, want, changed)
        if "tags" in changed:
            client.tag_resource(resourceArn=live.outputs["arn"], tags=tags.as_list(want.tags))

    def empty(self, aws: Aws, live: Live[Repository]) -> None:
        """All images. One that a manifest list names can only go after the list, so it takes more than one round."""
        client, name = aws.client("ecr"), live.outputs["name"]
        while images := self._images(aws, name):
            failures = [
                failure
                for i in range(0, len(images), _IMAGES_A_CALL)
                for failure in client.batch_delete_image(repositoryName=name, imageIds=images[i : i + _IMAGES_A_CALL])[
                    "failures"
                ]
                if failure.get("failureCode") != "ImageNotFound"  # what is repeated after a lost reply finds them gone
            ]
            if len(failures) >= len(images):
                raise AwsError(f"the images of {name} cannot be deleted: {failures[0].get('failureReason')}")

    def delete(self, aws: Aws, live: Live[Repository]) -> None:
        """Refused (RepositoryNotEmptyException) while there is any image in it."""
        aws.client("ecr").delete_repository(repositoryName=live.outputs["name"])

    def _images(self, aws: Aws, name: str) -> list[dict[str, str]]:
        listed = unless_gone(lambda: list(aws.pages("ecr", "list_images", "imageIds", repositoryName=name)))
        return [{"imageDigest": digest} for digest in sorted({image["imageDigest"] for image in listed or ()})]

    def _set_documents(self, aws: Aws, want: Repository, changed: frozenset[str]) -> None:
        client, name = aws.client("ecr"), want.aws_name
        if "lifecycle" in changed and want.lifecycle is not None:
            client.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=want.lifecycle.text())
        if "policy" in changed and want.policy is not None:
            client.set_repository_policy(repositoryName=name, policyText=want.policy.text())

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Keeps thirty images, for anyone of the account to pull."""
        return [
            Repository(
                name="posts",
                aws_name="contract/posts",
                lifecycle=_keep(30),
                policy=_pull("arn:aws:iam::123456789012:root"),
            )
        ]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Fewer images, another reader."""
        return {"lifecycle": _keep(10), "policy": _pull("arn:aws:iam::210987654321:root")}


def _mutability(want: Repository) -> str:
    return "IMMUTABLE" if want.immutable_tags else "MUTABLE"


def _keep(images: int) -> JsonDoc:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images}
    return JsonDoc({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


def _pull(principal: str) -> PolicyDoc:
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions}
    return PolicyDoc({"Version": "2012-10-17", "Statement": [statement]})
