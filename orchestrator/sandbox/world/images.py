"""The images in ECR, and how each of them behaves.

A behaviour belongs to a digest, as the code does that it stands for: it follows an image through every tag and every
task definition. An image that nobody gave a behaviour, and any image of another registry, is ``ok``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.sandbox.world.behaviours import Behaviour, parse

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World

MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[^.]+)\.[^/]+/(?P<name>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:\w+))?$"
)


class UnknownRepository(Exception):
    """No repository, or more than one, answers to that name; the message lists what there is."""


@dataclass(frozen=True)
class Pull:
    """What came of pulling an image: a digest, or the container runtime's reason why not."""

    behaviour: Behaviour
    digest: str | None = None
    error: str = ""


class Images:
    """Pushes images, finds them again, and knows their behaviours by digest."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._behaviours: dict[str, Behaviour] = {}
        self._pushes = itertools.count(1)

    def push(self, repository: str, tag: str, behaves: str, *, region: str | None = None) -> Mapping[str, str]:
        """Put a new image under a tag; the one that had the tag stays, without it."""
        behaviour = parse(behaves)
        found = self._repository(repository, region)
        return {
            "repository": found.name,
            "tag": tag,
            "behaves": behaviour.name,
            "digest": self.put(found, behaviour, tag),
            "uri": f"{found.uri}:{tag}",
        }

    def put(self, repository: Any, behaviour: Behaviour, *tags: str) -> str:
        """Put a new image under some tags and return its digest."""
        from moto.ecr.models import Image

        from orchestrator.sandbox.world import scans

        manifest = _manifest(f"{repository.arn} {next(self._pushes)}")
        digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
        for tag in tags:
            untag(repository, tag)
        image = Image(repository.account_id, tags[0], manifest, repository.name, MEDIA_TYPE, digest)
        for tag in tags[1:]:
            image.update_tag(tag)
        image.image_pushed_at = int(self._world.now())
        repository.images.append(image)
        self._behaviours[digest] = behaviour
        scans.pushed(repository, image)
        return digest

    def findings(self, digest: str) -> Mapping[str, int]:
        """What a scan finds in an image: how many vulnerabilities of each severity."""
        return self._behaviour(digest).findings

    def listed(self) -> list[Mapping[str, Any]]:
        """Every image of every repository."""
        return [
            {
                "repository": repository.name,
                "region": repository.region_name,
                "tags": list(image.image_tags),
                "digest": image.get_image_digest(),
                "behaves": self._behaviour(image.get_image_digest()).name,
            }
            for repository in _repositories()
            for image in repository.images
        ]

    def pull(self, reference: str) -> Pull:
        """Resolve an image as a task does when it starts."""
        parts = _ECR.match(reference)
        if parts is None:
            return Pull(Behaviour())
        wanted = parts["digest"] or parts["tag"] or "latest"
        for repository in _repositories():
            place = (repository.account_id, repository.region_name, repository.name)
            if place != parts.group("account", "region", "name"):
                continue
            for image in repository.images:
                digest = image.get_image_digest()
                if wanted == digest or wanted in image.image_tags:
                    behaviour = self._behaviour(digest)
                    return Pull(behaviour, digest, behaviour.pull_error and _refused(reference, behaviour.pull_error))
            return Pull(Behaviour(), error=_refused(reference, "not found"))
        return Pull(Behaviour(), error=_refused(reference, "pull access denied, repository does not exist"))

    def reset(self) -> None:
        """Forget every behaviour."""
        self._behaviours.clear()

    def _behaviour(self, digest: str) -> Behaviour:
        return self._behaviours.get(digest) or Behaviour()

    def _repository(self, name: str, region: str | None) -> Any:
        there = [found for found in _repositories() if region in (None, found.region_name)]
        exact = [found for found in there if found.name == name]
        matching = exact or [found for found in there if found.name.rpartition("/")[2] == name]
        if len(matching) == 1:
            return matching[0]
        listed = ", ".join(sorted(f"{found.name} ({found.region_name})" for found in matching or there)) or "none"
        trouble = "several repositories are" if matching else "no repository is"
        raise UnknownRepository(f"{trouble} called {name!r}; there are: {listed}")


def untag(repository: Any, tag: str) -> None:
    """Take a tag from the image that has it; the image stays and can still be pulled by its digest."""
    for image in repository.images:
        if tag in image.image_tags:
            image.image_tags.remove(tag)
            image.image_tag = image.image_tags[-1] if image.image_tags else None


def digest_of(manifest: str) -> str:
    """An image's digest is the hash of its manifest."""
    return "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()


def _refused(reference: str, why: str) -> str:
    return f"failed to resolve ref {reference}: {reference}: {why}"


def _manifest(content: str) -> str:
    digest = "sha256:" + hashlib.sha256(content.encode()).hexdigest()
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": digest}
    layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 32654, "digest": digest}
    return json.dumps({"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": config, "layers": [layer]})


def _repositories() -> Iterator[Any]:
    from moto.ecr.models import ecr_backends

    for account in list(ecr_backends.values()):
        for backend in list(account.values()):
            yield from backend.repositories.values()
