"""One stack a test, on a sandbox with virtual time, reached by the product through its own door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios.rollouts.scene import Scene, scene
from tests.world import world


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A stack without services."""
    with world() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        yield scene(aws)
