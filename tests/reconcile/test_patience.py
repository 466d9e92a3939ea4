"""How long which error is believed to pass by itself."""

from __future__ import annotations

import math

import pytest

from orchestrator.core.address import Address
from orchestrator.reconcile.patience import Patience
from tests.reconcile.fakes import Clock, lost_reply, refusal

ADDRESS = Address("thing", "net")
PROPAGATING = refusal("InvalidParameterException", message="Unable to assume the service linked role")


def waited(error: Exception, *, fresh_until: float = 0.0, **windows: float) -> tuple[int, float]:
    """How many more tries an error gets, and for how long, when it never goes away."""
    clock = Clock()
    patience = Patience(clock, ADDRESS, **windows)
    began, tries = clock.now(), 0
    while (seconds := patience.pause(error, fresh_until=fresh_until)) is not None:
        assert 2 <= seconds <= 10
        clock.sleep(seconds)
        tries += 1
    return tries, clock.now() - began


@pytest.mark.parametrize("code", ["ValidationError", "AccessDenied", "VpcLimitExceeded", "MalformedPolicyDocument"])
def test_what_will_not_pass_is_not_tried_again(code: str) -> None:
    assert waited(refusal(code)) == (0, 0)


def test_a_fresh_role_gets_two_minutes() -> None:
    assert 120 <= waited(PROPAGATING)[1] <= 130


def test_something_busy_gets_as_long_as_its_kind_says() -> None:
    assert 300 <= waited(refusal("OperationAborted"))[1] <= 310
    assert 1200 <= waited(refusal("DependencyViolation"), busy=1200)[1] <= 1210


def test_what_is_full_is_tried_again_only_where_it_is_emptied_each_time() -> None:
    assert waited(refusal("BucketNotEmpty")) == (0, 0)
    assert 600 <= waited(refusal("BucketNotEmpty"), full=600)[1] <= 610


def test_not_found_gets_two_minutes_beside_something_fresh_and_a_few_tries_otherwise() -> None:
    assert 120 <= waited(refusal("InvalidVpcID.NotFound"), fresh_until=math.inf)[1] <= 130
    assert waited(refusal("InvalidVpcID.NotFound"))[0] == 3


@pytest.mark.parametrize("error", [PROPAGATING, refusal("InvalidVpcID.NotFound")])
def test_a_try_that_a_busy_machine_held_up_is_not_the_last_one(error: Exception) -> None:
    clock = Clock()
    patience = Patience(clock, ADDRESS)
    fresh_until = clock.now() + 120
    for _ in range(5):
        clock.sleep(patience.pause(error, fresh_until=fresh_until) or 0)
    clock.sleep(200)
    assert patience.pause(error, fresh_until=fresh_until) is not None
    clock.sleep(200)
    assert patience.pause(error, fresh_until=fresh_until) is None


def test_a_lost_reply_is_followed_up_three_times() -> None:
    assert waited(lost_reply())[0] == 3


def test_each_class_of_error_has_a_window_of_its_own() -> None:
    clock = Clock()
    patience = Patience(clock, ADDRESS)
    patience.pause(PROPAGATING)
    clock.sleep(119)
    assert patience.pause(refusal("OperationAborted")) is not None
    clock.sleep(2)
    assert patience.pause(PROPAGATING) is None
    assert patience.pause(refusal("OperationAborted")) is not None


def test_those_who_failed_together_do_not_come_back_together() -> None:
    pauses = {Patience(Clock(), Address("thing", f"t{n}")).pause(PROPAGATING) for n in range(20)}
    assert len(pauses) == 20
