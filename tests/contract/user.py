"""Whose life it is: an IAM user who may do what the kind declares, on what the kind says, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from orchestrator.app.privileges.arns import Place
from orchestrator.app.privileges.policy import documents
from orchestrator.app.privileges.privileges import granted
from orchestrator.core.resource import Resource
from tests.contract.harness import Account

_NAME = "contract"
Keys = tuple[str, str]


class User:
    """The user of one kind's life. Whatever is done by hand is done as the account's root user."""

    def __init__(self, account: Account, plans: Iterable[Sequence[Resource]]) -> None:
        """``plans``: the resources that are wanted one time or another; whoever changes a plan changes its policy."""
        self._held = [door.credentials() for door in (account.aws, account.reader)]
        self._root: Keys = (self._held[0].access_key, self._held[0].secret_key)
        iam = account.aws.client("iam")
        iam.create_user(UserName=_NAME)
        place = Place(stack=account.stack, region=account.aws.region, account=account.aws.account)
        statements = {json.dumps(s.written()): s for plan in plans for s in granted(plan, (), place)}
        for number, document in enumerate(documents(statements.values())):
            written = json.dumps(document.written())
            made = iam.create_policy(PolicyName=f"{_NAME}-{number}", PolicyDocument=written)
            iam.attach_user_policy(UserName=_NAME, PolicyArn=made["Policy"]["Arn"])
        key = iam.create_access_key(UserName=_NAME)["AccessKey"]
        self._own: Keys = (key["AccessKeyId"], key["SecretAccessKey"])
        account.aws.sent.clear()

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Everything is done by the user."""
        with self._as(self._own):
            yield

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """What the product has no part in."""
        with self._as(self._root):
            yield

    @contextmanager
    def _as(self, keys: Keys) -> Iterator[None]:
        before = [(held.access_key, held.secret_key) for held in self._held]
        for held in self._held:
            held.access_key, held.secret_key = keys
        try:
            yield
        finally:
            for held, (access_key, secret_key) in zip(self._held, before, strict=True):
                held.access_key, held.secret_key = access_key, secret_key
