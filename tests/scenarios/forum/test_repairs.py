"""What people break in a running forum is made again as it was: the traffic where it was, no task replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.scenarios.forum import colours
from tests.scenarios.forum.forum import Forum, writes
from tests.scenarios.forum.oracle.account import SERVICES
from tests.scenarios.forum.oracle.inventory import twice


@pytest.fixture(scope="module")
def mixed(running: Forum) -> Forum:
    """A forum whose posts and users run on green, and whose threads still run on blue."""
    for service in ("posts", "users"):
        running.aws.push(f"forum/{service}", "v2")
    ending = running.deploy(posts="v2", users="v2")
    assert not ending.outcome, ending
    assert _standing(running)["posts"] == ({"blue": 0, "green": 100}, {"blue": (0, 0), "green": (2, 2)})
    return running


def _standing(stage: Forum) -> dict[str, Any]:
    """Traffic and tasks of every service by colour."""
    services = stage.system.loaded.model.services
    return {name: (colours.shares(stage, name), colours.counts(stage, name)) for name in services}


def _rule(stage: Forum) -> None:
    stage.client("elbv2").delete_rule(RuleArn=colours.rule(stage, "posts")["RuleArn"])


def _listener(stage: Forum) -> None:
    (listener,) = stage.account.listeners.values()
    stage.client("elbv2").delete_listener(ListenerArn=listener["ListenerArn"])


def _balancer(stage: Forum) -> None:
    stage.client("elbv2").delete_load_balancer(LoadBalancerArn=stage.account.balancer["LoadBalancerArn"])
    stage.aws.sleep(120)


LOST = {
    _rule: {"listener-rule/posts"},
    _listener: {"listener/http", *(f"listener-rule/{name}" for name in SERVICES)},
    _balancer: {"load-balancer/main", "listener/http", *(f"listener-rule/{name}" for name in SERVICES)},
}


@pytest.mark.parametrize(("delete", "lost"), LOST.items(), ids=["rule", "listener", "load-balancer"])
def test_a_lost_way_to_services_is_made_again_to_the_colours_that_run(
    mixed: Forum, delete: Callable[[Forum], None], lost: set[str]
) -> None:
    before, tasks, scaled = _standing(mixed), colours.tasks(mixed), colours.scaled(mixed)
    delete(mixed)
    assert set(mixed.changes()) == lost, "neither scaling nor alarms change sides"
    mixed.events.clear()
    ending = mixed.apply()
    assert not ending.outcome, ending
    assert not [event.message for event in mixed.events if event.action == "roll out"]
    assert _standing(mixed) == before
    assert colours.tasks(mixed) == tasks, "nothing was rolled out"
    assert colours.scaled(mixed) == scaled == {"posts-green", "threads-blue", "users-green"}
    mixed.aws.sleep(120)  # targets that had no load balancer are checked anew
    assert mixed.wrong == []
    assert twice(mixed.account) == []
    assert mixed.look().empty


GROUP = "/forum/users"


def _by_hand(stage: Forum) -> None:
    stage.client("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=1)


def _retention(stage: Forum) -> int:
    (group,) = [g for g in stage.account.all("logs", "describe_log_groups", "logGroups") if g["logGroupName"] == GROUP]
    return int(group["retentionInDays"])


def test_what_somebody_changes_by_hand_five_times_is_put_back_five_times(running: Forum) -> None:
    for _ in range(5):
        _by_hand(running)
        assert not running.apply().outcome
        assert _retention(running) == 30
    assert running.look().empty


def test_what_is_undone_after_every_write_is_told_after_three_and_left(running: Forum) -> None:
    def undo(**_: Any) -> None:
        _by_hand(running)

    _by_hand(running)
    events = running.system.aws.client("logs").meta.events
    events.register("after-call.cloudwatch-logs.PutRetentionPolicy", undo)
    try:
        for _ in range(3):
            with running.calls() as calls:
                running.apply()
            assert "logs.PutRetentionPolicy" in writes(calls)
        outlook = running.look()
        assert outlook.empty
        assert [str(step.address) for step in outlook.refused] == ["log-group/users"]
        with running.calls() as calls:
            assert not running.apply().outcome
        assert writes(calls) == []
    finally:
        events.unregister("after-call.cloudwatch-logs.PutRetentionPolicy", undo)
    running.client("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=30)
    assert running.look().refused == ()
