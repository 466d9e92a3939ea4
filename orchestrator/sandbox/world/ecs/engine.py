"""ECS as a whole: the scheduler and the tasks' lives, and what they need of each other."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast

from moto.ecs.models import ecs_backends

from orchestrator.sandbox.world.ecs import preparation, wording
from orchestrator.sandbox.world.ecs.lifecycle import Lifecycle
from orchestrator.sandbox.world.ecs.model import Deployment, Json, Service, Task
from orchestrator.sandbox.world.ecs.scheduler import Scheduler

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World


class Ecs:
    """Starts tasks, for a service or alone, and knows where they are."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.scheduler = Scheduler(world)
        self.lifecycle = Lifecycle(world, self.scheduler.task_changed)
        self.runs: dict[tuple[str, str, str], tuple[Json, list[Task]]] = {}
        """What ``RunTask`` started, by its client token, with what was asked for."""

    def start(self, service: Service, deployment: Deployment) -> Task:
        """Start one more task of a service."""
        backend = ecs_backends[service.account][service.region]
        definition = backend.describe_task_definition(deployment.revision["taskDefinition"])
        task = self._task(service.cluster, service.account, service.region, definition)
        task.group, task.started_by = f"service:{service.name}", deployment.id
        task.service, task.deployment = service, deployment
        task.asked = {**deployment.revision, "enableExecuteCommand": service.settings.get("enableExecuteCommand")}
        _place(task)
        task.tags = _propagated(service, definition)
        service.tasks.append(task)
        self.run(task)
        return task

    def run_alone(self, cluster: Any, account: str, region: str, definition: Any, asked: Json) -> Task:
        """Start a task that belongs to no service."""
        task = self._task(cluster, account, region, definition)
        task.group = asked.get("group") or f"family:{definition.family}"
        task.started_by = asked.get("startedBy")
        task.asked = dict(asked)
        _place(task)
        own = list(definition.tags or []) if asked.get("propagateTags") == "TASK_DEFINITION" else []
        task.tags = own + list(asked.get("tags") or [])
        self.run(task)
        return task

    def run(self, task: Task) -> None:
        """Put the task where it can be seen, and start its life."""
        backend = ecs_backends[task.account][task.region]
        backend.tasks.setdefault(task.cluster_name, {})[task.task_arn] = task
        self.lifecycle.launch(task)

    def forget(self, task: Task) -> None:
        """An hour after its end nobody can ask for a task any more."""
        backend = ecs_backends[task.account][task.region]
        backend.tasks.get(task.cluster_name, {}).pop(task.task_arn, None)

    def task_at(self, account: str, region: str, interface: Any) -> Task | None:
        """The task that has a network interface."""
        if interface is None:
            return None
        tasks = (task for each in ecs_backends[account][region].tasks.values() for task in each.values())
        return next((cast(Task, task) for task in tasks if task.interface == interface.id), None)

    def target_changed(self, group: Any, address: str) -> None:
        """A target of a group has become healthy or unhealthy: its service looks again."""
        for service in ecs_backends[group.account_id][group.region_name].services.values():
            if any(task.address == address for task in service.tasks):
                self.scheduler.wake(service)

    def obstacle(self, service: Service, task_definition: str) -> str | None:
        """Why no task of a service can be placed, as its event says it."""
        definition = ecs_backends[service.account][service.region].describe_task_definition(task_definition)
        if role := preparation.unassumable_role(definition, service.account, service.region):
            return wording.failed_to_launch(role)
        return None if self.has_room(definition) else wording.NO_CAPACITY

    def has_room(self, definition: Any) -> bool:
        """Whether there is capacity for a task of this definition; its images decide."""
        images = (each["image"] for each in definition.container_definitions)
        return all(self._world.images.pull(image).behaviour.placeable for image in images)

    def _task(self, cluster: Any, account: str, region: str, definition: Any) -> Task:
        number = uuid.uuid4().hex
        return Task(
            id=number,
            task_arn=f"{cluster.arn.replace(':cluster/', ':task/')}/{number}",
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            account=account,
            region=region,
            definition=definition,
            group="",
            started_by=None,
            created_at=self._world.now(),
        )


def _place(task: Task) -> None:
    """A provider strategy names the provider that a task runs on; a launch type names none."""
    strategy = task.asked.get("capacityProviderStrategy")
    if strategy:
        best = max(strategy, key=lambda each: (each.get("base", 0), each.get("weight", 0)))
        task.asked["capacityProviderName"] = best["capacityProvider"]
        task.asked.setdefault("launchType", "FARGATE")


def _propagated(service: Service, definition: Any) -> list[Json]:
    source = service.settings.get("propagateTags")
    copied = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(str(source)) or []
    managed = []
    if service.settings.get("enableECSManagedTags"):
        managed = [
            {"key": "aws:ecs:clusterName", "value": service.cluster_name},
            {"key": "aws:ecs:serviceName", "value": service.name},
        ]
    return managed + [dict(each) for each in copied]
