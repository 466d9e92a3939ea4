"""A stack in a sandbox, for tests that drive kinds by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.aws.door import Access
from orchestrator.sandbox.server import Sandbox
from tests.contract.calls import WatchedAws
from tests.contract.harness import Account
from tests.world import world

REGION = "us-east-1"  # the examples name its zones

Doors = tuple[Sandbox, WatchedAws, WatchedAws]


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    """A sandbox, the door that writes and the one that only reads; botocore's clients are dear, so they are kept."""
    with world(empty_repositories=True, authorise=True) as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", started.sandbox.url)
        access = Access(region=REGION)
        yield started.sandbox, WatchedAws(access, started.clock), WatchedAws(access, started.clock, read_only=True)


@pytest.fixture
def account(doors: Doors) -> Account:
    """An empty account, and nothing sent yet."""
    return fresh_account(doors)


def fresh_account(doors: Doors) -> Account:
    """The same doors, onto an account that has been emptied."""
    sandbox, aws, reader = doors
    sandbox.reset()
    aws.sent.clear()
    reader.sent.clear()
    return Account(aws, reader)
