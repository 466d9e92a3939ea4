"""The chat after one apply: every line of its description is true, and there is nothing left to do."""

from __future__ import annotations

import pytest

from orchestrator.core.events import State
from tests.scenarios.chat.chat import System, account
from tests.scenarios.chat.oracle import CHECKS, PORTS
from tests.scenarios.forum.forum import writes


@pytest.mark.parametrize("check", CHECKS)
def test_it_is_as_described(running: System, check: str) -> None:
    CHECKS[check](account(running))


def test_a_second_look_finds_nothing_and_writes_nothing(running: System) -> None:
    with running.calls() as calls:
        outlook = running.look()
    assert outlook.empty, running.changes() | running.needs()
    assert writes(calls) == []
    assert len(calls) <= 55


def test_services_were_started_in_the_order_of_their_need(running: System) -> None:
    released = [(e.subject, e.state) for e in running.events if e.action == "roll out"]
    began = {service: released.index((service, State.STARTED)) for service in PORTS}
    ended = {service: released.index((service, State.DONE)) for service in PORTS}
    for client in ("users", "discussion", "feed"):
        assert ended["discovery-server"] < began[client]
        assert ended[client] < began["api-gateway"]
    assert ended["api-gateway"] < began["frontend"]


def test_a_test_request_reaches_the_side_that_nobody_else_does(running: System) -> None:
    seen = account(running)
    (listener,) = seen.listeners.values()
    reached: dict[bool, set[str]] = {}
    for rule in seen.all("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
        if rule["Priority"] != "default":
            test = any(c["Field"] == "http-header" for c in rule["Conditions"])
            groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
            reached.setdefault(test, set()).update(g["TargetGroupArn"] for g in groups if g["Weight"])
    assert len(reached[True]) == len(reached[False]) == 2
    assert not reached[True] & reached[False]
