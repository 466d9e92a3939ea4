"""The buckets: nobody is ever throttled by a limit that AWS publishes."""

from __future__ import annotations

import threading

from orchestrator.aws.pace import Limit, Pace


class Stopped:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        with self._lock:
            self.time += seconds


def test_nine_tenths_of_a_burst_go_out_at_once_and_the_rest_waits_for_the_refill() -> None:
    """What goes out in order may arrive at once: a bucket that is used to its last token throttles it."""
    clock = Stopped()
    pace = Pace(clock, [Limit("ec2", "Describe*", 20, 0.5)])
    waits = [pace.take("ec2", "DescribeVpcs") for _ in range(20)]
    assert waits == [0] * 18 + [2, 2]
    assert clock.time == 4


def test_an_operation_draws_from_every_bucket_it_belongs_to() -> None:
    clock = Stopped()
    pace = Pace(clock, [Limit("elbv2", "*", 100, 10), Limit("elbv2", "Create*", 1, 0.1)])
    pace.take("elbv2", "CreateRule")
    assert pace.take("elbv2", "DescribeRules") == 0
    assert pace.take("elbv2", "CreateRule") == 10
    assert pace.levels() == {("elbv2", "*"): 90, ("elbv2", "Create*"): 0}, "ten seconds have filled one up again"


def test_what_no_limit_covers_never_waits() -> None:
    assert Pace(Stopped(), []).take("sts", "GetCallerIdentity") == 0
