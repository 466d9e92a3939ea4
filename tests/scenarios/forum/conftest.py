"""The forum, up and running, shared by the tests of a module: each leaves it as the plan says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.scenarios.forum.oracle")

from tests.scenarios.forum.forum import Forum, forum  # noqa: E402  (the checks' asserts tell values only if rewritten)


@pytest.fixture(scope="module")
def running() -> Iterator[Forum]:
    """Applied once to an empty account."""
    with forum() as stage:
        ending = stage.apply()
        assert not ending.outcome, ending
        yield stage
