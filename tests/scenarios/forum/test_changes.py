"""A running forum whose plan changes: services come, fail at first, and go; nobody who uses the others notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.app.ending import Outcome
from orchestrator.core.errors import Refused
from tests.scenarios.forum import colours
from tests.scenarios.forum.forum import PLAN, Forum, edited
from tests.scenarios.forum.oracle.inventory import inventory, tagged, twice

ABOUT_ALL = {"codebuild-project/build", "codepipeline/main", "role/build", "role/execution"}
"""What names every service, and so changes with each that comes or goes."""


@pytest.fixture
def growing(running: Forum, tmp_path: Path) -> Iterator[Forum]:
    """A forum whose plan has got a fourth service, in the midst of the others; it goes again with all it has."""
    running.plan = edited(tmp_path / "forum.yaml", {r"^  users:$": "  likes: {paths: [/api/likes*]}\n  users:"})
    try:
        yield running
    finally:
        running.plan = PLAN
        running.apply(data=True)


def _let_in(stage: Forum) -> set[tuple[int, int]]:
    """The ranges of ports on which tasks can be reached."""
    (group,) = stage.account.ecs_services["posts"]["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    (found,) = stage.account.all("ec2", "describe_security_groups", "SecurityGroups", GroupIds=[group])
    return {(permission["FromPort"], permission["ToPort"]) for permission in found["IpPermissions"]}


def _as_planned(stage: Forum) -> None:
    assert stage.look().empty
    assert twice(stage.account) == []


def test_a_fourth_service_is_made_while_the_others_go_on_serving(growing: Forum) -> None:
    before, tasks, scaled = tagged(growing.account), colours.tasks(growing), colours.scaled(growing)
    shared = {address for address in growing.changes() if "likes" not in address}
    assert shared == {*ABOUT_ALL, "listener-rule/users"}
    assert growing.needs() == {}
    with colours.served(growing):
        ending = growing.apply()
    assert not ending.outcome, ending
    assert colours.counts(growing, "likes") == {"blue": (2, 2)}
    assert tasks < colours.tasks(growing), "nobody else's tasks were replaced"
    assert colours.scaled(growing) - scaled == {"likes-blue"}
    assert {address for address in tagged(growing.account) - before if "likes" not in address} == set()
    _as_planned(growing)


def test_a_first_release_that_fails_says_why_leaves_no_task_and_is_followed_by_a_good_one(
    growing: Forum, tmp_path: Path
) -> None:
    growing.plan = edited(tmp_path / "v2.yaml", {"likes: {": "likes: {image: v2, "}, growing.plan)
    assert growing.apply().outcome is Outcome.WAITING_FOR_IMAGES
    growing.aws.push("forum/likes", "v2", "crash")
    ending = growing.apply()
    assert ending.outcome == 10
    (service,) = (s for s in ending.services if s.service == "likes")
    assert "exited with 1" in service.why
    assert service.evidence
    growing.aws.sleep(60)
    assert colours.counts(growing, "likes") == {"blue": (0, 0)}
    assert "likes-blue" not in colours.scaled(growing)
    assert growing.needs() == {"likes": "first release"}

    growing.aws.push("forum/likes", "v2")
    ending = growing.apply()
    assert not ending.outcome, ending
    assert colours.counts(growing, "likes") == {"blue": (2, 2)}
    _as_planned(growing)


def test_a_service_taken_out_of_the_plan_goes_with_both_its_colours_but_not_its_images_unasked(
    growing: Forum,
) -> None:
    changed, growing.plan = growing.plan, PLAN
    before, tasks = inventory(growing.account), colours.tasks(growing)
    growing.plan = changed
    growing.apply()
    growing.aws.push("forum/likes", "v2")
    assert not growing.deploy(likes="v2").outcome
    assert colours.counts(growing, "likes") == {"blue": (0, 0), "green": (2, 2)}

    growing.plan = PLAN
    with pytest.raises(Refused, match="repository/likes") as refused:
        growing.apply()
    assert refused.value.exit_code == 16
    assert "repository/likes" in growing.changes(), "it stays named"
    with colours.served(growing):
        ending = growing.apply(data=True)
    assert not ending.outcome, ending
    growing.aws.sleep(600)
    assert inventory(growing.account) == before
    assert colours.tasks(growing) == tasks
    _as_planned(growing)


PORT = {r"^  port: 3000$": "  port: 8080", r"ports: 3000": "ports: 8080"}


def test_another_port_takes_other_target_groups_and_no_request_is_lost_on_the_way_there_and_back(
    running: Forum, tmp_path: Path
) -> None:
    before = inventory(running.account)["target group"]
    active = {name: colours.active(running, name) for name in ("posts", "threads", "users")}
    for plan, port in ((edited(tmp_path / "forum.yaml", PORT), 8080), (PLAN, 3000)):
        running.plan = plan
        with colours.served(running):
            ending = running.apply()
        assert not ending.outcome, ending
        active = {name: colours.other(colour) for name, colour in active.items()}
        assert {name: colours.active(running, name) for name in active} == active
        assert _let_in(running) == {(port, port)}
        groups = inventory(running.account)["target group"]
        assert len(groups) == 6
        assert groups.isdisjoint(before)
        before = groups
        _as_planned(running)
