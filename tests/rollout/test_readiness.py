"""When a colour may get traffic: our deployment complete, and each of its tasks healthy, by address."""

from __future__ import annotations

from orchestrator.rollout.readiness import shortfall
from orchestrator.rollout.sides import Target
from tests.rollout.makers import OURS, deployment, side, task


def test_a_complete_deployment_with_every_task_healthy_lacks_nothing() -> None:
    assert shortfall(side(), OURS, 2) == ""


def test_as_many_healthy_targets_of_somebody_elses_tasks_do_not_count() -> None:
    strangers = (Target("10.0.9.1", "healthy"), Target("10.0.9.2", "healthy"))
    assert shortfall(side(targets=strangers), OURS, 2) == "0 of 2 targets healthy"


def test_the_reason_of_an_unhealthy_target_is_named() -> None:
    targets = (Target("10.0.0.1", "healthy"), Target("10.0.0.2", "unhealthy", "Target.Timeout"))
    assert shortfall(side(targets=targets), OURS, 2) == "1 of 2 targets healthy (Target.Timeout)"


def test_a_service_that_is_stable_with_another_deployment_is_not_ready() -> None:
    assert shortfall(side(), "ecs-svc/2", 2) == "ECS has not listed the deployment yet"


def test_tasks_without_a_deployment_that_ecs_calls_complete_are_not_enough() -> None:
    assert shortfall(side(deployments=(deployment(),)), OURS, 2) == "ECS has not completed the deployment"


def test_where_no_rollout_state_is_told_the_only_deployment_left_counts_as_complete() -> None:
    untold = deployment(state="")
    assert shortfall(side(deployments=(untold,)), OURS, 2) == ""
    assert shortfall(side(deployments=(untold, deployment("ecs-svc/0", primary=False))), OURS, 2)


def test_where_tasks_do_not_tell_who_started_them_their_revision_does() -> None:
    tasks = (task(1, started_by=""), task(2, started_by=""))
    assert shortfall(side(tasks=tasks), OURS, 2) == ""
    older = (task(1, started_by=""), task(2, started_by="", task_definition="posts:1"))
    assert shortfall(side(tasks=older), OURS, 2) == "1 of 2 targets healthy"


def test_without_a_target_group_the_containers_own_checks_decide() -> None:
    assert shortfall(side(targets=None), OURS, 2) == ""
    assert (
        shortfall(side(targets=None, tasks=(task(1), task(2, health="UNHEALTHY"))), OURS, 2) == "1 of 2 tasks healthy"
    )
