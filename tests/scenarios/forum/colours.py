"""How a service of the forum stands by colour: its traffic, its tasks, its scaling, and what became of requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.scenarios.forum.forum import Forum

COLOURS = ("blue", "green")
RATE = 600.0


def other(colour: str) -> str:
    """The one that takes over."""
    return "green" if colour == "blue" else "blue"


def described(stage: Forum, service: str) -> dict[str, Any]:
    """The ECS services of a service by colour."""
    cluster = stage.account.cluster["clusterArn"]
    names = [f"{service}-{colour}" for colour in COLOURS]
    found = stage.client("ecs").describe_services(cluster=cluster, services=names, include=["TAGS"])["services"]
    return {s["serviceName"].rpartition("-")[2]: s for s in found if s["status"] == "ACTIVE"}


def counts(stage: Forum, service: str) -> dict[str, tuple[int, int]]:
    """Desired and running tasks by colour."""
    return {colour: (s["desiredCount"], s["runningCount"]) for colour, s in described(stage, service).items()}


def tasks(stage: Forum) -> set[str]:
    """Every task that runs."""
    return set(stage.account.all("ecs", "list_tasks", "taskArns", cluster=stage.account.cluster["clusterArn"]))


def rule(stage: Forum, service: str) -> Any:
    """The rule that sends a service its requests."""
    (listener,) = stage.account.listeners.values()
    rules = stage.account.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
    (found,) = [r for r in rules if f"/api/{service}*" in str(r["Conditions"])]
    return found


def shares(stage: Forum, service: str) -> dict[str, int]:
    """The weights of a service's rule by colour."""
    groups = rule(stage, service)["Actions"][0]["ForwardConfig"]["TargetGroups"]
    return {c: g["Weight"] for g in groups for c in COLOURS if f"{service}-{c}" in g["TargetGroupArn"]}


def active(stage: Forum, service: str) -> str:
    """The colour that has the traffic."""
    return max(shares(stage, service).items(), key=lambda share: share[1])[0]


def scaled(stage: Forum) -> set[str]:
    """The ECS services that auto scaling looks after."""
    listed = stage.account.all(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs"
    )
    return {target["ResourceId"].rpartition("/")[2] for target in listed}


@contextmanager
def served(stage: Forum) -> Iterator[None]:
    """Requests come in all the time, and every one of them is answered."""
    sandbox = stage.aws.sandbox
    sandbox.set_traffic(RATE)
    before = sandbox.ledger.totals()
    try:
        yield
        stage.aws.sleep(60)
        since = sandbox.ledger.totals() - before
    finally:
        sandbox.set_traffic(0)
    failed = Counter(
        {(f.group.rpartition("targetgroup/")[2], f.answer.reason): n for f, n in since.items() if f.failed}
    )
    assert since.total() > RATE
    assert not failed
