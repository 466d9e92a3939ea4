"""A system held by one process at a time, whatever time it is on AWS."""

from __future__ import annotations

from tests.scenarios.forum.forum import forum


def test_a_lease_outlives_hours_of_a_sandbox_whose_clock_runs_faster() -> None:
    with forum() as stage:
        system = stage.system
        with system.hold("apply"):
            stage.aws.sleep(7200)
            system.assert_held()
