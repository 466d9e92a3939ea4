"""A service without a load balancer: it rolls in place, with the same care and the same way back."""

from __future__ import annotations

import pytest

from orchestrator.rollout.decide import Need
from orchestrator.rollout.state import Outcome
from tests.scenarios.rollouts.scene import Scene


@pytest.fixture
def mailer(stage: Scene) -> Scene:
    """A worker, running v1."""
    stage.worker()
    assert stage.deploy()["mailer"].outcome is Outcome.SUCCEEDED
    return stage


def test_a_good_release_replaces_the_tasks_of_the_same_service(mailer: Scene) -> None:
    assert mailer.release("v2", name="mailer").outcome is Outcome.SUCCEEDED
    assert mailer.counts("mailer") == {"blue": (2, 2)}
    assert mailer.tags("blue", "mailer")["orchestrator:image"].startswith("v2@")
    assert mailer.assess()["mailer"].need is Need.NOTHING


@pytest.mark.parametrize("behaves", ["crash", "pull-error"])
def test_a_bad_release_goes_back_to_the_revision_that_ran_before(mailer: Scene, behaves: str) -> None:
    before = mailer.described("mailer")["blue"]["taskDefinition"]
    result = mailer.release("v2", behaves, name="mailer")
    assert result.outcome is Outcome.ROLLED_BACK, mailer.told()
    service = mailer.described("mailer")["blue"]
    assert service["taskDefinition"] == before
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (2, "COMPLETED")
    assert mailer.tags("blue", "mailer")["orchestrator:image"].startswith("v1@")
    assert mailer.assess()["mailer"].need is Need.NOTHING


def test_a_first_release_that_fails_is_sent_to_zero_and_tried_again_when_asked(stage: Scene) -> None:
    stage.worker(image="v9")
    stage.push("v9", "crash", "mailer")
    result = stage.deploy()["mailer"]
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, 10)
    assert "exited with 1" in result.why
    assert stage.counts("mailer") == {"blue": (0, 0)}
    stage.change("mailer", image="v1")
    assert stage.deploy()["mailer"].outcome is Outcome.SUCCEEDED
    assert stage.counts("mailer") == {"blue": (2, 2)}


def test_a_deployment_by_somebody_else_ends_ours_as_superseded_and_stays(mailer: Scene) -> None:
    theirs: list[str] = []

    def redeploy() -> None:
        service = mailer.aws.client("ecs").update_service(
            cluster="main", service="mailer-blue", taskDefinition="forum-mailer:1", forceNewDeployment=True
        )["service"]
        theirs.append(service["deployments"][0]["id"])

    mailer.push("v2", name="mailer")
    result = mailer.deploy({"mailer": "v2"}, sink=mailer.when("bake", redeploy))["mailer"]
    assert (result.outcome, result.exit_code) == (Outcome.SUPERSEDED, 12), mailer.told()
    assert mailer.described("mailer")["blue"]["deployments"][0]["id"] == theirs[0]


def test_an_image_that_nobody_pushed_is_named_with_the_command_that_pushes_it(stage: Scene) -> None:
    stage.worker(image="v7")
    decision = stage.assess()["mailer"]
    assert decision.need is Need.IMAGE
    assert decision.missing is not None
    assert decision.missing.push == f"docker push {stage.specs['mailer'].repository_uri}:v7"
