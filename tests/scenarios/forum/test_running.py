"""The forum after one apply: every line of its description is true, and there is nothing left to do."""

from __future__ import annotations

import pytest

from tests.scenarios.forum.forum import Forum, writes
from tests.scenarios.forum.oracle import CHECKS


@pytest.mark.parametrize("check", CHECKS)
def test_it_is_as_described(running: Forum, check: str) -> None:
    CHECKS[check](running.account)


def test_a_second_look_finds_nothing_and_writes_nothing(running: Forum) -> None:
    with running.calls() as calls:
        outlook = running.look()
    assert outlook.empty, running.changes() | running.needs()
    assert writes(calls) == []
    assert len(calls) <= 55


def test_a_second_apply_writes_nothing(running: Forum) -> None:
    with running.calls() as calls:
        ending = running.apply()
    assert not ending.outcome
    assert writes(calls) == []
