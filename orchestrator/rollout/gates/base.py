"""What a gate is: a question about a release, asked again and again while a stage lasts, and how often it may be wrong.

An answer is pass, fail, inconclusive, error or not yet. No traffic is inconclusive, and inconclusive is not a pass: a
gate has been passed when it has enough good samples, and failed when it has more bad ones than it is allowed.
"""

from __future__ import annotations

import dataclasses as dc
import enum
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from orchestrator.aws.door import Aws


class Judgement(enum.StrEnum):
    """One answer."""

    PASS = "pass"  # noqa: S105  (a judgement)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """It could be asked, and nothing can be told from the answer."""
    ERROR = "error"
    """It could not be asked."""
    NOT_YET = "not yet"
    """What gives the answer is still at work."""


@dc.dataclass(frozen=True, kw_only=True)
class Reading:
    """One answer, with what was measured in words."""

    judgement: Judgement
    words: str
    memo: str = ""
    """What the gate wants to be reminded of when it is asked again."""


@dc.dataclass(frozen=True, kw_only=True)
class Limits:
    """How often a gate is asked, and what it takes to pass and to fail."""

    every: float = 60.0
    samples: int = 1
    """Good answers without which it has not passed."""
    failures: int = 0
    """Bad answers that are forgiven."""
    errors: int = 4
    """Errors in a row that are forgiven."""
    once: bool = False
    """Whether it has passed for good with its last sample; else it is asked for as long as its stage lasts."""


@dc.dataclass(frozen=True, kw_only=True)
class Window:
    """What is asked about: a release of a service, from when until now, and where to look for it."""

    rollout: str
    stack: str
    service: str
    cluster: str
    stage: str
    began: float
    """When the rollout began; ``since``: its present stage."""
    since: float
    now: float
    old: str | None
    new: str
    percent: float
    serving: bool
    """Whether the release answers anybody but its tests."""
    image: str
    repository: str
    digest: str
    container: str
    task_definition: str
    network: Mapping[str, Any]
    capacity: Mapping[str, Any]
    services: Mapping[str, str]
    """ECS service by colour."""
    groups: Mapping[str, str]
    """Target group ARN by colour."""
    rule: str
    url: str
    """Where the load balancer answers; empty without one."""
    test_headers: Mapping[str, str]
    """Headers by which a request reaches the new side whatever the weights are."""


@dc.dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: str
    seconds: float


class Unreachable(OSError):
    """Nobody was there to be asked, so nothing can be told about what is behind."""


Ask = Callable[[str, str, Mapping[str, str], bytes | None, float], Answer]
"""Method, URL, headers, body, seconds to wait. Raises ``Unreachable``, and ``OSError`` when nothing comes back."""


@dc.dataclass(frozen=True, kw_only=True)
class Means:
    """By what a gate finds its answer."""

    aws: Aws
    ask: Ask
    guard: Callable[[], None]


class Gate(Protocol):
    """One question. Its fields are its parameters, as they are saved in the cursor."""

    name: ClassVar[str]
    actions: ClassVar[tuple[str, ...]]
    """The IAM actions that asking takes."""

    @property
    def title(self) -> str:
        """What it is called in messages; differs from every other gate's of the stage."""
        ...

    @property
    def limits(self) -> Limits: ...

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        """Ask once, without waiting."""
        ...
