"""What a service needs: nothing, its first release, a rollout, or its traffic put right. Pure."""

from __future__ import annotations

import dataclasses as dc
import enum
from collections.abc import Mapping
from typing import Any

from orchestrator.aws.redact import Redactor
from orchestrator.rollout.images import Image, ImageMissing
from orchestrator.rollout.release import Release, ServiceSpec, release_of
from orchestrator.rollout.survey import LiveService


class Need(enum.StrEnum):
    """What there is to do for a service."""

    NOTHING = "nothing"
    FIRST = "first release"
    ROLLOUT = "rollout"
    HEAL = "heal"
    RECORD = "record"
    """Only the plan's word for the image has changed, not the image."""
    IMAGE = "image"
    """It waits for an image that nobody has pushed."""
    LOOK = "look"
    """Somebody else's change is in the way; a person has to look."""


@dc.dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do for a service, and why."""

    service: str
    need: Need
    live: LiveService
    release: Release | None = None
    missing: ImageMissing | None = None
    reasons: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether applying it changes anything."""
        return self.need in (Need.FIRST, Need.ROLLOUT, Need.HEAL, Need.RECORD)


@dc.dataclass(frozen=True)
class Delivery:
    """An image that somebody else has deployed past us. ``alone``: nothing else differs from plan and last rollout."""

    image: Image
    alone: bool


def wanted_image(spec: ServiceSpec, live: LiveService, override: str | None = None) -> str:
    """Which image is wanted, by name. The plan's word counts when it changed; otherwise what runs is kept.

    So a deployment by the command line is not undone by the next apply, and a tag that moved rolls nothing out. What
    failed from the first is not kept: a tag that was pushed again is tried anew.
    """
    if override:
        return override
    if live.side is None or not live.image or live.spoilt or spec.image != live.plan_image:
        return spec.image
    return live.image


def decide(
    spec: ServiceSpec, live: LiveService, image: Image | ImageMissing, delivered: Delivery | None = None
) -> Decision:
    """What a service needs when that image is the wanted one. What was ``delivered`` alone is only recorded."""
    if live.foreign:
        return Decision(service=spec.name, need=Need.LOOK, live=live, reasons=(live.foreign,))
    if isinstance(image, ImageMissing):
        return Decision(service=spec.name, need=Need.IMAGE, live=live, missing=image, reasons=(str(image),))
    release = release_of(spec, image)
    if delivered == Delivery(image, alone=True) and len(live.unsettled) == 1 and not _moved(spec, live):
        said = f"{image.text.partition('@')[0]} was delivered past us"
        return Decision(service=spec.name, need=Need.RECORD, live=live, release=release, reasons=(said,))
    need, reasons = _need(spec, live, release)
    return Decision(service=spec.name, need=need, live=live, release=release, reasons=reasons)


def _need(spec: ServiceSpec, live: LiveService, release: Release) -> tuple[Need, tuple[str, ...]]:
    side = live.side
    if side is None or (spec.desired and not any(s.active and s.desired for s in live.sides.values())):
        return Need.FIRST, ("nothing runs yet",) if side is None else (f"{side.service} has no tasks",)
    if _moved(spec, live):
        return Need.ROLLOUT, ("its target group is replaced",)
    if live.release != release.hash:
        return Need.ROLLOUT, live.unsettled
    if live.unsettled:
        return Need.HEAL, live.unsettled
    if live.plan_image != release.plan_image:
        return Need.RECORD, (f"the plan calls the same image {release.plan_image}",)
    return Need.NOTHING, ()


def _moved(spec: ServiceSpec, live: LiveService) -> bool:
    """Whether the active side's tasks are in another target group than the planned one."""
    planned = spec.colours[live.active].target_group if live.active else None
    return bool(planned and live.side and live.side.target_groups and planned not in live.side.target_groups)


def differences(running: Mapping[str, Any], wanted: Mapping[str, Any], at: str = "") -> tuple[str, ...]:
    """Field by field, what another release would change: ``environment LOG_LEVEL: info → debug``."""
    found: list[str] = []
    for key in sorted(running.keys() | wanted.keys()):
        before, after = _keyed(running.get(key)), _keyed(wanted.get(key))
        path = f"{at} {key}".strip()
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping) and set(before) != {"value"}:
            found.extend(differences(before, after, path))
        else:
            found.append(f"{path}: {_shown(key, before)} → {_shown(key, after)}")
    return tuple(found)


def _keyed(value: Any) -> Any:
    """A list of named things by name, so that the order in which AWS lists them is no difference."""
    if isinstance(value, list | tuple) and value and all(isinstance(v, Mapping) and "name" in v for v in value):
        return {v["name"]: {k: x for k, x in v.items() if k != "name"} for v in value}
    return value


def _shown(key: str, value: Any) -> str:
    """A value as a person reads it; one whose name sounds like a secret's is not shown."""
    if value is None:
        return "(none)"
    if isinstance(value, Mapping):
        text = str(value["value"]) if set(value) == {"value"} else ", ".join(f"{k} {v}" for k, v in value.items())
    else:
        text = str(value)
    return Redactor()(f"{key}={text}").removeprefix(f"{key}=")
