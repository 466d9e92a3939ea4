"""What ECS says in events and reasons, word for word: people and programs search for these texts."""

from __future__ import annotations

from orchestrator.sandbox.world.ecs.model import Task

_SEE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

NO_CAPACITY = (
    "was unable to place a task. Reason: Capacity is unavailable at this time. "
    f"Please try again later or in a different availability zone. {_SEE}"
)
CANNOT_START = f"is unable to consistently start tasks successfully. {_SEE}"
STEADY = "has reached a steady state."
BREAKER_FAILED = "ECS deployment circuit breaker: tasks failed to start."


def unassumable(role: str) -> str:
    """ECS can not act as the role that tasks are to have."""
    return (
        f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role "
        "being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass "
        "this role."
    )


def failed_to_launch(role: str) -> str:
    """A service can not start a task for want of its role."""
    return f"failed to launch a task with (error {unassumable(role)})."


def started(tasks: list[Task]) -> str:
    """Tasks were placed."""
    return f"has started {len(tasks)} tasks: {_listed(tasks)}."


def stopped(tasks: list[Task]) -> str:
    """Tasks were told to stop."""
    return f"has stopped {len(tasks)} running tasks: {_listed(tasks)}."


def registered(number: int, group: str) -> str:
    """Targets were added to a group."""
    return f"registered {number} targets in (target-group {group})"


def deregistered(number: int, group: str) -> str:
    """Targets were taken from a group."""
    return f"deregistered {number} targets in (target-group {group})"


def draining(number: int) -> str:
    """Targets let go of their connections."""
    return f"has begun draining connections on {number} tasks."


def unhealthy(port: int, group: str, why: str) -> str:
    """A target fails its checks."""
    return f"(port {port}) is unhealthy in (target-group {group}) due to (reason {why})."


def failed_elb(group: str) -> str:
    """Why a task was stopped that its load balancer found unhealthy."""
    return f"Task failed ELB health checks in (target-group {group})"


def scaling(deployment: str) -> str:
    """Why a task was stopped that was not needed any more."""
    return f"Scaling activity initiated by (deployment {deployment})"


def _listed(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
