"""What a stage is, and what it may touch: three protocols of a few methods, which the machine and the tests share.

A stage *ensures*: it looks, does what is missing, and says how far it is. Run again after a crash at any point it does
no more than it would have done the first time. It never toggles, counts its own runs or remembers anything: what has to
be remembered is a ``Facts`` field, saved before the call that it is about.
"""

from __future__ import annotations

import dataclasses as dc
import enum
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from orchestrator.rollout.gates.base import Gate, Reading
from orchestrator.rollout.sides import Side
from orchestrator.rollout.stages.verdicts import Verdict

RELEASE = "release"
PREVIOUS = "previous"
SPOILT = "spoilt"
"""A release that failed: its colour says so, lest it be taken for one to go back to."""


class Look(enum.Enum):
    """How closely a stage has to look: both ECS services and the rule are always seen, the rest costs calls."""

    LOOSELY = enum.auto()
    GLANCE = enum.auto()
    """At the new side's targets; and at its tasks one by one when not all is well."""
    NEW = enum.auto()
    """At the new side's targets and tasks."""
    OLD = enum.auto()


@dc.dataclass(frozen=True, kw_only=True)
class Attempt:
    """One deployment of ours, from the intention to its id: how a lost reply is told from a call never made."""

    asked: bool = False
    before: str = ""
    """The primary deployment when we asked."""
    id: str = ""
    at: float = 0.0


@dc.dataclass(frozen=True, kw_only=True)
class Tally:
    """How a gate has answered during a stage."""

    asked: int = 0
    passes: int = 0
    failures: int = 0
    errors: int = 0
    """In a row."""
    at: float = 0.0
    memo: str = ""
    words: str = ""
    last: str = ""


@dc.dataclass(frozen=True, kw_only=True)
class Facts:
    """What a rollout has to know after a restart and AWS cannot tell."""

    old: str | None
    """The colour that served before; None for a first release. In place it is the new one too."""
    new: str
    count: int
    """Tasks that the new side needs."""
    least: int
    """The plan's minimum: never less than this carries all the traffic."""
    percent: float = 0
    """Share of the new side as we left it."""
    aim: float = 0
    """Share of the new side as we last meant to set it."""
    first: bool = False
    task_definition: str = ""
    """The revision of this release, once registered."""
    previous: Mapping[str, Any] = dc.field(default_factory=dict)
    """What the service ran before, as it is put back in place: its revision, its settings, its labels."""
    attempts: Mapping[str, Attempt] = dc.field(default_factory=dict)
    scaling: Mapping[str, Any] | None = None
    """The old side's scaling settings before they were suspended; None until recorded."""
    approved: bool = False
    together: bool = False
    """Whether all services of its joint release have arrived."""
    tallies: Mapping[str, Tally] = dc.field(default_factory=dict)
    """What gates have answered, by the stage's place and the gate's title."""

    def attempt(self, target: str) -> Attempt:
        """The deployment of the release, or of the previous one."""
        return self.attempts.get(target, Attempt())


class Fleet(Protocol):
    """The tasks of both colours. Sides are as read at the beginning of this round."""

    def side(self, colour: str) -> Side: ...
    def register(self) -> str: ...
    def renew(self) -> Mapping[str, Any]: ...
    def deploy(self, colour: str, target: str, count: int | None) -> str: ...
    def label(self, colour: str, target: str) -> None: ...
    def scale(self, colour: str, count: int) -> None: ...
    def tidy(self, keep: int) -> None:
        """Leave that many of the newest revisions, and those in use."""
        ...

    def arm(self, colour: str) -> None:
        """Let ECS take back what others deploy from now on and fail with."""
        ...


class Router(Protocol):
    """The weights of both colours in the production rule. A service without a load balancer has none."""

    def percent(self, colour: str) -> float | None:
        """The colour's share; -1 when nobody has any, None when the rule holds anything that is not this service's."""
        ...

    @property
    def whole(self) -> bool:
        """Whether the rule holds the group of each colour that tasks are to register in."""
        ...

    def weigh(self, colour: str, percent: int) -> None: ...
    def tests(self, colour: str) -> bool:
        """Whether test traffic reaches a colour, or there is no test rule."""
        ...

    def send_tests(self, colour: str) -> None: ...
    def spare(self, colour: str) -> None:
        """Let the test rule reach the side that this colour is not."""
        ...


class Scaling(Protocol):
    """Auto scaling of a service's colours. ``follow`` moves targets, policies and alarms to a colour."""

    def state(self, colour: str) -> Mapping[str, Any]: ...
    def suspend(self, colour: str) -> None: ...
    def restore(self, colour: str, state: Mapping[str, Any]) -> None: ...
    def follow(self, colour: str) -> None: ...


class World(Protocol):
    """One rollout's surroundings during one round."""

    fleet: Fleet
    router: Router | None
    scaling: Scaling

    @property
    def facts(self) -> Facts: ...
    @property
    def now(self) -> float: ...
    @property
    def place(self) -> str:
        """Which stage of which list this is."""
        ...

    def judge(self, gate: Gate, memo: str) -> Reading:
        """Ask a gate about the new side since this stage began."""
        ...

    def remember(self, **changes: Any) -> None:
        """Save changed facts before anything else happens."""
        ...


class Stage(Protocol):
    """One step of a rollout. Its fields are its parameters, as they are saved in the cursor."""

    name: ClassVar[str]
    look: ClassVar[Look]
    """What it has to know before its tick."""
    hurried: ClassVar[bool]
    """Whether the deadline of the whole rollout counts while it waits."""

    def tick(self, world: World, age: float) -> Verdict:
        """Ensure, and report. ``age``: seconds since the stage began, less those in which nobody drove the rollout."""
        ...
