"""From what the plan calls an image to what runs: a tag is looked up once, and the digest is what gets deployed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of

_DIGEST = "sha256:"
_IMAGES_A_CALL = 100


@dataclass(frozen=True)
class Image:
    """An image that exists. ``uri`` is pinned where a registry we can ask keeps it."""

    text: str
    """As recorded on the ECS service: ``tag@sha256:...``, or as written where it is not from ECR."""
    uri: str


@dataclass(frozen=True)
class ImageMissing:
    """A repository does not hold what was asked for (yet)."""

    repository: str
    uri: str
    tag: str

    def __str__(self) -> str:
        return f"repository {self.repository} has no image {self.tag}"

    @property
    def push(self) -> str:
        """The command that would put it there."""
        return f"docker push {self.uri}:{self.tag}"


@dataclass(frozen=True)
class Wanted:
    """An image by name: a tag or digest in a service's own repository, or ``registry/name:tag`` of another one."""

    repository: str
    uri: str
    name: str

    @property
    def foreign(self) -> bool:
        """Whether it is not from the service's repository, and used as written."""
        return "/" in self.name

    @property
    def digest(self) -> str:
        """The digest it names; empty for a tag alone. What was recorded names both."""
        _, at, digest = self.name.rpartition("@")
        return digest if at or digest.startswith(_DIGEST) else ""

    @property
    def tag(self) -> str:
        """The tag it names; empty for a digest alone."""
        return "" if self.name.startswith(_DIGEST) else self.name.partition("@")[0]


def resolve(aws: Aws, wanted: Mapping[str, Wanted]) -> dict[str, Image | ImageMissing]:
    """What each name stands for now. One call a repository; one more each where a name is not there."""
    ours = {key: w for key, w in wanted.items() if not w.foreign}
    found: dict[str, Image | ImageMissing] = {key: Image(w.name, w.name) for key, w in wanted.items() if w.foreign}
    by_repository: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for w in ours.values():
        by_repository[w.repository].add(_id(w))
    asked = aws.each(lambda pair: _digests(aws, pair[0], sorted(pair[1])), by_repository.items())
    digests = dict(zip(by_repository, asked, strict=True))
    for key, w in ours.items():
        digest = digests[w.repository].get(_id(w))
        found[key] = _image(w, digest) if digest else ImageMissing(w.repository, w.uri, w.tag or w.digest)
    return found


def _image(wanted: Wanted, digest: str) -> Image:
    return Image(f"{wanted.tag}@{digest}" if wanted.tag else digest, f"{wanted.uri}@{digest}")


def _id(wanted: Wanted) -> tuple[str, str]:
    return ("imageDigest", wanted.digest) if wanted.digest else ("imageTag", wanted.tag)


def _digests(aws: Aws, repository: str, ids: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Digest by what was asked for. One name that is not there makes AWS refuse the whole call: then each alone."""
    try:
        details = list(
            aws.pages(
                "ecr",
                "describe_images",
                "imageDetails",
                repositoryName=repository,
                imageIds=[{kind: value} for kind, value in ids[:_IMAGES_A_CALL]],
            )
        )
    except Exception as error:
        if code_of(error) == "RepositoryNotFoundException" or (
            code_of(error) == "ImageNotFoundException" and len(ids) == 1
        ):
            return {}
        if code_of(error) != "ImageNotFoundException":
            raise
        return {k: v for each in ids for k, v in _digests(aws, repository, [each]).items()}
    known: dict[tuple[str, str], str] = {}
    for detail in details:
        known["imageDigest", detail["imageDigest"]] = detail["imageDigest"]
        known.update({("imageTag", tag): detail["imageDigest"] for tag in detail.get("imageTags", ())})
    return {**known, **_digests(aws, repository, ids[_IMAGES_A_CALL:])} if len(ids) > _IMAGES_A_CALL else known
