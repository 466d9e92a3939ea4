"""What becomes of a deployment: completed, failed, rolled back. The breaker counts tasks that never got well."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from orchestrator.sandbox.world.ecs import wording
from orchestrator.sandbox.world.ecs.events import say
from orchestrator.sandbox.world.ecs.model import REVISION_FIELDS, Deployment, Json, Service

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World

_FEWEST, _MOST = 3, 200
_LONGEST_BACK_OFF = 900.0
_numbers = random.Random()


def begin(world: World, service: Service, revision: Json, *, back_to: Deployment | None = None) -> Deployment:
    """Make a deployment the primary one of its service; those before it become active ones."""
    now = world.now()
    deployment = Deployment(
        number=f"{_numbers.randrange(10**18, 10**19)}",
        revision=revision,
        created_at=now,
        updated_at=now,
        source=service.deployments[0] if service.deployments else None,
        wanted=service.desired_count,
        back_to=back_to,
    )
    deployment.rollout_reason = f"ECS deployment {deployment.id} in progress."
    for each in service.deployments:
        each.status = "ACTIVE"
    service.deployments.insert(0, deployment)
    service.history.insert(0, deployment)
    service.steady = False
    return deployment


def completed(world: World, service: Service, deployment: Deployment) -> None:
    """Every task is there and well, and no other is left."""
    deployment.rollout_state = "COMPLETED"
    deployment.rollout_reason = f"ECS deployment {deployment.id} completed."
    deployment.updated_at = deployment.finished_at = world.now()
    say(world, service, f"(deployment {deployment.id}) deployment completed.")


def proven(service: Service, deployment: Deployment) -> None:
    """A task of it is well: what failed before is forgiven, unless the breaker was told not to."""
    if _settings(service).get("resetOnHealthyTask", True):
        deployment.failed = 0


def failed(world: World, service: Service, deployment: Deployment) -> None:
    """A task of it could not be placed, did not start, or never got well."""
    deployment.failed += 1
    deployment.updated_at = world.now()
    over = deployment.failed - _FEWEST
    deployment.next_start = world.now() + (5.0 if over < 0 else min(_LONGEST_BACK_OFF, 30.0 * 2**over))
    if over >= 0:
        say(world, service, wording.CANNOT_START, once=deployment)
    if deployment.rollout_state != "IN_PROGRESS" or deployment.status != "PRIMARY":
        return
    if _settings(service).get("enable") and deployment.failed >= threshold(service):
        _trip(world, service, deployment)


def threshold(service: Service) -> int:
    """How many failures the breaker takes: half the tasks, but at least 3 and at most 200, unless told otherwise."""
    told = _settings(service).get("thresholdConfiguration") or {}
    kind, value = told.get("type", "BOUNDED_PERCENT"), told.get("value", 50)
    if kind == "COUNT":
        return max(1, int(value))
    share: int = math.ceil(service.desired_count * value / 100)
    return max(1, share) if kind == "UNBOUNDED_PERCENT" else min(_MOST, max(_FEWEST, share))


def stop(world: World, service: Service, deployment: Deployment) -> None:
    """Somebody stops the deployment: it has failed, and the last good revision comes back."""
    deployment.rollout_state = "FAILED"
    deployment.rollout_reason = "Service deployment stopped by user."
    deployment.updated_at = deployment.finished_at = world.now()
    _bring_back(world, service)


def _trip(world: World, service: Service, deployment: Deployment) -> None:
    deployment.rollout_state = "FAILED"
    deployment.rollout_reason = wording.BREAKER_FAILED
    deployment.updated_at = deployment.finished_at = world.now()
    say(world, service, f"(deployment {deployment.id}) deployment failed: tasks failed to start.")
    if _settings(service).get("rollback"):
        back = _bring_back(world, service)
        if back is not None and back.back_to is not None:
            reason = f"ECS deployment circuit breaker: rolling back to deploymentId {back.back_to.id}."
            back.rollout_reason = reason


def _bring_back(world: World, service: Service) -> Deployment | None:
    """Start a deployment of the last revision that was completed, if there is one."""
    good = next((each for each in service.history if each.rollout_state == "COMPLETED"), None)
    if good is None:
        return None
    for name in REVISION_FIELDS:
        service.settings.pop(name, None)
    service.settings.update(good.revision)
    say(world, service, f"rolling back to deployment {good.id}.")
    return begin(world, service, good.revision, back_to=good)


def _settings(service: Service) -> Json:
    return (service.settings.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
