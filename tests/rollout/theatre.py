"""A world without AWS: two colours whose tasks need twenty seconds, a rule, auto scaling, a fuse in every effect."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.rollout import machine
from orchestrator.rollout.gates.base import Gate, Judgement, Reading
from orchestrator.rollout.sides import Deployment, Side, Target, Task
from orchestrator.rollout.stages.base import Facts
from orchestrator.rollout.stages.verdicts import Wait
from orchestrator.rollout.state import Cursor, as_json, from_json
from orchestrator.rollout.strategies import Route

STARTS_IN = 20.0


class Boom(Exception):
    """The process is gone."""


@dc.dataclass
class Colour:
    """One colour's ECS service."""

    name: str
    desired: int = 0
    runs: str = ""
    deployment: str = ""
    since: float = -1e9
    good: bool = True
    label: str = ""


class Theatre:
    """Implements what stages may touch. It checks the invariants that no order of calls may break."""

    def __init__(self, *, breaks: Callable[[float], bool] = lambda _: False) -> None:
        """``breaks``: from which instant on the new release fails its checks."""
        self.colours = {
            "blue": Colour("posts-blue", desired=4, runs="old", deployment="d0"),
            "green": Colour("posts-green"),
        }
        self.share = 0
        self.held: dict[str, dict[str, bool]] = {"blue": {}}
        self.clock = 0.0
        self.fuse: int | None = None
        self.effects = 0
        self.deployments = 0
        self.log: list[tuple[Any, ...]] = []
        self.balanced = True
        self.freeze = False
        self.tested = "green"
        self.armed = ""
        self.late = 0.0
        """Seconds for which the rule goes on showing the weights from before."""
        self.writes = 0
        self.weighed: list[tuple[float, int]] = []
        self.answers: Callable[[float], Judgement] = lambda _: Judgement.PASS
        self._breaks = breaks
        self.cursor: Cursor | None = None
        self.saved: dict[str, Any] = {}

    # -- World ------------------------------------------------------------------------------------------------

    @property
    def fleet(self) -> Theatre:
        return self

    @property
    def router(self) -> Theatre | None:
        return self if self.balanced else None

    @property
    def scaling(self) -> Theatre:
        return self

    @property
    def facts(self) -> Facts:
        assert self.cursor is not None
        return self.cursor.facts

    @property
    def now(self) -> float:
        return self.clock

    @property
    def place(self) -> str:
        assert self.cursor is not None
        return f"{self.cursor.phase} {self.cursor.at}"

    def judge(self, gate: Gate, memo: str) -> Reading:
        return Reading(judgement=self.answers(self.clock), words="as told", memo=memo)

    def remember(self, **changes: Any) -> None:
        assert self.cursor is not None
        self.save(dc.replace(self.cursor, facts=dc.replace(self.cursor.facts, **changes)))

    def save(self, cursor: Cursor) -> None:
        """Through JSON, as a store would."""
        self._effect()
        self.saved = as_json(cursor)
        self.cursor = cursor

    # -- Fleet ------------------------------------------------------------------------------------------------

    def side(self, colour: str) -> Side:
        live = self.colours[colour]
        if not live.deployment:
            return Side(service=live.name)
        up = self._up(live)
        running = live.desired if self.clock - live.since >= STARTS_IN else 0
        tasks = tuple(
            Task(
                arn=f"{live.name}/{n}",
                started_by=live.deployment,
                task_definition=live.runs,
                status="RUNNING",
                address=f"{n}",
            )
            for n in range(running)
        )
        return Side(
            service=live.name,
            status="ACTIVE",
            desired=live.desired,
            running=running,
            task_definition=live.runs,
            deployments=(
                Deployment(
                    id=live.deployment,
                    primary=True,
                    task_definition=live.runs,
                    desired=live.desired,
                    running=running,
                    pending=0,
                    failed=0,
                    state="COMPLETED" if up or not live.desired else "IN_PROGRESS",
                    reason="",
                ),
            ),
            tasks=tasks,
            targets=tuple(Target(t.address, "healthy" if up else "unhealthy") for t in tasks),
        )

    def register(self) -> str:
        self._effect()
        return "new"

    def renew(self) -> Mapping[str, Any]:
        self._effect()
        return self.facts.previous

    def deploy(self, colour: str, target: str, count: int | None) -> str:
        live = self.colours[colour]
        self._effect()
        self.deployments += 1
        live.deployment, live.since = f"d{self.deployments}", self.clock
        live.runs = "new" if target == "release" else "old"
        live.desired = live.desired if count is None else count
        self._effect()
        return live.deployment

    def label(self, colour: str, target: str) -> None:
        if self.colours[colour].label != target:
            self._effect()
            self.colours[colour].label = target

    def scale(self, colour: str, count: int) -> None:
        assert count or self.facts.first or not self._share_of(colour), f"{colour} sent to 0 under traffic"
        self._effect()
        self.colours[colour].desired = count
        self.log.append(("scale", colour, count))
        self._effect()

    def tidy(self, keep: int) -> None:
        self._effect()

    def arm(self, colour: str) -> None:
        self._effect()
        self.armed = colour

    # -- Router -----------------------------------------------------------------------------------------------

    def percent(self, colour: str) -> float | None:
        shown = next((share for at, share in reversed(self.weighed) if self.clock - at >= self.late), 0)
        share = shown if self.late else self.share
        return share if colour == "green" else 100 - share

    @property
    def whole(self) -> bool:
        return True

    def weigh(self, colour: str, percent: int) -> None:
        share = percent if colour == "green" else 100 - percent
        if share > self.share:
            assert self._up(self.colours["green"]), "traffic moved to a green that is not healthy"
        if share < self.share:
            assert self._up(self.colours["blue"]), "traffic moved to a blue that is not healthy"
        self._effect()
        if share != self.share:
            self.log.append(("weigh", share))
            self.weighed.append((self.clock, share))
        self.share = share
        self.writes += 1
        self._effect()

    def tests(self, colour: str) -> bool:
        return self.tested == colour

    def send_tests(self, colour: str) -> None:
        self._effect()
        self.tested = colour
        self._effect()

    def spare(self, colour: str) -> None:
        self.send_tests("blue" if colour == "green" else "green")

    # -- Scaling ----------------------------------------------------------------------------------------------

    def state(self, colour: str) -> Mapping[str, Any]:
        return dict(self.held.get(colour, {})) or {"suspended": False}

    def suspend(self, colour: str) -> None:
        self._effect()
        self.held[colour] = {"suspended": True}
        self._effect()

    def restore(self, colour: str, state: Mapping[str, Any]) -> None:
        self._effect()
        self.held[colour] = dict(state)
        self._effect()

    def follow(self, colour: str) -> None:
        self._effect()
        self.held = {colour: self.held.get(colour, {"suspended": False})}
        self._effect()

    # -- the walk ---------------------------------------------------------------------------------------------

    def walk(self, route: Route, *, fuse: int | None = None, first: bool = False, in_place: bool = False) -> Cursor:
        """Drive to the end; where the fuse blows, start again from what was saved."""
        self.fuse, self.balanced = fuse, not in_place
        if first:
            self.colours["blue"] = Colour("posts-blue")
        facts = Facts(
            old=None if first else "blue",
            new="blue" if first or in_place else "green",
            count=4,
            least=2,
            percent=100 if first else 0,
            first=first,
            previous={"task_definition": "old"} if in_place else {},
        )
        self.cursor = Cursor(
            id="r1",
            stack="forum",
            service="posts",
            strategy="",
            release={},
            by="",
            started=0,
            deadline=3000,
            facts=facts,
            freeze=self.freeze,
            forward=route.forward,
            back=route.back,
            yielding=route.yielding,
        )
        self.saved = as_json(self.cursor)
        for _ in range(5000):
            cursor = self.cursor
            if cursor.outcome is not None:
                return cursor
            try:
                self._tick(cursor)
            except Boom:
                self.fuse = None
                self.clock += 3
                self.cursor = machine.resume(from_json(self.saved), self.clock)
        raise AssertionError(f"never ended: {self.cursor.phase} {self.cursor.stage} {self.cursor.why}")

    def _tick(self, cursor: Cursor) -> None:
        assert cursor.stage is not None
        verdict = cursor.stage.tick(self, self.clock - cursor.since)
        assert self.cursor is not None
        after = machine.advance(self.cursor, verdict, self.clock)
        if after is not self.cursor:
            self.save(after)
        if isinstance(verdict, Wait):
            self.clock += 5 if verdict.seconds is None else verdict.seconds

    def _up(self, live: Colour) -> bool:
        if not live.desired or self.clock - live.since < STARTS_IN:
            return False
        return live.runs == "old" or not self._breaks(self.clock)

    def _share_of(self, colour: str) -> float:
        return self.share if colour == "green" else 100 - self.share

    def _effect(self) -> None:
        self.effects += 1
        if self.effects == self.fuse:
            raise Boom
