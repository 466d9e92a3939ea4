"""The service scheduler: starts and stops tasks until a service is what it was told to be.

It never does more than the deployment configuration allows: no more tasks than ``maximumPercent``, no fewer healthy
ones than ``minimumHealthyPercent``.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from orchestrator.sandbox.world.ecs import breaker, wording
from orchestrator.sandbox.world.ecs.events import say
from orchestrator.sandbox.world.ecs.model import Deployment, Json, Service, Task, count
from orchestrator.sandbox.world.probe import UNHEALTHY

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World

LATENCY = 1.0
SETTLING = 40.0
"""How long a task has to run before it counts as healthy where nothing checks it."""
PLACEMENT_RETRY = 60.0
_FAILURES = ("TaskFailedToStart", "EssentialContainerExited")


class Scheduler:
    """Looks at a service whenever something about it has changed."""

    def __init__(self, world: World) -> None:
        self._world = world

    def wake(self, service: Service, delay: float = LATENCY) -> None:
        """Look at the service soon, or sooner than was planned."""
        at = self._world.now() + delay
        if service.wake_at is None or at < service.wake_at:
            service.wake_at = at
            self._world.after(delay, lambda: self._awake(service, at))

    def task_changed(self, task: Task) -> None:
        """Take note of a task's new state."""
        service = task.service
        if service is None or task not in service.tasks:
            return
        groups = [each["targetGroupArn"] for each in self._balanced(task)]
        if task.last_status == "RUNNING":
            for group in groups:
                say(self._world, service, wording.registered(1, group))
        elif task.last_status == "DEACTIVATING" and groups:
            for group in groups:
                say(self._world, service, wording.deregistered(1, group))
            say(self._world, service, wording.draining(1))
        elif task.last_status == "STOPPED":
            service.tasks.remove(task)
        if task.desired_status == "STOPPED" and task.stop_code in _FAILURES:
            self._failed(task)
        self.wake(service)

    def _awake(self, service: Service, at: float) -> None:
        if service.wake_at == at:
            service.wake_at = None
            self._look(service)

    def _look(self, service: Service) -> None:
        if service.status == "INACTIVE":
            return
        for task in list(service.tasks):
            self._judge(service, task)
        primary = service.deployments[0]
        primary.wanted = service.desired_count
        self._stop_surplus(service, primary)
        if primary.rollout_state != "FAILED":
            self._start(service, primary)
        self._conclude(service)

    def _judge(self, service: Service, task: Task) -> None:
        """Note that a task has become healthy, or take it down because it has not."""
        if task.last_status != "RUNNING" or task.desired_status != "RUNNING":
            return
        age = self._world.now() - task.instants["startedAt"]
        if task.health_status == "UNHEALTHY":
            self._give_up(task, "Task failed container health checks")
            return
        for each in self._balanced(task):
            group, port = each["targetGroupArn"], each["containerPort"]
            state, why = self._world.elb.state(task, group, port)
            if state == UNHEALTHY:
                grace = float(service.settings.get("healthCheckGracePeriodSeconds") or 0)
                if age < grace:
                    self.wake(service, grace - age)
                    continue
                say(self._world, service, wording.unhealthy(port, group, why))
                self._give_up(task, wording.failed_elb(group))
                return
        if not task.judged and self.healthy(task):
            task.judged = True
            if task.deployment is not None:
                breaker.proven(service, task.deployment)

    def healthy(self, task: Task) -> bool:
        """Whether a task counts as healthy: by its targets, its containers' checks, or, without any, its age."""
        if task.last_status != "RUNNING" or task.desired_status != "RUNNING":
            return False
        balanced = self._balanced(task)
        if task.checked and task.health_status != "HEALTHY":
            return False
        if balanced:
            return all(
                self._world.elb.state(task, each["targetGroupArn"], each["containerPort"])[0] == "healthy"
                for each in balanced
            )
        age = self._world.now() - task.instants["startedAt"]
        if not task.checked and age < SETTLING and task.service is not None:
            self.wake(task.service, SETTLING - age)
            return False
        return True

    def _give_up(self, task: Task, reason: str) -> None:
        if not task.judged:
            self._failed(task)
        self._world.ecs.lifecycle.stop(task, "ServiceSchedulerInitiated", reason)

    def _failed(self, task: Task) -> None:
        """Count a failure once, however many states the task still goes through."""
        if not task.judged and task.service is not None and task.deployment is not None:
            task.judged = True
            breaker.failed(self._world, task.service, task.deployment)

    def _start(self, service: Service, primary: Deployment) -> None:
        mine, others = _active(service, primary)
        upper = service.desired_count * _percent(service, "maximumPercent", 200) // 100
        number = min(service.desired_count - len(mine), upper - len(mine) - len(others))
        if number <= 0:
            return
        if (wait := primary.next_start - self._world.now()) > 0:
            self.wake(service, wait)
            return
        if obstacle := self._world.ecs.obstacle(service, primary.revision["taskDefinition"]):
            say(self._world, service, obstacle, once=primary)
            breaker.failed(self._world, service, primary)
            primary.next_start = self._world.now() + PLACEMENT_RETRY
            self.wake(service, PLACEMENT_RETRY)
            return
        started = [self._world.ecs.start(service, primary) for _ in range(number)]
        service.steady = False
        say(self._world, service, wording.started(started))

    def _stop_surplus(self, service: Service, primary: Deployment) -> None:
        """Stop what is too much of the new, and as much of the old as the healthy new ones allow."""
        mine, others = _active(service, primary)
        desired = service.desired_count
        lower = math.ceil(desired * _percent(service, "minimumHealthyPercent", 100) / 100)
        upper = desired * _percent(service, "maximumPercent", 200) // 100
        failed = primary.rollout_state == "FAILED"
        well = 0 if failed else sum(self.healthy(task) for task in mine)
        keep = max(0, desired - well)
        if not failed and len(mine) < desired and len(mine) + len(others) >= upper:
            keep = max(0, lower - well)
        surplus = self._expendable(mine)[: max(0, len(mine) - desired)]
        surplus += self._expendable(others)[: max(0, len(others) - keep)]
        for each in service.deployments[1:]:
            each.wanted = min(keep, sum(task.deployment is each for task in others))
        if surplus:
            service.steady = False
            say(self._world, service, wording.stopped(surplus))
        for task in surplus:
            self._world.ecs.lifecycle.stop(task, "ServiceSchedulerInitiated", wording.scaling(primary.id))

    def _expendable(self, tasks: list[Task]) -> list[Task]:
        """Which to stop first: those of a failed deployment, then what is not healthy, then where most of them are."""
        left, order = list(tasks), list[Task]()
        while left:
            zones = Counter(task.availability_zone for task in left)
            order.append(min(left, key=lambda task: self._worth(task, zones)))
            left.remove(order[-1])
        return order

    def _worth(self, task: Task, zones: Counter[str | None]) -> tuple[bool, bool, int, float]:
        failed = task.deployment is not None and task.deployment.rollout_state == "FAILED"
        return not failed, self.healthy(task), -zones[task.availability_zone], -task.created_at

    def _conclude(self, service: Service) -> None:
        """Say when all is as it should be, and let go of what has been replaced."""
        primary = service.deployments[0]
        if service.status == "DRAINING":
            if not service.tasks:
                service.status, service.deployments = "INACTIVE", []
            return
        mine, others = _active(service, primary)
        draining = count(service.tasks, "DEACTIVATING")
        service.deployments = [
            each
            for each in service.deployments
            if each is primary or each.rollout_state != "IN_PROGRESS" or any(task.deployment is each for task in others)
        ]
        if others or draining or len(mine) != service.desired_count or not all(self.healthy(task) for task in mine):
            return
        if primary.rollout_state == "IN_PROGRESS":
            service.deployments = [primary]
            breaker.completed(self._world, service, primary)
        if not service.steady and primary.rollout_state == "COMPLETED":
            service.steady = True
            say(self._world, service, wording.STEADY)

    def _balanced(self, task: Task) -> list[Json]:
        return list(task.deployment.revision.get("loadBalancers") or []) if task.deployment else []


def _active(service: Service, primary: Deployment) -> tuple[list[Task], list[Task]]:
    """The tasks that are meant to run: those of the primary deployment, and those of all others."""
    active = [task for task in service.tasks if task.desired_status == "RUNNING"]
    return [each for each in active if each.deployment is primary], [
        each for each in active if each.deployment is not primary
    ]


def _percent(service: Service, name: str, default: int) -> int:
    value = (service.settings.get("deploymentConfiguration") or {}).get(name)
    return default if value is None else int(value)
