"""A machine whose clock is wrong is told so before it relies on it; a slow answer is no wrong clock."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.errors import OrchestratorError
from orchestrator.stores.dynamodb.skew import checked
from tests.reconcile.fakes import Clock

DATE = "Sat, 31 Jan 2026 12:00:00 GMT"
AT = 1_769_860_800.0


def asked(*ours: float, took: float = 0.0, date: str = DATE) -> Any:
    """What comes of a call that begins at these times by our clocks, and is answered at noon by AWS's."""
    clocks = tuple(Clock() for _ in ours)
    for clock, at in zip(clocks, ours, strict=True):
        clock.sleep(at - clock.now())

    def call() -> dict[str, Any]:
        for clock in clocks:
            clock.sleep(took)
        return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}

    return checked(call, clocks)


@pytest.mark.parametrize("ours", [AT - 15, AT, AT + 15])
def test_a_clock_that_is_right_within_half_the_margin_of_leases_will_do(ours: float) -> None:
    assert asked(ours)


@pytest.mark.parametrize(("ours", "said"), [(AT - 47, "47 s behind AWS's"), (AT + 47, "47 s ahead of AWS's")])
def test_a_clock_that_is_wrong_is_named_with_how_much(ours: float, said: str) -> None:
    with pytest.raises(OrchestratorError, match=said) as error:
        asked(ours)
    assert "NTP" in error.value.hint


def test_an_answer_that_takes_a_minute_either_way_is_no_wrong_clock() -> None:
    assert asked(AT - 60, took=60)
    assert asked(AT - 1, took=60)


def test_an_endpoint_whose_time_runs_faster_has_a_clock_of_its_own() -> None:
    assert asked(AT + 50, AT)


def test_what_aws_would_have_refused_to_answer_is_not_its_time() -> None:
    assert asked(AT + 5000)


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_an_answer_without_a_time_says_nothing(date: str) -> None:
    assert asked(AT + 50, date=date)


def test_where_no_clock_is_asked_about_none_is_wrong() -> None:
    assert asked()
