"""AWS's words, and whether they end a rollout: at once, at the third time, after a while, or never."""

from __future__ import annotations

import pytest

from orchestrator.rollout.diagnosis import evidence, fatal
from tests.rollout.makers import OURS, deployment, event, side, stopped

FAILED_TO_START = "TaskFailedToStart"


def _reason(times: int, text: str, code: str, *, age: float = 10.0, new: bool = False) -> str:
    tasks = tuple(stopped(text, code, number=n) for n in range(1, times + 1))
    return fatal(side(tasks=tasks), OURS, since=0.0, now=age, new=new)


@pytest.mark.parametrize(
    "text",
    [
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found",
        "CannotPullContainerError: pull access denied for x, repository does not exist",
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
        "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException",
        "ResourceInitializationError: failed to validate logger args: The specified log group does not exist",
        "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided for this task.",
    ],
)
def test_what_never_gets_better_ends_it_at_the_first_task(text: str) -> None:
    assert text in _reason(1, text, FAILED_TO_START)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Essential container in task exited", "EssentialContainerExited"),
        ("OutOfMemoryError: Container killed due to memory usage", "EssentialContainerExited"),
        ("Task failed ELB health checks in (target-group arn:x)", "ServiceSchedulerInitiated"),
        ("Task failed container health checks", "ServiceSchedulerInitiated"),
        ("CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout", FAILED_TO_START),
        ("ResourceInitializationError: unable to pull secrets: context deadline exceeded", FAILED_TO_START),
        ("Timeout waiting for network interface provisioning to complete.", FAILED_TO_START),
    ],
)
def test_what_may_pass_ends_it_at_the_third_task(text: str, code: str) -> None:
    assert _reason(2, text, code) == ""
    assert "(3 times)" in _reason(3, text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your Spot Task was interrupted.", "SpotInterruption"),
        ("Host maintenance", "TerminationNotice"),
        ("Scaling activity initiated by (deployment ecs-svc/1)", "ServiceSchedulerInitiated"),
        ("Task stopped by user", "UserInitiated"),
    ],
)
def test_what_is_no_failure_of_the_release_never_ends_it(text: str, code: str) -> None:
    assert _reason(9, text, code) == ""


def test_a_role_made_a_moment_ago_has_two_minutes_to_be_known_everywhere() -> None:
    text = "ECS was unable to assume the role 'x' that was provided for this task."
    assert _reason(2, text, FAILED_TO_START, age=60, new=True) == ""
    assert _reason(2, text, FAILED_TO_START, age=130, new=True)


def test_tasks_of_another_deployment_are_not_held_against_ours() -> None:
    others = tuple(stopped("Essential container exited", number=n, started_by="ecs-svc/9") for n in range(1, 5))
    known = (deployment(), deployment("ecs-svc/9", primary=False))
    assert fatal(side(tasks=others, deployments=known), OURS, since=0.0, now=10.0) == ""


def test_events_from_before_the_rollout_are_not_held_against_it() -> None:
    old = event("is unable to consistently start tasks successfully.", at=5.0)
    assert fatal(side(tasks=(), events=(old,)), OURS, since=6.0, now=60.0) == ""
    assert fatal(side(tasks=(), events=(old,)), OURS, since=4.0, now=60.0)


def test_a_lack_of_capacity_is_waited_for_but_a_quota_is_not() -> None:
    capacity = event(
        "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later."
    )
    quota = event("was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run.")
    assert fatal(side(tasks=(), events=(capacity,) * 5), OURS, since=0.0, now=600.0) == ""
    assert "L-3032A538" in fatal(side(tasks=(), events=(quota,)), OURS, since=0.0, now=10.0)


def test_tasks_that_find_no_room_are_waited_for_even_when_ecs_says_that_it_cannot_start_them_consistently() -> None:
    room = event("was unable to place a task. Reason: Capacity is unavailable at this time.")
    gives_up = event("is unable to consistently start tasks successfully.")
    assert fatal(side(tasks=(), events=(room, gives_up)), OURS, since=0.0, now=600.0) == ""
    crashed = (stopped("Essential container in task exited"),)
    assert "behind it: crashes" in fatal(side(tasks=crashed, events=(room, gives_up)), OURS, since=0.0, now=600.0)


def test_a_deployment_that_ecs_gave_up_names_what_stopped_its_tasks() -> None:
    gave_up = deployment(state="FAILED", reason="ECS deployment circuit breaker: tasks failed to start.")
    why = fatal(
        side(deployments=(gave_up,), tasks=(stopped("Essential container in task exited", exits=(("app", 1, ""),)),)),
        OURS,
        since=0.0,
        now=60.0,
    )
    assert "circuit breaker" in why
    assert "app exited with 1" in why


def test_evidence_is_the_two_newest_tasks_and_the_five_newest_events() -> None:
    found = evidence(
        side(
            tasks=tuple(stopped(f"reason {n}", number=n) for n in range(1, 5)),
            events=tuple(event(f"event {n}", at=100.0 - n) for n in range(9)),
        ),
        since=0.0,
    )
    assert [text.rpartition(" ")[2] for text in found["stopped"]] == ["4", "3"]
    assert [text.rpartition(" ")[2] for text in found["events"]] == ["0", "1", "2", "3", "4"]
