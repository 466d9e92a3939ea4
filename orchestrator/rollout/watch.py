"""One look at many services at once: what a round of rollouts decides by, in as few calls as AWS allows.

DescribeServices takes ten, DescribeRules many, DescribeTasks a hundred; only target health is asked group by group, and
only for the side that somebody waits for. So one rollout costs at most six calls a look, ten cost fewer than twenty.
"""

from __future__ import annotations

import dataclasses as dc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify, code_of
from orchestrator.rollout.router import Rule
from orchestrator.rollout.sides import ABSENT, Side, Target, Task, read_service, read_target, read_task

T = TypeVar("T")

_SERVICES_A_CALL = 10
_TASKS_A_CALL = 100
_RULES_A_CALL = 20


@dc.dataclass(frozen=True, kw_only=True)
class Subject:
    """What to look at: the ECS services of a service's colours, its rule, and one colour's tasks and targets."""

    cluster: str
    services: Mapping[str, str]
    """ECS service name by colour."""
    rule: str | None = None
    test_rule: str | None = None
    closely: str | None = None
    """The colour whose tasks and targets are wanted too."""
    glance: bool = False
    """Whether its tasks are wanted only when not all is well."""
    groups: Mapping[str, str] = dc.field(default_factory=dict)
    """Target group by colour, for services that are not there yet to say so themselves."""


@dc.dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen of a subject."""

    sides: Mapping[str, Side]
    rule: Rule | None = None
    """None where there is none, or where it is gone."""
    test_rule: Rule | None = None


@dc.dataclass(frozen=True, kw_only=True)
class Known:
    """What was read a moment ago, and is not asked again: ECS services by cluster and name, and rules by ARN."""

    services: Mapping[tuple[str, str], Side] = dc.field(default_factory=dict)
    rules: Mapping[str, Rule] = dc.field(default_factory=dict)


def sides(aws: Aws, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Side]:
    """The ECS services at each cluster and name, ten a call; those that are not there as ``ABSENT``."""
    clusters: dict[str, set[str]] = defaultdict(set)
    for cluster, name in places:
        clusters[cluster].add(name)
    asks = [(c, batch) for c, names in clusters.items() for batch in _batches(sorted(names), _SERVICES_A_CALL)]
    found = {(c, name): Side(service=name) for c, names in clusters.items() for name in names}
    for answer in aws.each(lambda ask: _services(aws, *ask), asks):
        found.update(answer)
    return found


def look(aws: Aws, subjects: Mapping[str, Subject], known: Known | None = None) -> dict[str, Sight]:
    """What AWS says now about every subject, but for what is ``known``."""
    known = known or Known()
    services, rules = dict(known.services), dict(known.rules)
    places = {(s.cluster, name) for s in subjects.values() for name in s.services.values()} - services.keys()
    arns = {r for s in subjects.values() for r in (s.rule, s.test_rule) if r} - rules.keys()
    asks: list[Callable[[], None]] = [lambda: services.update(sides(aws, places))] if places else []
    for batch in _batches(sorted(arns), _RULES_A_CALL):
        asks.append(lambda b=batch: rules.update(_rules(aws, b)))  # type: ignore[misc]
    aws.each(lambda ask: ask(), asks)
    closer = _closely(aws, subjects, services)
    return {key: _sight(key, subject, services, rules, closer) for key, subject in subjects.items()}


def _sight(
    key: str,
    subject: Subject,
    services: Mapping[tuple[str, str], Side],
    rules: Mapping[str, Rule],
    closer: Mapping[str, Side],
) -> Sight:
    seen = {colour: services[subject.cluster, name] for colour, name in subject.services.items()}
    if key in closer and subject.closely:
        seen[subject.closely] = closer[key]
    return Sight(sides=seen, rule=rules.get(subject.rule or ""), test_rule=rules.get(subject.test_rule or ""))


# -- services and rules --------------------------------------------------------------------------------------


def _services(aws: Aws, cluster: str, names: Sequence[str]) -> dict[tuple[str, str], Side]:
    """Sides by cluster and name; neither a cluster nor a service that is not there is an error."""
    try:
        answer = aws.client("ecs").describe_services(cluster=cluster, services=list(names), include=["TAGS"])
    except Exception as error:
        if code_of(error) == "ClusterNotFoundException":
            return {}
        raise
    found = [read_service(item) for item in answer.get("services", ())]
    return {(cluster, side.service): side for side in found if side.service in names}


def _rules(aws: Aws, arns: Sequence[str]) -> dict[str, Rule]:
    """Rules by ARN. One rule that is gone makes AWS refuse the whole call, so then each is asked for alone."""
    try:
        found = list(aws.pages("elbv2", "describe_rules", "Rules", RuleArns=list(arns)))
    except Exception as error:
        if classify(error) is not ErrorClass.NOT_FOUND:
            raise
        return {k: v for arn in arns for k, v in _rules(aws, [arn]).items()} if len(arns) > 1 else {}
    return {r["RuleArn"]: Rule(r["RuleArn"], r["Actions"]) for r in found if r["RuleArn"] in arns}


# -- tasks and targets ---------------------------------------------------------------------------------------


def _closely(aws: Aws, subjects: Mapping[str, Subject], services: Mapping[tuple[str, str], Side]) -> dict[str, Side]:
    """The sides that are looked at closely, with their tasks and targets."""
    close: dict[str, Side] = {}
    for key, subject in subjects.items():
        side = services.get((subject.cluster, subject.services.get(subject.closely or "", "")))
        if side and side.status != ABSENT:
            close[key] = side
    groups = {key: _group(subjects[key], side) for key, side in close.items()}
    asked = sorted({g for g in groups.values() if g})
    targets = dict(zip(asked, aws.each(lambda group: _targets(aws, group), asked), strict=True))
    close = {key: dc.replace(side, targets=targets.get(groups[key])) for key, side in close.items()}
    watched: dict[str, list[str]] = defaultdict(list)
    for key, side in close.items():
        if not (subjects[key].glance and side.well):
            watched[subjects[key].cluster].append(side.service)
    found = aws.each(lambda pair: _tasks(aws, *pair), watched.items())
    tasks = {place: listed for each in found for place, listed in each.items()}
    return {
        key: dc.replace(side, tasks=tuple(tasks.get((subjects[key].cluster, side.service), ())))
        for key, side in close.items()
    }


def _group(subject: Subject, side: Side) -> str:
    """The target group that a side's tasks register in: its ECS service says which, the plan may name another one."""
    return side.target_groups[0] if side.target_groups else subject.groups.get(subject.closely or "", "")


