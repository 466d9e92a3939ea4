"""A user who may do what policies say and no more, and the commands as that user types them."""

from __future__ import annotations

import dataclasses as dc
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app.privileges import Document, privileges
from orchestrator.cli import session
from orchestrator.cli.main import _guarded, app
from orchestrator.plan.load.loader import load_plan
from tests.scenarios.forum.forum import Forum, forum

ACCOUNT, REGION, USER = "123456789012", "us-east-1", "ci"


@dc.dataclass
class Permitted:
    """A system, and its only user. What tests do by hand they do as the root user."""

    stage: Forum
    attached: list[str] = dc.field(default_factory=list)

    @property
    def documents(self) -> tuple[Document, ...]:
        """What the product says that the user needs."""
        return privileges(load_plan(self.stage.plan), region=REGION, account=ACCOUNT).documents

    def allow(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Let the user do this, and nothing else."""
        iam = self.stage.client("iam")
        for arn in self.attached:
            iam.detach_user_policy(UserName=USER, PolicyArn=arn)
            iam.delete_policy(PolicyArn=arn)
        self.attached = []
        for number, document in enumerate(documents):
            made = iam.create_policy(PolicyName=f"{USER}-{number}", PolicyDocument=json.dumps(document))
            self.attached.append(made["Policy"]["Arn"])
            iam.attach_user_policy(UserName=USER, PolicyArn=self.attached[-1])

    def allow_all_but(self, *actions: str) -> None:
        """All that the product says, without these."""
        self.allow(without(document, actions) for document in self.documents)

    def allow_reading(self) -> None:
        """What the product says that looking needs."""
        found = privileges(load_plan(self.stage.plan), region=REGION, account=ACCOUNT, read_only=True)
        self.allow(document.written() for document in found.documents)

    def denied(self) -> list[str]:
        """The calls that IAM has kept from being carried out."""
        calls = self.stage.aws.sandbox.calls
        return [f"{call.service}.{call.operation}" for call in calls if call.struck == "IAM"]

    def type(self, *words: str) -> int:
        """The exit code of a command on the system's plan."""
        command, *rest = words
        line = [command, str(self.stage.plan), *rest]
        return _guarded(lambda: app(line, standalone_mode=False))


def without(document: Document, actions: Iterable[str]) -> dict[str, Any]:
    """The policy less some of its actions."""
    gone = set(actions)
    kept = [dc.replace(s, actions=tuple(a for a in s.actions if a not in gone)) for s in document.statements]
    return Document(tuple(s for s in kept if s.actions)).written()


@contextmanager
def permitted(plan: Path, home: Path) -> Iterator[Permitted]:
    """An empty account with a user who has the plan's policy; commands run on the sandbox's clock."""
    with forum(plan, authorise=True) as stage, pytest.MonkeyPatch.context() as patch:
        iam = stage.client("iam")
        iam.create_user(UserName=USER)
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        patch.setenv("ORCHESTRATOR_STATE_DIR", str(home))
        patch.setattr(session, "_clock", lambda _: stage.aws.clock)
        user = Permitted(stage)
        user.allow_all_but()
        yield user
