"""Whether a colour can carry traffic, told task by task.

``services_stable`` is no answer: it is also true of a service that went back to its old version, and of one at zero.
Here it counts only when *our* deployment is complete and every one of its tasks is healthy, by address.
"""

from __future__ import annotations

from orchestrator.rollout.sides import COMPLETED, Deployment, Side, Task


def shortfall(side: Side, deployment: str, count: int) -> str:
    """What is still missing until that deployment serves with ``count`` tasks; empty when nothing is."""
    ours = side.deployment(deployment)
    if ours is None:
        return "ECS has not listed the deployment yet"
    if side.desired < count:
        return f"{side.desired} of {count} tasks asked for"
    if side.running < side.desired or side.pending:
        return f"{side.running} of {side.desired} tasks running"
    if sick := unhealthy(side, deployment, count):
        return sick
    return "" if _complete(side, ours) else "ECS has not completed the deployment"


def unhealthy(side: Side, deployment: str, count: int) -> str:
    """Which of the deployment's tasks cannot answer yet; empty when at least ``count`` can, and no one cannot."""
    tasks = [t for t in side.tasks_of(deployment) if t.status == "RUNNING"]
    sick = [t for t in tasks if not _answers(side, t)]
    well = len(tasks) - len(sick)
    if well < count or sick:
        what = "targets" if side.targets is not None else "tasks"
        return f"{well} of {max(count, len(tasks))} {what} healthy{_reasons(side, sick)}"
    return ""


def _answers(side: Side, task: Task) -> bool:
    if side.targets is None:
        return task.health != "UNHEALTHY"
    return any(t.address == task.address and t.state == "healthy" for t in side.targets)


def _reasons(side: Side, sick: list[Task]) -> str:
    addresses = {t.address for t in sick}
    reasons = sorted({t.reason for t in side.targets or () if t.address in addresses and t.reason})
    return f" ({', '.join(reasons)})" if reasons else ""


def _complete(side: Side, ours: Deployment) -> bool:
    """By its rollout state; where none is told, by being the only one left and having all its tasks."""
    if ours.state:
        return ours.state == COMPLETED
    return len(side.deployments) == 1 and ours.running == ours.desired
