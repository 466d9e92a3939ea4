"""One sandbox a test, with virtual time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.system import System, build
from tests.world import Aws, world


@pytest.fixture
def aws() -> Iterator[Aws]:
    """An empty account."""
    with world() as started:
        yield started


@pytest.fixture
def system(aws: Aws) -> System:
    """A network, a role and an empty cluster."""
    return build(aws)
