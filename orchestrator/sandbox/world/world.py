"""The world: what AWS does by itself between two calls.

Nothing ticks. Whatever will happen stands in the agenda, and before each request the world catches up with the clock,
each event seeing its own instant as the present. Between two events the simulated traffic flows.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.core.clock import Clock
from orchestrator.sandbox.repairs import operations
from orchestrator.sandbox.world.agenda import Action, Agenda, Event
from orchestrator.sandbox.world.images import Images
from orchestrator.sandbox.world.traffic.traffic import RATE, Traffic

if TYPE_CHECKING:
    from orchestrator.sandbox.world.ecs.engine import Ecs
    from orchestrator.sandbox.world.elb.targets import Targets
    from orchestrator.sandbox.world.metrics.alarms import Alarms
    from orchestrator.sandbox.world.metrics.gauges import Gauges
    from orchestrator.sandbox.world.scaling import Scaling

_PACKAGE = "orchestrator.sandbox.world"
_ECS = ("clusters", "definitions", "services", "tasks", "revisions")
_ELB = ("balancers", "groups", "listeners", "health")
_ANSWERS = {
    "application-autoscaling": (f"{_PACKAGE}.scaling",),
    "cloudwatch": (f"{_PACKAGE}.metrics.answers", f"{_PACKAGE}.metrics.alarms"),
    "ec2": (f"{_PACKAGE}.network",),
    "ecr": (f"{_PACKAGE}.repositories", f"{_PACKAGE}.scans"),
    "ecs": tuple(f"{_PACKAGE}.ecs.{name}" for name in _ECS),
    "kms": (f"{_PACKAGE}.recovery",),
    "secretsmanager": (f"{_PACKAGE}.recovery",),
    "servicediscovery": (f"{_PACKAGE}.namespaces",),
    "elbv2": tuple(f"{_PACKAGE}.elb.{name}" for name in _ELB),
}
_present: list[World] = []


class World:
    """The present, what is going to happen, and the parts that make it happen."""

    def __init__(self, clock: Clock, *, empty_repositories: bool = False, traffic: float = RATE) -> None:
        self._clock = clock
        self._agenda = Agenda()
        self._instant: float | None = None
        self._reached = clock.now()
        self.empty_repositories = empty_repositories
        self.images = Images(self)
        self.traffic = Traffic(self, traffic)

    @cached_property
    def ecs(self) -> Ecs:
        """Services and tasks; made at the first call to ECS, as moto's part of it takes a second to import."""
        from orchestrator.sandbox.world.ecs.engine import Ecs

        return Ecs(self)

    @cached_property
    def elb(self) -> Targets:
        """Targets and their health; made when first needed."""
        from orchestrator.sandbox.world.elb.targets import Targets

        return Targets(self)

    @cached_property
    def gauges(self) -> Gauges:
        """What is measured as time passes."""
        from orchestrator.sandbox.world.metrics.gauges import Gauges

        return Gauges(self)

    @cached_property
    def alarms(self) -> Alarms:
        """What watches metrics."""
        from orchestrator.sandbox.world.metrics.alarms import Alarms

        return Alarms(self)

    @cached_property
    def scaling(self) -> Scaling:
        """What changes the counts of services by themselves."""
        from orchestrator.sandbox.world.scaling import Scaling

        return Scaling(self)

    def now(self) -> float:
        """The instant of the event that is happening, or the clock's time between events."""
        return self._clock.now() if self._instant is None else self._instant

    def after(self, seconds: float, action: Action) -> Event:
        """Have something happen that many seconds from now."""
        return self._agenda.add(self.now() + seconds, action)

    def catch_up(self) -> None:
        """Let everything happen that was due by now, in order."""
        until = self._clock.now()
        try:
            while event := self._agenda.due(until):
                self._pass(event.at)
                self._instant = event.at
                event.action()
            self._pass(until)
        finally:
            self._instant = None

    def install(self) -> None:
        """Become the world that answers where moto's state alone does not."""
        if not _present:
            operations.declare(_ANSWERS)
        _present[:] = [self]

    def reset(self) -> None:
        """Start over, with an empty account."""
        self._agenda.clear()
        self.images.reset()
        self.traffic.reset()
        self._reached = self._clock.now()
        for part in ("alarms", "ecs", "elb", "gauges", "scaling"):
            self.__dict__.pop(part, None)

    def _pass(self, until: float) -> None:
        """Let time pass in which nothing happens but requests; what they meet is what there was before."""
        since, self._reached = self._reached, max(self._reached, until)
        if since < until and vars(self).keys() & {"ecs", "elb"}:
            self._instant = since
            self.traffic.flow(since, until)
            self.gauges.read(since, until)


def present() -> World:
    """The world of the sandbox that runs in this process, as its state is moto's, which is the process's."""
    return _present[0]
