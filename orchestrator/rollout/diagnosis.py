"""Why tasks do not come up, and what to make of it: the failures of ECS as a table.

AWS says the reason at once and gives up only after many tries, often hours later. Each row tells how often a reason
may be seen before the rollout ends: a missing image never gets better, a crash may, a Spot interruption is no failure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.rollout.sides import FAILED, Happening, Side, Task


class Source(enum.StrEnum):
    """Where AWS says it."""

    TASK = "stopped task"
    EVENT = "service event"


@dataclass(frozen=True)
class Symptom:
    """A reason AWS gives. ``fatal_at`` sightings end the rollout (0: never), once ``patience`` seconds are over."""

    name: str
    source: Source
    pattern: str
    fatal_at: int = 1
    patience: float = 0.0
    patience_when_new: float = 0.0
    """As ``patience``, on a first release only: what it needs was made a moment ago."""
    advice: str = ""

    def seen_in(self, text: str) -> bool:
        """Whether AWS's words are these."""
        return re.search(self.pattern, text, re.IGNORECASE) is not None


_TASK, _EVENT = Source.TASK, Source.EVENT
_NO_ROOM = "no capacity"
_INCONSISTENT = "cannot start consistently"

TABLE: tuple[Symptom, ...] = (
    Symptom("spot interruption", _TASK, r"^SpotInterruption|Spot Task was interrupted", fatal_at=0),
    Symptom("platform maintenance", _TASK, r"^(TerminationNotice|InfrastructureHealth)", fatal_at=0),
    Symptom("scaled in", _TASK, r"^(ServiceSchedulerInitiated|UserInitiated)(?!.*(health|failed))", fatal_at=0),
    Symptom(
        "image not reachable",
        _TASK,
        r"CannotPull.*(i/o timeout|request canceled|connection (refused|reset)|deadline exceeded|no route)",
        fatal_at=3,
        advice="check the route to the registry: NAT gateway, or endpoints ecr.api, ecr.dkr and s3",
    ),
    Symptom(
        "image cannot be pulled",
        _TASK,
        r"CannotPull|manifest unknown|pull access denied|does not contain descriptor matching platform",
        advice="check that the image exists in the repository, for this platform, and that the role may pull it",
    ),
    Symptom(
        "start-up dependency not reachable",
        _TASK,
        r"ResourceInitializationError.*(time ?out|timed out|deadline exceeded|connection)",
        fatal_at=3,
        advice="check the route from the subnets to Secrets Manager, CloudWatch Logs or EFS",
    ),
    Symptom(
        "start-up dependency refused",
        _TASK,
        r"ResourceInitializationError",
        advice="check the secret, the log group and the execution role's permissions",
    ),
    Symptom(
        "role cannot be assumed",
        _TASK,
        r"unable to assume the role",
        patience_when_new=120.0,
        advice="the role must trust ecs-tasks.amazonaws.com",
    ),
    Symptom("no free address", _TASK, r"free addresses|InsufficientFreeAddresses", advice="use larger or more subnets"),
    Symptom("no network interface in time", _TASK, r"Timeout waiting for network interface", fatal_at=3),
    Symptom("out of memory", _TASK, r"OutOfMemory", fatal_at=3, advice="give the task more memory"),
    Symptom("fails load balancer checks", _TASK, r"failed ELB health checks", fatal_at=3),
    Symptom("fails container checks", _TASK, r"failed container health checks", fatal_at=3),
    Symptom("crashes", _TASK, r"^EssentialContainerExited|^TaskFailedToStart|Essential container", fatal_at=3),
    Symptom(
        "quota reached",
        _EVENT,
        r"reached the limit on the number of (tasks|vCPUs)",
        advice="ask for a higher Fargate quota (service-quotas L-3032A538, Spot L-36FBB829)",
    ),
    Symptom(_NO_ROOM, _EVENT, r"unable to place a task.*Capacity is unavailable", fatal_at=0),
    Symptom("no free address", _EVENT, r"does not have enough free addresses", advice="use larger or more subnets"),
    Symptom(
        "targets cannot be registered",
        _EVENT,
        r"(failed to register targets|failed to describe target health|unable to assume.*role)",
        patience=300.0,
    ),
    Symptom(_INCONSISTENT, _EVENT, r"unable to consistently start tasks"),
    Symptom("digest cannot be resolved", _EVENT, r"unable to resolve image digest", fatal_at=3),
)


