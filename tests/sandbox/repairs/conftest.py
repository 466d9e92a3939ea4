"""A sandbox that refuses nothing, so that each test sees a repair and the call it is about, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest

from orchestrator.sandbox.clock import VirtualClock
from orchestrator.sandbox.server import Sandbox
from tests.world import ONE_ATTEMPT

REGION = "us-east-1"
Client = Callable[..., Any]


@cache
def _session(access_key: str = "test", secret_key: str = "test", token: str | None = None) -> boto3.session.Session:
    """One for all tests of a process: it keeps the service models that it has read."""
    return boto3.session.Session(access_key, secret_key, token)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for the tests of a file: only one can run in a process at a time."""
    with Sandbox(clock=VirtualClock(), strict=False, empty_repositories=True) as started:
        yield started


@pytest.fixture
def aws(sandbox: Sandbox) -> Client:
    """A client factory of an empty account: ``aws("ec2")``, with the credentials of a role if any are given."""
    sandbox.reset()

    def client(service: str, credentials: dict[str, str] | None = None) -> Any:
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        session = _session(*(credentials[name] for name in names)) if credentials else _session()
        return session.client(service, region_name=REGION, endpoint_url=sandbox.url, config=ONE_ATTEMPT)

    return client
