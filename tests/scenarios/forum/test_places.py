"""Where a forum is: in zones that there are, beside another environment, in one region and not in another."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.errors import LockHeld, OrchestratorError
from tests.scenarios.forum import colours
from tests.scenarios.forum.forum import edited, forum, writes
from tests.scenarios.forum.oracle.inventory import counted, inventory, tagged

SMALL = {
    r"^delivery:\n(?:  .*\n)+": "",
    r"^  (threads|users):\n    .*\n": "",
    r"nat: one-per-zone": "nat: single",
}
"""What a forum can do without where only its place matters."""
ENVIRONMENTS = """
environments:
  dev: {}
  prod: {tags: {stage: prod}}
"""


def test_a_zone_that_the_account_does_not_have_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    region = "eu-west-1"
    with forum() as stage:
        zones = stage.aws.client("ec2", region).describe_availability_zones()["AvailabilityZones"]
        there = {zone["ZoneName"][-1] for zone in zones}
        absent = next(letter for letter in "abcdef" if letter not in there)
        changes = {"region: us-east-1": f"region: {region}", r"b: 10\.": f"{absent}: 10."}
        stage.plan = edited(tmp_path / "forum.yaml", changes)
        with stage.calls() as calls, pytest.raises(OrchestratorError, match=f"{region}{absent}.*{region}a"):
            stage.apply()
        assert writes(calls) == []


def test_environments_of_one_plan_stand_beside_each_other_and_go_alone(tmp_path: Path) -> None:
    with forum(edited(tmp_path / "forum.yaml", {**SMALL, r"\Z": ENVIRONMENTS})) as stage:
        stage.environment = "dev"
        assert not stage.apply().outcome
        dev, tasks = inventory(stage.account), colours.tasks(stage)
        assert {arn.rpartition("/")[2] for arn in dev["cluster"]} == {"forum-dev"}
        assert dev["repository"] == {"forum-dev/posts"}
        assert "forum-dev-execution" in dev["role"]

        stage.environment = "prod"
        assert not stage.apply().outcome
        assert stage.look().empty
        both, prod = inventory(stage.account), tagged(stage.account)
        assert {kind: items & both[kind] for kind, items in dev.items()} == dev
        assert {kind: len(items) for kind, items in both.items()} == {k: 2 * len(items) for k, items in dev.items()}

        stage.environment = "dev"
        assert tagged(stage.account) == prod, "the same things in another stack"
        assert stage.look().empty
        assert colours.tasks(stage) == tasks
        assert not stage.destroy(data=True)[0].outcome
        stage.aws.sleep(600)
        stage.environment = "prod"
        assert inventory(stage.account) == {kind: items - dev[kind] for kind, items in both.items()}
        assert stage.look().empty


def test_what_goes_on_in_one_region_is_unknown_in_another_and_ends_with_the_stack(tmp_path: Path) -> None:
    here = edited(tmp_path / "here.yaml", SMALL)
    there = edited(tmp_path / "there.yaml", {"region: us-east-1": "region: eu-west-1"}, here)
    with forum(here) as stage:
        assert not stage.apply().outcome
        first = counted(stage.account)
        stage.aws.push("forum/posts", "v2")
        stage.killed_at("bake", posts="v2")
        assert stage.look().unfinished == ("posts",)
        with stage.system.hold("apply"):
            with pytest.raises(LockHeld), stage.system.hold("apply"):
                pass
            stage.plan = there
            with stage.system.hold("apply"):
                outlook = stage.look()
        assert outlook.unfinished == ()
        assert outlook.waiting == ("posts",)

        stage.plan = here
        assert not stage.destroy(data=True)[0].outcome
        stage.aws.sleep(600)
        assert inventory(stage.account) == {}
        ending = stage.apply()
        assert not ending.outcome, ending
        assert colours.counts(stage, "posts") == {"blue": (2, 2)}
        assert counted(stage.account) == first
        assert stage.look().empty
