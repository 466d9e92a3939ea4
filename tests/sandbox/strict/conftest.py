"""One sandbox for all tests of a module, emptied before each; and a small network to put things into."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.sandbox import strict
from tests.sandbox.strict.network import Network
from tests.world import Aws, world


@pytest.fixture(scope="module")
def account() -> Iterator[Aws]:
    """A sandbox that outlives a test, for starting one costs more than most tests do."""
    with world() as started:
        yield started


@pytest.fixture
def aws(account: Aws) -> Iterator[Aws]:
    """The sandbox, empty, with all rules on; afterwards no rule may have broken."""
    account.sandbox.reset()
    strict.reset()
    strict.enable()
    strict.install()
    yield account
    assert strict.layer.broken == []


@pytest.fixture
def network(aws: Aws) -> Network:
    """A VPC with two subnets in two zones and an internet gateway."""
    return Network(aws)