def _targets(aws: Aws, group: str) -> tuple[Target, ...]:
    try:
        answer = aws.client("elbv2").describe_target_health(TargetGroupArn=group)
    except Exception as error:
        if classify(error) is ErrorClass.NOT_FOUND:
            return ()
        raise
    return tuple(read_target(item) for item in answer.get("TargetHealthDescriptions", ()))


def _tasks(aws: Aws, cluster: str, services: Sequence[str]) -> dict[tuple[str, str], list[Task]]:
    """Running and stopped tasks by ECS service. One service is listed by name, several by listing the cluster once."""
    narrow = {"serviceName": services[0]} if len(services) == 1 else {}

    def arns(status: str) -> list[str]:
        try:
            return list(aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, desiredStatus=status, **narrow))
        except Exception as error:
            if classify(error) is ErrorClass.NOT_FOUND:
                return []
            raise

    # ListTasks refuses startedBy beside any other filter, so whose task it is is told by DescribeTasks. A task that is
    # told to stop between the two calls is listed by both, and would count as two failures.
    listed = dict.fromkeys(arn for found in aws.each(arns, ("RUNNING", "STOPPED")) for arn in found)
    found: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for batch in _batches(listed, _TASKS_A_CALL):
        for item in aws.client("ecs").describe_tasks(cluster=cluster, tasks=list(batch)).get("tasks", ()):
            name = str(item.get("group") or narrow.get("serviceName", "")).removeprefix("service:")
            if name in services:
                found[cluster, name].append(read_task(item))
    return found


def _batches(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    listed = list(items)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
