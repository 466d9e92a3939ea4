"""Whole systems under IAM: what the policy allows is enough, and each action of it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.privileges.permitted import Permitted, permitted
from tests.scenarios.chat.chat import CHAT
from tests.scenarios.forum.forum import Forum, edited

Spoil = Callable[[Forum], object]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Permitted]:
    """A user who has brought up the forum with one service instead of three."""
    home = tmp_path_factory.mktemp("small")
    others = {r"^  (threads|users):\n    paths: .*\n": ""}
    with permitted(edited(home / "forum.yaml", others), home) as user:
        assert user.type("apply", "--yes") == 0
        yield user


@pytest.fixture
def user(small: Permitted) -> Iterator[Permitted]:
    """The same user, who afterwards may do everything again. What is spoilt, the next apply mends."""
    yield small
    small.allow_all_but()


def test_the_policy_is_enough_for_the_forum_from_nothing_to_nothing(tmp_path: Path) -> None:
    by_hand = {r"^  users:\n": "  users:\n    strategy: manual\n"}
    with permitted(edited(tmp_path / "forum.yaml", by_hand), tmp_path) as user:
        assert user.type("apply", "--yes") == 0
        user.stage.aws.push("forum/users", "2.0")
        assert user.type("deploy", "--image", "users=2.0") == 13
        assert user.type("promote", "users") == 0
        assert user.type("undo", "users") == 13
        assert user.type("abort", "users") == 10
        user.stage.aws.push("forum/posts", "2.0")
        assert user.type("deploy", "--image", "posts=2.0") == 0
        user.stage.aws.push("forum/posts", "bad", "crash")
        assert user.type("deploy", "--image", "posts=bad") == 10
        _lose_an_alarm(user.stage)
        assert user.type("drift") == 3
        assert user.type("apply", "--yes") == 0
        assert user.type("destroy", "--yes", "--data") == 0
        assert user.denied() == []


def test_the_policy_is_enough_for_the_chat_from_nothing_to_nothing(tmp_path: Path) -> None:
    with permitted(CHAT, tmp_path) as user:
        assert user.type("apply", "--yes") == 0
        user.stage.aws.push("chat/api-gateway", "2.0")
        assert user.type("deploy", "--image", "api-gateway=2.0") == 0
        assert user.type("destroy", "--yes", "--data") == 0
        assert user.denied() == []


def test_a_policy_that_only_reads_is_enough_to_look(user: Permitted) -> None:
    before = len(user.denied())
    user.allow_reading()
    _lose_an_alarm(user.stage)
    assert user.type("drift") == 3
    for command in ("verify", "status", "history", "plan"):
        assert user.type(command) == 0, command
    assert len(user.denied()) == before
    assert user.type("apply", "--yes") == 1


def _lose_an_alarm(stage: Forum) -> None:
    stage.client("cloudwatch").delete_alarms(AlarmNames=["forum-posts-cpu"])


def _lose_a_policy(stage: Forum) -> None:
    stage.client("application-autoscaling").delete_scaling_policy(
        PolicyName="forum-posts-blue-cpu",
        ServiceNamespace="ecs",
        ResourceId="service/forum/posts-blue",
        ScalableDimension="ecs:service:DesiredCount",
    )


def _open_a_group(stage: Forum) -> None:
    groups = stage.client("ec2").describe_security_groups(Filters=[{"Name": "tag:Name", "Values": ["forum-tasks"]}])
    stage.client("ec2").authorize_security_group_ingress(
        GroupId=groups["SecurityGroups"][0]["GroupId"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )


def _disable_the_rule(stage: Forum) -> None:
    stage.client("events").disable_rule(Name="forum-push")


def _keep_logs_for_ever(stage: Forum) -> None:
    stage.client("logs").delete_retention_policy(logGroupName="/forum/posts")


def _drop_a_role_policy(stage: Forum) -> None:
    iam = stage.client("iam")
    (name,) = iam.list_role_policies(RoleName="forum-execution")["PolicyNames"]
    iam.delete_role_policy(RoleName="forum-execution", PolicyName=name)


def _stop_the_trail(stage: Forum) -> None:
    stage.client("cloudtrail").stop_logging(Name="forum-main")


def _nothing(_: Forum) -> None: ...


SAMPLE: list[tuple[str, Spoil, tuple[str, ...]]] = [
    ("ec2:DescribeVpcs", _nothing, ("plan",)),
    ("iam:GetAccountAuthorizationDetails", _nothing, ("drift",)),
    ("codepipeline:GetPipeline", _nothing, ("status",)),
    ("ecr:GetLifecyclePolicy", _nothing, ("plan",)),
    ("s3:GetBucketPolicy", _nothing, ("verify",)),
    ("cloudwatch:PutMetricAlarm", _lose_an_alarm, ("apply", "--yes")),
    ("application-autoscaling:PutScalingPolicy", _lose_a_policy, ("apply", "--yes")),
    ("ec2:RevokeSecurityGroupIngress", _open_a_group, ("apply", "--yes")),
    ("events:PutRule", _disable_the_rule, ("apply", "--yes")),
    ("logs:PutRetentionPolicy", _keep_logs_for_ever, ("apply", "--yes")),
    ("iam:PutRolePolicy", _drop_a_role_policy, ("apply", "--yes")),
    ("cloudtrail:StartLogging", _stop_the_trail, ("apply", "--yes")),
]
"""One action of each service, and what needs it on a system that is up."""


@pytest.mark.parametrize(("action", "spoil", "command"), SAMPLE, ids=[action for action, _, _ in SAMPLE])
def test_without_one_action_the_command_that_needs_it_fails_and_names_it(
    user: Permitted, capsys: pytest.CaptureFixture[str], action: str, spoil: Spoil, command: tuple[str, ...]
) -> None:
    spoil(user.stage)
    user.allow_all_but(action)
    assert user.type(*command) == 1
    said = "".join(capsys.readouterr())
    assert f"not authorized to perform: {action} on resource: " in said
    assert f"allow the caller {action}; orchestrator iam-policy" in said


@pytest.mark.parametrize("action", ["ecs:RegisterTaskDefinition", "iam:PassRole", "elasticloadbalancing:ModifyRule"])
def test_a_deployment_that_may_not_do_its_work_is_taken_back_and_names_what_was_missing(
    user: Permitted, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    user.stage.aws.push("forum/posts", action.partition(":")[2])
    user.allow_all_but(action)
    assert user.type("deploy", "--image", f"posts={action.partition(':')[2]}") in (1, 10, 11)
    said = "".join(capsys.readouterr())
    assert f"allow the caller {action}; orchestrator iam-policy" in said
