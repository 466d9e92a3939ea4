"""What stands behind target groups at one instant, and what a request that is sent there gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends

from orchestrator.sandbox.world.probe import HEALTHY, UNHEALTHY
from orchestrator.sandbox.world.traffic.ledger import FAILURE, Answer

if TYPE_CHECKING:
    from orchestrator.sandbox.world.ecs.model import Task
    from orchestrator.sandbox.world.elb.targets import Target
    from orchestrator.sandbox.world.world import World

LATENCY = 0.02
"""Seconds that a task of a good image takes to answer."""
_NO_TARGET = Answer(503, "the target group has no target that takes requests")
_NO_WEIGHT = Answer(503, "no target group has a weight")
_UNANSWERED = "the target does not answer"
_STOPPED = "the target has stopped"
_FAILED = "the application failed"

Outcome = tuple[str, Answer]
"""A target group's ARN, or nothing, and what a request gets there."""


class Backends:
    """The tasks of a region by address, and what they answer."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self._world = world
        self._tasks: dict[tuple[str, str], Task] = {}
        interfaces = ec2_backends[account][region].enis
        for tasks in ecs_backends[account][region].tasks.values():
            for task in tasks.values():
                if (interface := interfaces.get(task.interface)) is not None:
                    self._tasks[interface.subnet.vpc_id, str(task.address)] = task

    def outcomes(self, groups: Iterable[tuple[str, int]]) -> Mapping[Outcome, float]:
        """The share of each thing that can become of a request to weighted groups; there is no failing over."""
        weighed = [(arn, weight) for arn, weight in groups if weight]
        total = sum(weight for _, weight in weighed)
        shares: Counter[Outcome] = Counter() if weighed else Counter({("", _NO_WEIGHT): 1})
        for arn, weight in weighed:
            targets = self.usable(arn)
            for target in targets:
                for answer, portion in self.answers(target).items():
                    shares[arn, answer] += weight / total * portion / len(targets)  # type: ignore[assignment]
            if not targets:
                shares[arn, _NO_TARGET] += weight / total  # type: ignore[assignment]
        return shares

    def usable(self, group: str) -> list[Target]:
        """The targets that get requests: the healthy ones, or all unhealthy ones where there is no other."""
        states: dict[str, list[Target]] = {}
        for target in self._world.elb.of_group(group):
            states.setdefault(self._world.elb.health(target).state, []).append(target)
        return states.get(HEALTHY) or states.get(UNHEALTHY) or []

    def task(self, target: Target) -> Task | None:
        """The task at a target's address."""
        return self._tasks.get((target.group.vpc_id, target.id))

    def answers(self, target: Target) -> Mapping[Answer, float]:
        """The share of each answer that a target gives."""
        task = self.task(target)
        if task is None or not self._world.elb.reaches(target):
            return {Answer(504, _UNANSWERED): 1.0}
        digest = next((each.image_digest for each in task.containers if each.image_digest), "")
        deployment = task.deployment.id if task.deployment else ""
        answer = partial(Answer, service=_service(task), deployment=deployment, digest=digest)
        behaviour = self._world.ecs.lifecycle.listener(task, target.port)
        if behaviour is None:
            return {answer(502, _STOPPED): 1.0}
        status = behaviour.answer(self._world.ecs.lifecycle.age(task))
        if status is None:
            return {answer(504, _UNANSWERED): 1.0}
        latency, wrong = LATENCY + behaviour.latency, behaviour.error_share
        shares = Counter({answer(status, _error(status), latency=latency, by_target=True): 1.0 - wrong})
        shares[answer(500, _error(500), latency=latency, by_target=True)] += wrong  # type: ignore[assignment]
        return +shares


def _error(status: int) -> str:
    return _FAILED if status >= FAILURE else ""


def _service(task: Task) -> str:
    return f"{task.cluster_name}/{task.service.name}" if task.service else ""
