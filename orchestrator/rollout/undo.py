"""Back to what ran before, once the hold is over: an ordinary rollout, of the very revision that was good before."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.aws.door import Aws
from orchestrator.core.errors import Refused
from orchestrator.core.store import Store
from orchestrator.kinds.ecs.task_definitions import read
from orchestrator.rollout import history
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.images import Image
from orchestrator.rollout.release import IMAGE_TAG, RELEASE_TAG, ServiceSpec, release_from, revision
from orchestrator.rollout.state import Outcome
from orchestrator.rollout.survey import LiveService


def undo(aws: Aws, spec: ServiceSpec, live: LiveService, store: Store) -> Decision:
    """The decision to go back. Raises ``Refused`` when nothing is known that was good before what runs now."""
    before = _recorded(spec, live, store) or _idle(spec, live)
    if before is None:
        raise Refused(
            f"nothing is known to have run before what {spec.name} runs now",
            hint="deploy the image that you want with --image",
        )
    definition, text = before
    found = read(aws, definition)
    if found is None:
        raise Refused(
            f"{revision(definition)}, which ran before, has been deleted",
            hint="deploy the image that you want with --image",
        )
    uri = next(c["image"] for c in found["containerDefinitions"] if c["name"] == spec.container)
    release = release_from(spec, found, Image(text, uri))
    if found["status"] == "ACTIVE":
        release = dc.replace(release, registered=found["taskDefinitionArn"])
    reason = f"back to {text.partition('@')[0]} ({revision(definition)})"
    return Decision(service=spec.name, need=Need.ROLLOUT, live=live, release=release, reasons=(reason,))


def _recorded(spec: ServiceSpec, live: LiveService, store: Store) -> tuple[str, str] | None:
    """By the record of the rollout that brought what runs now: its revision and image before."""
    for record in history.records(store, spec.stack, spec.name):
        release = record["release"]
        if record["outcome"] == Outcome.SUCCEEDED and release["hash"] == live.release and release["hash"]:
            before = release["task_definition_before"], release["image_before"]
            return before if all(before) else None
    return None


def _idle(spec: ServiceSpec, live: LiveService) -> tuple[str, str] | None:
    """By what the idle colour ran last, unless that is what failed."""
    if live.active is None or not spec.balanced:
        return None
    side = live.sides[spec.other(live.active)]
    label, image = side.tags.get(RELEASE_TAG, ""), side.tags.get(IMAGE_TAG, "")
    good = side.active and label and not label.startswith("failed:") and label != live.release
    return (side.task_definition, image) if good and image else None
