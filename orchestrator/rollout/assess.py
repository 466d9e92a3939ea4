"""What every service of a stack needs, and why: the reading around ``decide``, with no call that is not needed."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping

from orchestrator.aws.door import Aws
from orchestrator.kinds.ecs.task_definitions import canonical_input
from orchestrator.rollout.decide import Decision, Need, decide, differences, wanted_image
from orchestrator.rollout.images import Image, ImageMissing, resolve
from orchestrator.rollout.release import IMAGE_TAG, ServiceSpec
from orchestrator.rollout.survey import LiveService, survey


def assess(
    aws: Aws,
    specs: Iterable[ServiceSpec],
    *,
    images: Mapping[str, str] | None = None,
    live: Mapping[str, LiveService] | None = None,
) -> dict[str, Decision]:
    """What to do for each service, by name. ``images`` asks for other images than the plan's; ``live`` spares a survey.

    A stack where nothing changed costs the survey alone: an image is looked up only where another one is wanted than
    what runs, and what runs is read only where it is going to be replaced.
    """
    listed = {spec.name: spec for spec in specs}
    standing = live if live is not None else survey(aws, listed.values())
    names = {n: wanted_image(spec, standing[n], (images or {}).get(n)) for n, spec in listed.items()}
    known = {n: _running(spec, standing[n]) for n, spec in listed.items() if names[n] == standing[n].image}
    asked = {n: spec.wants(names[n]) for n, spec in listed.items() if n not in known}
    found: dict[str, Image | ImageMissing] = {**known, **(resolve(aws, asked) if asked else {})}
    decisions = {n: decide(spec, standing[n], found[n]) for n, spec in listed.items()}
    return dict(zip(decisions, aws.each(lambda d: _explained(aws, d), decisions.values()), strict=True))


def _running(spec: ServiceSpec, live: LiveService) -> Image:
    """The image that runs, from its label: nobody has to be asked what its digest is."""
    digest = spec.wants(live.image).digest
    return Image(live.image, f"{spec.repository_uri}@{digest}" if digest else live.image)


def _explained(aws: Aws, decision: Decision) -> Decision:
    """The decision with what differs, field by field, from what runs."""
    if decision.need is not Need.ROLLOUT or decision.release is None or decision.live.side is None:
        return decision
    side = decision.live.side
    answer = aws.client("ecs").describe_task_definition(taskDefinition=side.task_definition)
    running, wanted = canonical_input(answer["taskDefinition"]), canonical_input(decision.release.task_definition)
    content = {key: side.described.get(key) for key in decision.release.content if key != "loadBalancers"}
    planned = {key: value for key, value in decision.release.content.items() if key != "loadBalancers"}
    found = [*_images(decision, side.tags.get(IMAGE_TAG, "")), *differences(running, wanted)]
    found += differences(content, planned)
    reasons = (*decision.reasons, *(text for text in found if not _image_uri(text)))
    return dc.replace(decision, reasons=reasons or ("what runs was not rolled out from here",))


def _images(decision: Decision, before: str) -> list[str]:
    """The image in the words of people, with the digest only where the tag does not tell."""
    after = decision.release.image.text if decision.release else ""
    if before == after:
        return []
    names = [text.partition("@")[0] for text in (before, after)]
    told = (before, after) if names[0] == names[1] else (names[0] or "(none)", names[1])
    return [f"image: {told[0]} → {told[1]}"]


def _image_uri(text: str) -> bool:
    return text.startswith("containerDefinitions ") and " image: " in text
