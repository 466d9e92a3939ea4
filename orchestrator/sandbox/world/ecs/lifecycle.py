"""The life of one task: provisioned, pulled, started, and, sooner or later, stopped.

The durations are those of Fargate, give or take: about half a minute to start, and on the way down as long as the
target group lets its connections drain.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.sandbox.world.behaviours import Behaviour
from orchestrator.sandbox.world.ecs import discovery, interfaces, logs, preparation
from orchestrator.sandbox.world.ecs.model import Container, Task
from orchestrator.sandbox.world.probe import HEALTHY, UNHEALTHY, Pace, Probe

if TYPE_CHECKING:
    from orchestrator.sandbox.world.agenda import Event
    from orchestrator.sandbox.world.world import World

PROVISIONING = 12.0
PULLING = 14.0
ACTIVATING = 4.0
NOTICING = 1.0
"""Until ECS notices that a container has exited; until then the load balancer sends requests to nobody."""
STOPPING = 2.0
DEPROVISIONING = 10.0
JOB = 20.0
"""How long a task runs that belongs to no service and does what it was started for."""
REMEMBERED = 3600.0


class Lifecycle:
    """Takes tasks from state to state, and tells whoever watches when one has changed."""

    def __init__(self, world: World, changed: Callable[[Task], None]) -> None:
        self._world = world
        self._changed = changed
        self._steps: dict[Task, Event] = {}
        self._behaviours: dict[Container, Behaviour] = {}
        self._probes: dict[Container, Probe] = {}
        self._launched = 0

    def launch(self, task: Task) -> None:
        """Start a task whose containers are still to be made."""
        self._launched += 1
        task.containers = [_container(task, each) for each in task.definition.container_definitions]
        self._after(task, PROVISIONING + self._launched % 4, self._provisioned)

    def stop(self, task: Task, code: str, reason: str) -> None:
        """Bring a task down; the first reason given is the one that stays."""
        if task.desired_status == "STOPPED":
            return
        task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
        task.instants["stoppingAt"] = self._world.now()
        for container in task.containers:
            if probe := self._probes.pop(container, None):
                probe.stop()
        if task.last_status in ("RUNNING", "ACTIVATING"):
            wait = self._world.elb.deregister_task(task)
            discovery.deregister(task)
            exited = all(container.exit_code is not None for container in task.containers if container.essential)
            self._enter(task, "DEACTIVATING")
            self._after(task, STOPPING if exited else wait, self._terminate)
        else:
            self._terminate(task)

    def answer(self, task: Task, port: int, patience: float) -> tuple[int | None, bool]:
        """What a health check on a port of the task gets: a status or nothing, and whether that is going to last."""
        behaviour = self.listener(task, port)
        if behaviour is None:
            return None, True
        age = self.age(task)
        return behaviour.answer(age) if behaviour.latency <= patience else None, age >= behaviour.ready_after

    def listener(self, task: Task, port: int) -> Behaviour | None:
        """How the container behaves that listens on a port of the task; ``None`` where none is left that could."""
        if task.last_status not in ("RUNNING", "DEACTIVATING"):
            return None
        container = _listening(task, port)
        return None if container.exit_code is not None else self._behaviours.get(container)

    def age(self, task: Task) -> float:
        """Seconds since its containers were started."""
        return self._world.now() - task.instants["startedAt"]

    def memory(self, task: Task, at: float) -> float:
        """The percentage of its memory that a running task uses at an instant."""
        age = at - task.instants["startedAt"]
        return max(self._behaviours[each].memory(age) for each in task.containers)

    def _after(self, task: Task, seconds: float, step: Callable[[Task], None]) -> None:
        if task in self._steps:
            self._steps[task].cancel()
        self._steps[task] = self._world.after(seconds, lambda: step(task))

    def _enter(self, task: Task, status: str) -> None:
        task.last_status = status
        task.version += 1
        self._changed(task)

    def _provisioned(self, task: Task) -> None:
        network = (task.asked.get("networkConfiguration") or {}).get("awsvpcConfiguration")
        if network:
            neighbours = task.service.tasks if task.service else []
            try:
                interfaces.attach(task, network, neighbours)
            except interfaces.NoFreeAddress as error:
                why = f"Unexpected EC2 error while attempting to Create Network Interface in subnet '{error}'"
                self.stop(task, "TaskFailedToStart", f"{why}: InsufficientFreeAddressesInSubnet")
                return
        task.instants["connectivityAt"] = task.instants["pullStartedAt"] = self._world.now()
        self._enter(task, "PENDING")
        self._after(task, PULLING + self._launched % 5, self._pulled)

    def _pulled(self, task: Task) -> None:
        if problem := preparation.trouble(task):
            self.stop(task, "TaskFailedToStart", problem)
            return
        for container in task.containers:
            pull = self._world.images.pull(container.definition["image"])
            if pull.error:
                container.reason = f"CannotPullContainerError: {pull.error}"
                retried = "pull image manifest has been retried 1 time(s)"
                self.stop(task, "TaskFailedToStart", f"CannotPullContainerError: {retried}: {pull.error}")
                return
            container.image_digest = pull.digest
            self._behaviours[container] = pull.behaviour
        task.instants["pullStoppedAt"] = self._world.now()
        self._enter(task, "ACTIVATING")
        self._after(task, ACTIVATING, self._started)

    def _started(self, task: Task) -> None:
        task.instants["startedAt"] = self._world.now()
        for container in task.containers:
            container.last_status = "RUNNING"
            logs.write(task, container, f"started {container.definition['image']}", self._world.now())
            container.runtime_id = f"{task.id}-{uuid.uuid4().int % 10**10:010d}"
            if "healthCheck" in container.definition:
                self._probe(task, container)
        self._world.elb.register_task(task)
        discovery.register(task)
        self._enter(task, "RUNNING")
        for container in task.containers:
            self._end(task, container)

    def _end(self, task: Task, container: Container) -> None:
        behaviour = self._behaviours[container]
        after, code = behaviour.exits_after, behaviour.exit_code
        if after is None and task.service is None:
            after, code = JOB, behaviour.job_exit_code or code
        if after is not None:
            self._world.after(after, lambda: self._exit(task, container, behaviour, code))

    def _exit(self, task: Task, container: Container, behaviour: Behaviour, code: int) -> None:
        if task.desired_status == "STOPPED":
            return
        container.last_status, container.exit_code = "STOPPED", code
        container.reason = behaviour.exit_reason
        last_words = f"exiting with {code}, as told by {behaviour.name}" if code else "done"
        logs.write(task, container, last_words, self._world.now())
        if container.essential:
            end = "EssentialContainerExited", "Essential container in task exited"
            self._world.after(NOTICING, lambda: self.stop(task, *end))

    def _terminate(self, task: Task) -> None:
        if "startedAt" in task.instants:
            self._enter(task, "STOPPING")
            self._after(task, STOPPING, self._deprovision)
        else:
            self._deprovision(task)

    def _deprovision(self, task: Task) -> None:
        for container in task.containers:
            started = "startedAt" in task.instants
            container.last_status = "STOPPED"
            if started and container.exit_code is None:
                container.exit_code = 143
        task.instants["executionStoppedAt"] = self._world.now()
        self._enter(task, "DEPROVISIONING")
        self._after(task, DEPROVISIONING, self._stopped)

    def _stopped(self, task: Task) -> None:
        interfaces.detach(task)
        task.instants["stoppedAt"] = self._world.now()
        self._steps.pop(task, None)
        for container in task.containers:
            self._behaviours.pop(container, None)
        self._enter(task, "STOPPED")
        self._world.after(REMEMBERED, lambda: self._world.ecs.forget(task))

    def _probe(self, task: Task, container: Container) -> None:
        check = container.definition["healthCheck"]
        pace = Pace(
            interval=float(check.get("interval") or 30),
            passes=1,
            failures=int(check.get("retries") or 3),
            forgiven=float(check.get("startPeriod") or 0),
        )

        def passes() -> tuple[bool, bool]:
            behaviour, age = self._behaviours[container], self.age(task)
            return behaviour.answer(age) == 200, age >= behaviour.ready_after

        def judged() -> None:
            container.health_status = {HEALTHY: "HEALTHY", UNHEALTHY: "UNHEALTHY"}[probe.state]
            self._changed(task)

        probe = self._probes[container] = Probe(self._world, lambda: pace, passes, judged)
        probe.start()


def _container(task: Task, definition: Any) -> Container:
    arn = task.task_arn.replace(":task/", ":container/") + f"/{uuid.uuid4()}"
    return Container(arn=arn, task_arn=task.task_arn, definition=definition)


def _listening(task: Task, port: int) -> Container:
    for container in task.containers:
        if any(each.get("containerPort") == port for each in container.definition.get("portMappings", [])):
            return container
    return task.containers[0]
