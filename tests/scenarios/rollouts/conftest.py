"""One stack a test, on a sandbox with virtual time, reached by the product through its own door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from tests.scenarios.rollouts.scene import Scene, scene
from tests.world import REGION, Aws, world


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Aws, Door]]:
    """A sandbox and a door to it. Making clients costs more than most tests, so a module's tests share them."""
    with world() as aws:
        yield aws, Door(Access(region=REGION), aws.clock)


@pytest.fixture
def stage(account: tuple[Aws, Door], monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A stack without services in an account that is empty again."""
    aws, door = account
    aws.sandbox.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
    return scene(aws, door)