@dataclass(frozen=True)
class Finding:
    """A symptom as it was seen: how often, and AWS's newest words for it."""

    symptom: Symptom
    count: int
    words: str

    def fatal(self, age: float, *, new: bool) -> bool:
        """Whether it ends a rollout whose deployment is ``age`` seconds old; ``new``: it is the service's first."""
        patience = max(self.symptom.patience, self.symptom.patience_when_new if new else 0.0)
        return 0 < self.symptom.fatal_at <= self.count and age >= patience

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        advice = f"; {self.symptom.advice}" if self.symptom.advice else ""
        return f"{self.symptom.name}{times}: {self.words}{advice}"


def findings(side: Side, deployment: str, since: float) -> tuple[Finding, ...]:
    """What AWS complains about since our deployment began, worst first."""
    stopped = newest(t for t in side.tasks_of(deployment) if t.stop_code or t.stopped_reason)
    events = _recent(side, since)
    found = [*_count(_TASK, [words(t) for t in stopped]), *_count(_EVENT, [e.text for e in events])]
    return tuple(sorted(found, key=lambda f: (f.symptom.fatal_at == 0, f.symptom.source is _EVENT, f.symptom.fatal_at)))


def fatal(side: Side, deployment: str, *, since: float, now: float, new: bool = False) -> str:
    """The reason to give up now, in AWS's words; empty while there is hope."""
    found = findings(side, deployment, since)
    reason = next((f for f in found if f.fatal(now - since, new=new) and not _for_want_of_room(f, found)), None)
    ours = side.deployment(deployment)
    if reason and reason.symptom.source is _TASK:
        return str(reason)
    behind = complaint(found)
    if reason:
        return f"{reason}{behind}"
    if ours and ours.state == FAILED:
        return f"ECS gave the deployment up: {ours.reason or 'no reason given'}{behind}"
    return ""


def complaint(found: Iterable[Finding]) -> str:
    """What may be behind something else, to go after it in a message: what stopped tasks say, or a lack of room."""
    behind = [f for f in found if (f.symptom.source is _TASK and f.symptom.fatal_at) or f.symptom.name == _NO_ROOM]
    return f"; behind it: {behind[0]}" if behind else ""


def _for_want_of_room(finding: Finding, found: Iterable[Finding]) -> bool:
    """Whether ECS cannot start tasks consistently for no other reason than that there is no capacity just now."""
    told = {f.symptom.name for f in found if f.symptom.fatal_at or f.symptom.name == _NO_ROOM}
    return finding.symptom.name == _INCONSISTENT and told == {_INCONSISTENT, _NO_ROOM}


def words(task: Task) -> str:
    """Why a task stopped, as AWS and its containers tell it."""
    parts = [f"{task.stop_code}: {task.stopped_reason}".strip(": ")]
    for name, code, reason in task.exits:
        if reason and reason not in task.stopped_reason:
            parts.append(f"{name}: {reason}")
        if code:
            parts.append(f"{name} exited with {code}")
    return "; ".join(p for p in parts if p)


def newest(tasks: Iterable[Task]) -> list[Task]:
    """Stopped tasks, the last one first."""
    return sorted(tasks, key=lambda t: t.stopped_at, reverse=True)


def evidence(side: Side, since: float) -> dict[str, list[str]]:
    """What a person wants to see first: two stopped tasks, five events, what targets complain of; newest first."""
    stopped = newest(t for t in side.tasks if t.stopped_reason)[:2]
    return {
        "stopped": [f"{t.arn.rpartition('/')[2]}: {words(t)}" for t in stopped],
        "events": [e.text for e in _recent(side, since)][:5],
        "targets": sorted({f"{t.reason}: {t.description}".strip(": ") for t in side.targets or () if t.reason}),
    }


def _recent(side: Side, since: float) -> list[Happening]:
    """Events since the present deployment began, by AWS's clock: ours may show another time than the one in events."""
    primary = side.primary
    begun = primary.created if primary and primary.created else since
    return [e for e in side.events if e.at >= begun]


def _count(source: Source, texts: list[str]) -> list[Finding]:
    seen: dict[Symptom, Finding] = {}
    for text in texts:
        symptom = next((s for s in TABLE if s.source is source and s.seen_in(text)), None)
        if symptom:
            known = seen.get(symptom)
            seen[symptom] = Finding(symptom, known.count + 1 if known else 1, known.words if known else text)
    return list(seen.values())
