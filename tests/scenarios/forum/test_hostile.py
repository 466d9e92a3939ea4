"""An endpoint on a bad day: small pages, throttling, lost replies, cut answers. The forum still comes up whole."""

from __future__ import annotations

import pytest

from orchestrator.app.ending import Outcome
from orchestrator.sandbox.faults import Fault, Rule
from tests.scenarios.forum.forum import Forum, forum
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, twice


def _whole(stage: Forum) -> None:
    """All there, nothing twice, nothing left to do."""
    stage.aws.sandbox.faults.clear()
    assert stage.wrong == []
    assert counted(stage.account) == RUNNING
    assert twice(stage.account) == []
    assert stage.look().empty


@pytest.fixture(scope="module")
def operations() -> set[tuple[str, str]]:
    """Every operation that bringing the forum up takes."""
    with forum() as stage:
        stage.apply()
        return {(call.service, call.operation) for call in stage.aws.sandbox.calls}


def _came_up(stage: Forum) -> None:
    ending = stage.apply()
    assert not ending.outcome, [(str(r.step.address), r.error) for r in ending.report.failed]
    assert any(taken for _, taken in stage.aws.sandbox.faults.taken()), "the endpoint was hostile"
    _whole(stage)


def test_every_list_comes_in_pages_of_one() -> None:
    with forum(page_size=1) as stage:
        assert not stage.apply().outcome
        _whole(stage)
        ending, _ = stage.destroy(data=True)
        assert not ending.outcome
        stage.aws.sleep(600)
        assert not counted(stage.account)


def test_replies_to_all_creations_are_lost_and_nothing_is_made_twice() -> None:
    with forum() as stage:
        for operation in ("Create*", "Allocate*"):
            stage.aws.sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, operation=operation))
        _came_up(stage)


@pytest.mark.parametrize("fault", [Fault.LOST_REPLY, Fault.TRUNCATED, Fault.RESET, Fault.ERROR, Fault.THROTTLE])
def test_every_operation_goes_wrong_once(operations: set[tuple[str, str]], fault: Fault) -> None:
    with forum() as stage:
        for service, operation in sorted(operations):
            stage.aws.sandbox.faults.add(Rule(fault=fault, service=service, operation=operation, count=1))
        _came_up(stage)


def test_one_call_in_twenty_is_throttled() -> None:
    with forum() as stage:
        stage.aws.sandbox.faults.add(Rule(fault=Fault.THROTTLE, rate=0.05, seed=1))
        _came_up(stage)


def test_one_answer_in_twenty_is_lost_or_cut() -> None:
    with forum() as stage:
        stage.aws.sandbox.faults.add(Rule(fault=Fault.LOST_REPLY, rate=0.03, seed=2))
        stage.aws.sandbox.faults.add(Rule(fault=Fault.TRUNCATED, rate=0.02, seed=3))
        _came_up(stage)


def test_a_denied_call_is_named_and_what_it_blocks_is_made_once_it_is_allowed() -> None:
    with forum() as stage:
        stage.aws.sandbox.faults.add(Rule(fault=Fault.DENIED, service="ec2", operation="CreateNatGateway"))
        ending = stage.apply()
        assert ending.outcome is Outcome.FAILED
        assert {str(r.step.address) for r in ending.report.failed} == {"nat-gateway/a", "nat-gateway/b"}
        assert all("CreateNatGateway" in r.error for r in ending.report.failed)
        stage.aws.sandbox.faults.clear()
        assert not stage.apply().outcome
        _whole(stage)
