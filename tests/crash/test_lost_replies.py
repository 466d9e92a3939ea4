"""Every operation that brings the systems up is carried out once without an answer that can be read, creations always.

The reply to each creation in turn is lost; or half of the first answer of each operation arrives, be it XML or JSON.
"""

from __future__ import annotations

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
        for rule in rules:
            stage.aws.sandbox.faults.add(rule)
        ending = stage.apply()
        assert not ending.outcome, [(str(r.step.address), r.error) for r in ending.report.failed]
        stage.aws.sandbox.faults.clear()
        assert _unstruck(stage) == set()
        assert plan != PLAN or (stage.wrong, counted(stage.account)) == ([], RUNNING)
        assert twice(stage.account) == []
        assert stage.look().empty


def _unstruck(stage: Forum) -> set[str]:
    """The operations that changed something and were answered every time."""
    calls = [c for c in stage.aws.sandbox.calls if not c.operation.startswith(READS)]
    struck = {(c.service, c.operation) for c in calls if c.struck.startswith("fault")}
    return {f"{c.service}:{c.operation}" for c in calls if (c.service, c.operation) not in struck}
