"""Secrets of a pipeline are never written back as asterisks, and tags of others survive a whole update."""

from __future__ import annotations

import dataclasses as dc
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.errors import AwsError
from orchestrator.core.resource import Live
from orchestrator.core.values import Secret
from orchestrator.kinds.audit import Logs, Trail, TrailKind
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.delivery.codebuild import BuildProjectKind
from orchestrator.kinds.delivery.codecommit import SourceRepositoryKind
from orchestrator.kinds.delivery.codepipeline import Pipeline, PipelineKind
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.events import EventRule, EventRuleKind, Target
from orchestrator.reconcile.steps import Action
from tests.contract.harness import Account
from tests.contract.life import planned

EXAMPLE = PipelineKind.example()
PIPELINE = EXAMPLE[-1]


@pytest.fixture
def masked(account: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account with a pipeline, whose secrets are shown as AWS shows them."""
    account.apply(EXAMPLE)
    client = account.reader.client("codepipeline")
    honest = client.get_pipeline

    def hiding(**params: Any) -> Any:
        answer = honest(**params)
        for stage in answer["pipeline"]["stages"]:
            for action in stage["actions"]:
                if "OAuthToken" in action["configuration"]:
                    action["configuration"]["OAuthToken"] = "****"
        return answer

    monkeypatch.setattr(client, "get_pipeline", hiding)
    return account


def test_a_secret_that_aws_hides_is_no_difference(masked: Account) -> None:
    assert masked.plan(EXAMPLE).empty


def test_another_change_writes_the_secret_itself_and_no_asterisks(masked: Account) -> None:
    assert isinstance(PIPELINE, Pipeline)
    masked.aws.sent.clear()
    masked.apply([*EXAMPLE[:-1], dc.replace(PIPELINE, mode="QUEUED")])
    (sent,) = (call for call in masked.aws.sent if call.operation == "UpdatePipeline")
    tokens = [a["configuration"].get("OAuthToken") for s in sent.params["pipeline"]["stages"] for a in s["actions"]]
    assert [token for token in tokens if token] == ["not-a-real-token"]


def test_a_secret_that_aws_shows_is_compared_and_hidden_by_us(account: Account) -> None:
    account.apply(EXAMPLE)
    live = account.find(EXAMPLE, PIPELINE.address)
    assert live is not None
    assert "not-a-real-token" not in repr(live)
    stages = json.dumps(account.aws.client("codepipeline").get_pipeline(name="contract-main")["pipeline"]["stages"])
    changed = json.loads(stages.replace("not-a-real-token", "changed-by-hand"))
    pipeline = account.aws.client("codepipeline").get_pipeline(name="contract-main")["pipeline"]
    account.aws.client("codepipeline").update_pipeline(pipeline={**pipeline, "stages": changed})
    assert planned(account.plan(EXAMPLE)) == [("codepipeline/main", Action.UPDATE, frozenset({"stages"}))]
    assert "changed-by-hand" not in repr(account.plan(EXAMPLE))


def test_a_builds_own_tags_and_those_of_others_both_stay(account: Account) -> None:
    *needed, project = BuildProjectKind.example()
    account.apply([*needed, project])
    codebuild = account.aws.client("codebuild")
    (found,) = codebuild.batch_get_projects(names=["contract-build"])["projects"]
    theirs = {"key": "cost-centre", "value": "42"}
    codebuild.update_project(name="contract-build", tags=[*found["tags"], theirs])
    account.apply([*needed, dc.replace(project, description="changed")])
    (found,) = codebuild.batch_get_projects(names=["contract-build"])["projects"]
    assert theirs in found["tags"]
    assert account.find([*needed, project], project.address) is not None


def test_a_target_that_events_refused_is_an_error_and_not_a_success(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    *needed, rule = EventRuleKind.example()
    account.apply([*needed, rule])
    failed = {"TargetId": "pipeline", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "try again"}
    answer = {"FailedEntryCount": 1, "FailedEntries": [failed]}
    monkeypatch.setattr(account.aws.client("events"), "put_targets", lambda **_: answer)
    assert isinstance(rule, EventRule)
    live = account.find([*needed, rule], rule.address)
    assert live is not None
    more = dc.replace(live.resource, targets={**live.resource.targets, "second": Target("arn:aws:sns:::second")})
    with pytest.raises(ClientError, match="target pipeline: try again") as refused:
        KINDS["event-rule"].update(account.aws, more, live, frozenset({"targets"}))
    assert classify(refused.value) is ErrorClass.BUSY, "an engine that tries again needs AWS's own code"


def test_a_trail_without_a_prefix_says_nothing_of_one_until_it_has_to_be_taken_away(account: Account) -> None:
    *needed, trail = TrailKind.example()
    account.apply([*needed, trail])
    for prefix in ("audit", ""):
        account.apply([*needed, dc.replace(trail, prefix=prefix)])
    said = [c.params.get("S3KeyPrefix") for c in account.aws.sent if c.operation in ("CreateTrail", "UpdateTrail")]
    assert said == [None, "audit", ""]


def test_a_repository_that_nothing_was_pushed_to_holds_no_data(account: Account) -> None:
    example = SourceRepositoryKind.example()
    account.apply(example)
    live = account.find(example, example[-1].address)
    assert live is not None
    assert not account.holds(live)
    account.aws.client("codecommit").create_commit(
        repositoryName="contract-source",
        branchName="main",
        putFiles=[{"filePath": "README", "fileContent": b"hello"}],
    )
    assert account.holds(live)


def test_a_target_that_somebody_took_away_is_put_back(account: Account) -> None:
    example = EventRuleKind.example()
    account.apply(example)
    account.aws.client("events").remove_targets(Rule="contract-push", Ids=["pipeline"])
    assert planned(account.plan(example)) == [("event-rule/push", Action.UPDATE, frozenset({"targets"}))]
    account.apply(example)
    assert account.plan(example).empty


def test_a_trail_that_somebody_stopped_is_started_again(account: Account) -> None:
    example = TrailKind.example()
    account.apply(example)
    account.aws.client("cloudtrail").stop_logging(Name="contract")
    assert planned(account.plan(example)) == [("trail/main", Action.UPDATE, frozenset({"recording"}))]
    account.apply(example)
    assert account.aws.client("cloudtrail").get_trail_status(Name="contract")["IsLogging"]


def test_the_log_group_of_a_trail_is_sent_with_all_its_streams_and_known_without() -> None:
    """AWS refuses its ARN without the streams: InvalidCloudWatchLogsLogGroupArnException."""
    described = {
        "Name": "t",
        "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:/t:*",
        "CloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/t",
    }
    trail = KINDS["trail"].parse("t", {}, described, {"recording": True})
    assert isinstance(trail, Trail)
    assert trail.logs == Logs("arn:aws:logs:us-east-1:123456789012:log-group:/t", "arn:aws:iam::123456789012:role/t")


class ManifestLists:
    """A registry in which an image can only be deleted after the list that names it."""

    def __init__(self, lists: set[str], images: set[str]) -> None:
        self.lists, self.images = lists, images
        self.rounds = 0

    def can_paginate(self, _: str) -> bool:
        return False

    def list_images(self, **_: Any) -> Any:
        return {"imageIds": [{"imageDigest": d, "imageTag": f"of {d}"} for d in sorted(self.lists | self.images)]}

    def batch_delete_image(self, imageIds: list[dict[str, str]], **_: Any) -> Any:  # noqa: N803  (boto3's own name)
        self.rounds += 1
        asked = {image["imageDigest"] for image in imageIds}
        held = asked & self.images if self.lists else set()
        self.lists -= asked
        self.images -= asked - held
        return {
            "failures": [
                {"imageId": {"imageDigest": d}, "failureReason": "ImageReferencedByManifestList"} for d in held
            ]
        }


@pytest.mark.parametrize("stuck", [False, True])
def test_images_that_a_list_names_are_deleted_after_it_and_never_for_ever(
    account: Account, monkeypatch: pytest.MonkeyPatch, stuck: bool
) -> None:
    registry = ManifestLists({"sha256:list"}, {"sha256:amd64", "sha256:arm64"})
    if stuck:
        refusals = {"failures": [{"failureReason": "no"}] * 3}
        monkeypatch.setattr(registry, "batch_delete_image", lambda **_: refusals)
    monkeypatch.setattr(account.aws, "client", lambda _: registry)
    monkeypatch.setattr(account.aws, "pages", lambda *_, **__: registry.list_images()["imageIds"])
    live = Live(Repository(name="posts", aws_name="posts"), {"name": "posts"})
    if stuck:
        with pytest.raises(AwsError, match="cannot be deleted: no"):
            KINDS["repository"].empty(account.aws, live)
    else:
        KINDS["repository"].empty(account.aws, live)
        assert (registry.lists, registry.images, registry.rounds) == (set(), set(), 2)


def test_a_secret_in_a_plan_is_never_shown() -> None:
    assert "not-a-real-token" not in repr(PIPELINE)
    assert Secret("not-a-real-token") in [
        value for s in PIPELINE.stages for a in s.actions.values() for value in a.configuration.values()
    ]
