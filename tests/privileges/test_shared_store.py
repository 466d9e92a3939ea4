"""What ``iam-policy`` grants on the shared store is enough for commands, and none of it is too much."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.aws.door import Access, Aws
from orchestrator.stores.dynamodb import make_table
from tests.privileges.permitted import ACCOUNT, REGION, Permitted, permitted
from tests.scenarios.forum.forum import PLAN
from tests.world import Aws as World


def as_root(world: World) -> None:
    """Make the table by hand, as somebody who may."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        make_table(Aws(Access(region=REGION), world.clock), "team-locks")


def allow(user: Permitted, capsys: pytest.CaptureFixture[str], *flags: str, but: str = "") -> None:
    """What the command prints, less one action."""
    capsys.readouterr()
    assert user.type("iam-policy", "--account", ACCOUNT, "--json", *flags) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])["policies"]
    for statement in (s for policy in printed for s in policy["document"]["Statement"]):
        statement["Action"] = [a for a in statement["Action"] if a != but] or ["sts:GetCallerIdentity"]
    user.allow(policy["document"] for policy in printed)


def test_the_policy_is_enough_to_share_a_table_and_each_action_on_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with permitted(PLAN, tmp_path) as user:
        monkeypatch.setenv("ORCHESTRATOR_STORE", "dynamodb://team-locks")
        as_root(user.stage.aws)
        allow(user, capsys, "--read-only")
        assert user.type("plan") == 0
        assert user.type("history") == 0
        assert user.type("apply", "--yes") == 1
        assert "dynamodb:UpdateItem on the table team-locks in us-east-1 was refused" in capsys.readouterr().err
        for action, command in (("dynamodb:GetItem", "plan"), ("dynamodb:Query", "history")):
            allow(user, capsys, but=action)
            assert user.type(command) == 1
            assert f"{action} on the table team-locks in us-east-1 was refused" in capsys.readouterr().err
        allow(user, capsys)
        assert user.type("apply", "--yes") == 0
        assert user.type("destroy", "--yes", "--data") == 0
