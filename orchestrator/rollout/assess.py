"""What every service of a stack needs, and why: the reading around ``decide``, with no call that is not needed."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.kinds.ecs.task_definitions import canonical_input, read
from orchestrator.rollout.decide import Decision, Delivery, Need, decide, differences, wanted_image
from orchestrator.rollout.gates.alarms import Alarms, described, ringing
from orchestrator.rollout.gates.base import Gate
from orchestrator.rollout.images import Image, ImageMissing, resolve
from orchestrator.rollout.release import IMAGE_TAG, RELEASE_TAG, ServiceSpec, release_of, revision
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
    delivered = _delivered(aws, [(spec, standing[n]) for n, spec in listed.items() if standing[n].strayed])
    names = {n: wanted_image(spec, standing[n], (images or {}).get(n)) for n, spec in listed.items()}
    kept = {n for n in names if names[n] == standing[n].image}
    known = {n: delivered[n].image if n in delivered else _running(listed[n], standing[n]) for n in kept}
    asked = {n: spec.wants(names[n]) for n, spec in listed.items() if n not in known}
    found: dict[str, Image | ImageMissing] = {**known, **(resolve(aws, asked) if asked else {})}
    decisions = {n: decide(spec, standing[n], found[n], delivered.get(n)) for n, spec in listed.items()}
    explained = aws.each(lambda d: _explained(aws, d, delivered.get(d.service)), decisions.values())
    loud = _ringing(aws, [listed[n] for n, d in decisions.items() if d.need is Need.ROLLOUT])
    return {n: dc.replace(d, reasons=(*d.reasons, *loud.get(n, ()))) for n, d in zip(decisions, explained, strict=True)}


def _ringing(aws: Aws, specs: Iterable[ServiceSpec]) -> dict[str, tuple[str, ...]]:
    """By service, the alarms that its rollout is going to be held against and that ring already.

    What we may not read is not known to ring.
    """
    watched = {
        spec.name: {name for gate in (*spec.strategy.check, *spec.strategy.watch) for name in _alarms(gate)}
        for spec in specs
    }
    try:
        alarms = described(aws, set().union(*watched.values()))
    except Exception as error:
        if classify(error) is not ErrorClass.DENIED:
            raise
        return {}
    loud = {name: words for name, alarm in alarms.items() if (words := ringing(alarm))}
    return {
        service: tuple(f"alarm {loud[name]}: it rings already" for name in sorted(names & loud.keys()))
        for service, names in watched.items()
    }


def _alarms(gate: Gate) -> tuple[str, ...]:
    return gate.names if isinstance(gate, Alarms) else ()


def _delivered(aws: Aws, strayed: Sequence[tuple[ServiceSpec, LiveService]]) -> dict[str, Delivery]:
    """What others, a pipeline mostly, have deployed past us: an image of the service's own repository, by service."""

    def ask(pair: tuple[ServiceSpec, LiveService]) -> Mapping[str, Any]:
        return (read(aws, pair[1].side.task_definition) if pair[1].side else None) or {}

    revisions = aws.each(ask, strayed)
    named = {
        spec.name: spec.wants(uri[len(spec.repository_uri) :].lstrip(":@"))
        for (spec, _), running in zip(strayed, revisions, strict=True)
        if (uri := _image_of(spec, running)).startswith((f"{spec.repository_uri}:", f"{spec.repository_uri}@"))
    }
    images = resolve(aws, named) if named else {}
    return {
        spec.name: Delivery(image, alone=_unchanged(spec, live) and _alone(spec, running, image))
        for (spec, live), running in zip(strayed, revisions, strict=True)
        if isinstance(image := images.get(spec.name), Image)
    }


def _unchanged(spec: ServiceSpec, live: LiveService) -> bool:
    """Whether the plan is, but for the image, what was last rolled out."""
    before = live.side.tags.get(RELEASE_TAG, "") if live.side else ""
    return release_of(spec, _running(spec, live)).hash == before


def _alone(spec: ServiceSpec, running: Mapping[str, Any], image: Image) -> bool:
    """Whether a revision is, but for the image, as planned."""
    return _besides_image(spec, running) == _besides_image(spec, release_of(spec, image).task_definition)


def _image_of(spec: ServiceSpec, definition: Mapping[str, Any]) -> str:
    containers = definition.get("containerDefinitions", ())
    return next((str(c.get("image", "")) for c in containers if c.get("name") == spec.container), "")


def _besides_image(spec: ServiceSpec, definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task definition without the image that is released."""
    plain = dict(canonical_input(definition))
    plain["containerDefinitions"] = [
        {**c, "image": ""} if c.get("name") == spec.container else c for c in plain["containerDefinitions"]
    ]
    return plain


def _running(spec: ServiceSpec, live: LiveService) -> Image:
    """The image that runs, from its label: nobody has to be asked what its digest is."""
    digest = spec.wants(live.image).digest
    return Image(live.image, f"{spec.repository_uri}@{digest}" if digest else live.image)


def _explained(aws: Aws, decision: Decision, delivered: Delivery | None) -> Decision:
    """The decision with what differs, field by field, from what runs."""
    if decision.need is not Need.ROLLOUT or decision.release is None or decision.live.side is None:
        return decision
    side = decision.live.side
    found = read(aws, side.task_definition)
    if found is None:
        gone = f"{revision(side.task_definition)}, which runs, has been deleted"
        return dc.replace(decision, reasons=(*decision.reasons, gone))
    running, wanted = canonical_input(found), canonical_input(decision.release.task_definition)
    content = {key: side.described.get(key) for key in decision.release.content if key != "loadBalancers"}
    planned = {key: value for key, value in decision.release.content.items() if key != "loadBalancers"}
    image = delivered.image.text if delivered else side.tags.get(IMAGE_TAG, "")
    changes = [*_images(decision, image), *differences(running, wanted), *differences(content, planned)]
    reasons = (*decision.reasons, *(text for text in changes if not _image_uri(text)))
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
