"""Rollouts whose process dies at a chosen AWS call, and whatever starts next to go on with them.

At each chosen call the test's process is forked. The copy is the world in which the rollout's process died there: all
that it had in memory is dropped, no ``finally`` runs, and a new one starts. The original goes on to the next call.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Collection
from typing import Any

from orchestrator.aws.door import Access, Aws
from orchestrator.rollout import history
from orchestrator.rollout.driver import Job, drive, unfinished
from orchestrator.rollout.gates.base import Limits
from orchestrator.rollout.gates.metrics import Latency
from orchestrator.rollout.strategies import all_at_once, canary, rolling
from orchestrator.sandbox.server import Sandbox
from tests.crash.forks import in_a_fork
from tests.crash.inline import inline
from tests.scenarios.rollouts.scene import Scene
from tests.world import REGION

QUICK = Latency(maximum=0.5, requests=20, limits=Limits(every=60))
STRATEGIES = {
    "all-at-once": all_at_once(bake=0, hold=0),
    "canary": canary([(10, 5), (50, 5)], bake=0, hold=5),
    "watched canary": dc.replace(canary([(10, 180)], bake=0, hold=0), watch=(QUICK,)),
    "rolling": rolling(bake=0),
}
"""With waits as short as they can be: the calls are what matters."""


@dc.dataclass(frozen=True, order=True)
class Point:
    """A moment to die at: before AWS hears of the n-th call, or after it has done it and before the reply is heard."""

    call: int
    after: bool


@dc.dataclass
class Record:
    """What was found out."""

    points: list[Point] = dc.field(default_factory=list)
    calls: int = 0
    failures: list[str] = dc.field(default_factory=list)


class InlineDoor(Aws):
    """The product's door to a sandbox that is called directly, one call at a time.

    ``moment`` is asked at every point.
    """

    def __init__(self, sandbox: Sandbox, moment: Callable[[Point, str], None] = lambda *_: None) -> None:
        super().__init__(Access(region=REGION), sandbox.clock, workers=1)
        self._sandbox = sandbox
        self._moment = moment
        self.made = 0

    def _connect(self, service: str) -> Any:
        return inline(super()._connect(service), self._sandbox)

    def _call(self, service: str, operation: str, send: Callable[[], Any]) -> Any:
        self.made += 1
        number, name = self.made, f"{service}:{operation}"
        self._moment(Point(number, after=False), f"before call {number}, {name}")
        answer = super()._call(service, operation, send)
        self._moment(Point(number, after=True), f"after call {number}, {name}")
        return answer


@dc.dataclass
class Patient:
    """A service that is to run an image, and whoever rolls it out dies."""

    stage: Scene
    name: str
    tag: str

    def calls(self) -> int:
        """How many calls its rollout makes."""
        return int(in_a_fork(lambda: self._roll_out(self._door()).made))

    def dies_at(self, points: Collection[Point]) -> Record:
        """Roll out once, and once more from each of the points on; every end has to be the same."""
        record = Record()
        ends: list[tuple[str, Any]] = []

        def moment(point: Point, words: str) -> None:
            if point in points:
                record.points.append(point)
                try:
                    ends.append((words, in_a_fork(self._next)))
                except AssertionError as error:
                    record.failures.append(f"killed {words}: {error}")

        record.calls = self._roll_out(self._door(moment)).made
        wanted = self.end()
        for words, end in ends:
            record.calls += end.pop("calls")
            record.failures += [
                f"killed {words}: {part} is {end[part]}, not {wanted[part]}"
                for part in wanted
                if end[part] != wanted[part]
            ]
        return record

    def _next(self) -> dict[str, Any]:
        """The process that is started after the death: it knows nothing, and does the same."""
        self.stage.aws.sleep(3)
        heir = self._roll_out(self._door())
        return {**self.end(), "calls": heir.made}

    def _roll_out(self, door: InlineDoor) -> InlineDoor:
        self.stage.door = door
        decision = self.stage.assess({self.name: self.tag})[self.name]
        job = Job(spec=self.stage.specs[self.name], decision=decision if decision.acts else None, by="a mortal")
        drive(door, [job], store=self.stage.store, move=self.stage.move, sink=self.stage.events.append)
        return door

    def _door(self, moment: Callable[[Point, str], None] = lambda *_: None) -> InlineDoor:
        return InlineDoor(self.stage.aws.sandbox, moment)

    # -- what is seen --------------------------------------------------------------------------------------------------

    def end(self) -> dict[str, Any]:
        """How things stand, as JSON has it."""
        stage, name = self.stage, self.name
        tasks = [t for t in self._tasks() if t["lastStatus"] != "STOPPED"]
        return {
            "weights": stage.weights(name) if stage.specs[name].rule else {},
            "counts": {colour: list(count) for colour, count in sorted(stage.counts(name).items())},
            "deployments": {c: len(s["deployments"]) for c, s in sorted(stage.described(name).items())},
            "scaling": {
                c: [t["MinCapacity"], t["MaxCapacity"], sorted(k for k, v in t["SuspendedState"].items() if v)]
                for c, t in sorted(stage.scaling(name).items())
            },
            "tasks": sorted([t["group"], t["containers"][0]["imageDigest"]] for t in tasks),
            "revisions": len(stage.aws.client("ecs").list_task_definitions()["taskDefinitionArns"]),
            "history": [[r["outcome"], r["release"]["image"]] for r in history.records(stage.store, "forum", name)],
            "unfinished": sorted(unfinished(stage.store, "forum")),
            "failed requests": stage.aws.sandbox.ledger.failed,
        }

    def _tasks(self) -> list[Any]:
        ecs = self.stage.aws.client("ecs")
        arns = ecs.list_tasks(cluster="main")["taskArns"]
        return list(ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]) if arns else []
