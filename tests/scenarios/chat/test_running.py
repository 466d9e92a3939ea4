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
