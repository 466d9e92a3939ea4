"""A running sandbox for tests: ``with world() as aws:`` gives clients, the clock, and the sandbox itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from orchestrator.sandbox.clock import SandboxClock, VirtualClock
from orchestrator.sandbox.server import Sandbox

REGION = "eu-west-1"
ONE_ATTEMPT = Config(
    retries={"total_max_attempts": 1, "mode": "standard"}, inject_host_prefix=False, s3={"addressing_style": "path"}
)


@cache
def _session() -> boto3.session.Session:
    """One for all tests of a process: it keeps the service models that it has read."""
    return boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test")


@dataclass
class Aws:
    """The account of a test: ``aws.client("ecs")``, and ``aws.sleep(60)`` to let a minute pass."""

    sandbox: Sandbox
    clock: SandboxClock
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = REGION) -> Any:
        """A plain boto3 client, one a service and region, that makes every call just once."""
        key = (service, region)
        if key not in self._clients:
            url = self.sandbox.url
            self._clients[key] = _session().client(service, region_name=region, endpoint_url=url, config=ONE_ATTEMPT)
        return self._clients[key]

    def sleep(self, seconds: float) -> None:
        """Let that many virtual seconds pass."""
        self.clock.sleep(seconds)

    def push(self, repository: str, tag: str, behaves: str = "ok") -> str:
        """Put an image into a repository and return the reference that a task definition would name."""
        return self.sandbox.push(repository, tag, behaves)["uri"]


@contextmanager
def world(**settings: Any) -> Iterator[Aws]:
    """A sandbox on a free port whose time passes only in ``sleep``; settings are those of ``Sandbox``."""
    clock = VirtualClock()
    with Sandbox(clock=clock, **settings) as sandbox:
        yield Aws(sandbox, clock)
