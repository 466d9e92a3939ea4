"""Targets: how each is registered, checked, found well or not, and drained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.elbv2.models import elbv2_backends

from orchestrator.sandbox.world.elb.answers import answer_of, reachable
from orchestrator.sandbox.world.elb.usage import balancers_by_group
from orchestrator.sandbox.world.probe import HEALTHY, INITIAL, UNHEALTHY, Pace, Probe

if TYPE_CHECKING:
    from orchestrator.sandbox.world.ecs.model import Task
    from orchestrator.sandbox.world.world import World

_DESCRIPTIONS = {
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Elb.InitialHealthChecking": "Initial health checks in progress",
    "Target.Timeout": "Request timed out",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.NotRegistered": "Target is not registered to the target group",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
}
_DRAINING = "deregistration_delay.timeout_seconds"


@dataclass(frozen=True)
class Health:
    """A target's state as ``DescribeTargetHealth`` puts it."""

    state: str
    reason: str | None = None
    description: str | None = None


def _reasoned(state: str, reason: str) -> Health:
    return Health(state, reason, _DESCRIPTIONS[reason])


NOT_REGISTERED = _reasoned("unused", "Target.NotRegistered")


@dataclass(eq=False)
class Target:
    """One address and port in one target group."""

    id: str
    port: int
    group: Any
    probe: Probe
    registered_at: float
    in_use: bool = False
    answering: bool = False
    """Whether a balancer that is active checks it."""
    drained_at: float | None = None
    last_answer: int | None = None
    reachable: bool | None = None
    """Whether requests get through to it; ``None`` for not known since something has changed."""


class Targets:
    """Every target of every group, by the group's ARN and then by address and port."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups: dict[str, dict[tuple[str, int], Target]] = {}

    def register(self, group: Any, id: str, port: int) -> None:
        """Add a target, or bring back one that drains."""
        targets = self._groups.setdefault(group.arn, {})
        known = targets.get((id, port))
        if known is not None and known.drained_at is None:
            return
        target = Target(id, port, group, self._probe(group, id, port), self._world.now())
        targets[id, port] = target
        group.targets[id] = {"Id": id, "Port": port}
        self._review(target, balancers_by_group(_backend(group)).get(group.arn, []))

    def deregister(self, group: Any, id: str, port: int) -> float:
        """Let a target drain; returns the seconds until it is gone."""
        targets = self._groups.get(group.arn, {})
        target = targets.get((id, port))
        if target is None or target.drained_at is not None:
            return 0.0
        target.probe.stop()
        if not any(each.id == id and each.port != port and each.drained_at is None for each in targets.values()):
            group.targets.pop(id, None)
        delay = float(group.attributes[_DRAINING]) if target.in_use else 0.0
        target.drained_at = self._world.now() + delay
        self._world.after(delay, lambda: self._gone(target))
        return delay

    def register_task(self, task: Task) -> None:
        """Register a task that has just started with the groups of its service."""
        for group, port in self._groups_of(task):
            self.register(group, str(task.address), port)

    def deregister_task(self, task: Task) -> float:
        """Take a task from the groups of its service; returns the seconds until its connections have drained."""
        return max([self.deregister(group, str(task.address), port) for group, port in self._groups_of(task)] + [0.0])

    def state(self, task: Task, group_arn: str, port: int) -> tuple[str, str]:
        """How a group sees a task, and why."""
        target = self._groups.get(group_arn, {}).get((str(task.address), port))
        health = NOT_REGISTERED if target is None else self.health(target)
        return health.state, health.description or ""

    def of_group(self, group_arn: str) -> list[Target]:
        """The targets of a group, those included that drain."""
        return list(self._groups.get(group_arn, {}).values())

    def health(self, target: Target) -> Health:
        """How a target is."""
        if target.drained_at is not None:
            return _reasoned("draining", "Target.DeregistrationInProgress")
        if not target.in_use:
            return _reasoned("unused", "Target.NotInUse")
        if target.probe.state == INITIAL:
            early = not target.answering or self._world.now() - target.registered_at < _pace(target.group).interval / 2
            return _reasoned(INITIAL, "Elb.RegistrationInProgress" if early else "Elb.InitialHealthChecking")
        if target.probe.state == HEALTHY:
            return Health(HEALTHY)
        if target.last_answer is None:
            return _reasoned(UNHEALTHY, "Target.Timeout")
        why = f"Health checks failed with these codes: [{target.last_answer}]"
        return Health(UNHEALTHY, "Target.ResponseCodeMismatch", why)

    def reaches(self, target: Target) -> bool:
        """Whether requests get through to a target."""
        if target.reachable is None:
            target.reachable = reachable(target.group, target.id, target.port)
        return target.reachable

    def review(self, account: str, region: str) -> None:
        """Look again at every target, because listeners, rules, balancers or settings have changed."""
        backend = elbv2_backends[account][region]
        used = balancers_by_group(backend)
        for arn in backend.target_groups:
            for target in self._groups.get(arn, {}).values():
                self._review(target, used.get(arn, []))

    def forget(self, group_arn: str) -> None:
        """The group is deleted."""
        for target in self._groups.pop(group_arn, {}).values():
            target.probe.stop()

    def _review(self, target: Target, balancers: list[Any]) -> None:
        if target.drained_at is not None:
            return
        target.in_use, target.reachable = bool(balancers), None
        answering = any(balancer.state == "active" for balancer in balancers)
        if answering and not target.answering:
            target.probe.start()
        elif answering:
            target.probe.look_again()
        else:
            target.probe.stop()
        target.answering = answering

    def _groups_of(self, task: Task) -> list[tuple[Any, int]]:
        entries = (task.deployment.revision.get("loadBalancers") or []) if task.deployment else []
        if not entries:
            return []
        known = elbv2_backends[task.account][task.region].target_groups
        found = [(known.get(each["targetGroupArn"]), each["containerPort"]) for each in entries]
        return [(group, port) for group, port in found if group is not None]

    def _probe(self, group: Any, id: str, port: int) -> Probe:
        def check() -> tuple[bool, bool]:
            target = self._groups[group.arn][id, port]
            target.last_answer, settled = answer_of(self._world, group, id, port)
            return _matches(group, target.last_answer), settled

        def changed() -> None:
            self._world.ecs.target_changed(group, id)

        return Probe(self._world, lambda: _pace(group), check, changed)

    def _gone(self, target: Target) -> None:
        targets = self._groups.get(target.group.arn, {})
        if targets.get((target.id, target.port)) is target:
            del targets[target.id, target.port]


def _pace(group: Any) -> Pace:
    return Pace(
        interval=float(group.health_check_interval_seconds),
        passes=int(group.healthy_threshold_count),
        failures=int(group.unhealthy_threshold_count),
    )


def _matches(group: Any, status: int | None) -> bool:
    """Whether an answer is one that the group's matcher takes; a TCP check takes any."""
    if status is None or group.health_check_protocol not in ("HTTP", "HTTPS"):
        return status is not None
    for part in str((group.matcher or {}).get("HttpCode", "200")).split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def _backend(group: Any) -> Any:
    return elbv2_backends[group.account_id][group.region_name]
