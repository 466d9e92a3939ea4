"""What a gate is told about the rollout that it judges."""

from __future__ import annotations

from typing import Any

from orchestrator.rollout.gates.base import Window
from orchestrator.rollout.release import ServiceSpec, launch_of, settings_of
from orchestrator.rollout.stages.base import RELEASE
from orchestrator.rollout.state import Cursor


def window_of(spec: ServiceSpec, cursor: Cursor, now: float) -> Window:
    """From the beginning of the present stage until now."""
    facts = cursor.facts
    settings = {**launch_of(spec, facts.new), **settings_of(spec, facts.new)}
    image = cursor.release["image"]
    groups: dict[str, str] = {c: planned.target_group for c, planned in spec.colours.items() if planned.target_group}
    return Window(
        rollout=cursor.id,
        stack=spec.stack,
        service=spec.name,
        cluster=spec.cluster,
        stage=cursor.stage.name if cursor.stage else "",
        began=cursor.started,
        since=cursor.since,
        now=now,
        old=facts.old,
        new=facts.new,
        percent=facts.percent,
        serving=facts.percent > 0 or (facts.old == facts.new and bool(facts.attempt(RELEASE).id)),
        image=image,
        repository=spec.repository,
        digest=spec.wants(image).digest,
        container=spec.container,
        task_definition=facts.task_definition,
        network=settings["networkConfiguration"],
        capacity=_capacity(settings),
        services=spec.services,
        groups=groups,
        rule=spec.rule or "",
        url=spec.url,
        test_headers=spec.test_headers,
    )


def _capacity(settings: dict[str, Any]) -> dict[str, Any]:
    """What RunTask takes of a service's capacity; a job runs on the same as the service."""
    names = ("launchType", "capacityProviderStrategy", "platformVersion")
    return {name: settings[name] for name in names if settings.get(name)}
