"""What a model cannot say of a single value: whether the values of a plan fit each other, and AWS.

Every check is a pure function from a plan to findings, a path of the model and a text each.
"""

from __future__ import annotations

from orchestrator.plan.checks.entry import check_entry
from orchestrator.plan.checks.finding import Finding, NameFinding
from orchestrator.plan.checks.general import check_general
from orchestrator.plan.checks.network import check_network
from orchestrator.plan.checks.notifications import check_notifications
from orchestrator.plan.checks.reach import check_reach
from orchestrator.plan.checks.services import check_services
from orchestrator.plan.checks.strategy import check_strategies
from orchestrator.plan.checks.whole import check_whole
from orchestrator.plan.model.plan import Plan


def check(plan: Plan, environment: str | None = None) -> list[Finding | NameFinding]:
    """Everything in which a plan contradicts itself or AWS."""
    found = [
        *check_general(plan, environment),
        *check_network(plan),
        *check_entry(plan),
        *check_services(plan),
        *check_strategies(plan),
        *check_reach(plan),
        *check_notifications(plan),
    ]
    return list(found) or list(check_whole(plan, f"{plan.name}-{environment}" if environment else plan.name))
