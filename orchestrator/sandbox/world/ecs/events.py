"""The events of a service: its newest hundred, the newest first."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from orchestrator.sandbox.world.ecs.model import Deployment, Service, stamp

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World

KEPT = 100


def say(world: World, service: Service, text: str, *, once: Deployment | None = None) -> None:
    """Add an event, unless it is one that is said only once in a deployment."""
    if once is not None:
        if text in once.said:
            return
        once.said.add(text)
    message = f"(service {service.name}) {text}"
    service.events.insert(0, {"id": str(uuid.uuid4()), "createdAt": stamp(world.now()), "message": message})
    del service.events[KEPT:]
