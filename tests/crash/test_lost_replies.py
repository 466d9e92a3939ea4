"""Every operation that makes or unmakes a system is carried out once without an answer that can be read.

The reply to each creation in turn is lost; or half of the first answer of each operation arrives, be it XML or JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.aws.door import READS
from orchestrator.sandbox.faults import Fault, Rule
from tests.scenarios.chat.chat import CHAT
from tests.scenarios.forum.forum import PLAN, Forum, forum
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, twice

LOST = (
    Rule(fault=Fault.LOST_REPLY, operation="Create*"),
    Rule(fault=Fault.LOST_REPLY, operation="Allocate*"),
    Rule(fault=Fault.LOST_REPLY, each=True, count=1),
)
CUT = (Rule(fault=Fault.TRUNCATED, each=True, count=1),)


@pytest.mark.parametrize("rules", [LOST, CUT], ids=["lost", "cut"])
@pytest.mark.parametrize("plan", [PLAN, CHAT], ids=lambda plan: plan.stem)
def test_no_operation_needs_its_first_answer_to_be_done_once(plan: Path, rules: tuple[Rule, ...]) -> None:
    with forum(plan) as stage:
        with _struck(stage, rules):
            ending = stage.apply()
        assert not ending.outcome, [(str(r.step.address), r.error) for r in ending.report.failed]
        assert plan != PLAN or (stage.wrong, counted(stage.account)) == ([], RUNNING)
        assert twice(stage.account) == []
        assert stage.look().empty
        with _struck(stage, rules):
            ending, _ = stage.destroy(data=True)
        assert not ending.outcome, [(str(r.step.address), r.error) for r in ending.report.failed]
        stage.aws.sleep(600)
        assert counted(stage.account) == Counter()


@contextmanager
def _struck(stage: Forum, rules: tuple[Rule, ...]) -> Iterator[None]:
    """Rules are in force; in the end they have struck every operation that changed something."""
    sandbox, before = stage.aws.sandbox, len(stage.aws.sandbox.calls)
    for rule in rules:
        sandbox.faults.add(rule)
    yield
    sandbox.faults.clear()
    calls = [c for c in list(sandbox.calls)[before:] if not c.operation.startswith(READS)]
    struck = {(c.service, c.operation) for c in calls if c.struck.startswith("fault")}
    assert {(c.service, c.operation) for c in calls} == struck
