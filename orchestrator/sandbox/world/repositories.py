"""ECR where images are concerned: what a new repository holds, and what a push leaves behind."""

from __future__ import annotations

from typing import Any

from moto.ecr.models import Image, ecr_backends

from orchestrator.sandbox.repairs.operations import Call, Proceed, Reply, repair
from orchestrator.sandbox.world import scans
from orchestrator.sandbox.world.behaviours import Behaviour
from orchestrator.sandbox.world.images import digest_of, untag
from orchestrator.sandbox.world.world import present


@repair("ecr", "CreateRepository")
def with_a_good_image(call: Call, proceed: Proceed) -> Reply:
    """A repository of the sandbox holds one good image from the start, so that a first deployment has what to run."""
    reply = proceed()
    if not present().empty_repositories:
        repository = ecr_backends[call.account][call.region].repositories[call.params["repositoryName"]]
        present().images.put(repository, Behaviour(), "v1", "latest")
    return reply


@repair("ecr", "PutImage")
def keeps_the_old_image(call: Call, proceed: Proceed) -> Reply:
    """A tag that moves leaves its old image untagged; moto deletes the image, and its digest could not run again."""
    repository = ecr_backends[call.account][call.region].repositories.get(call.params["repositoryName"])
    tag = call.params.get("imageTag")
    if repository is not None and tag and not repository.is_tag_immutable():
        holder = next((image for image in repository.images if tag in image.image_tags), None)
        if holder is not None and holder.image_manifest != call.params["imageManifest"]:
            untag(repository, tag)
    reply = proceed()
    if repository is not None:
        digest = reply["image"]["imageId"]["imageDigest"]
        scans.pushed(repository, next(image for image in repository.images if image.image_digest == digest))
    return reply


def _create_digest(self: Any) -> None:
    """The digest is the hash of the manifest; moto hashes layers, or a random number where there are none."""
    self._image_digest = digest_of(self.image_manifest)


Image._create_digest = _create_digest
