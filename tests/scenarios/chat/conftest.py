"""The chat, up and running, shared by the tests of a module: each leaves it as the plan says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.scenarios.chat.oracle")

from tests.scenarios.chat.chat import System, system  # noqa: E402  (asserts tell values only if rewritten)


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    """Applied once to an empty account."""
    with system() as stage:
        ending = stage.apply()
        assert not ending.outcome, ending
        yield stage
