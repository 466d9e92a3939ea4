"""Whatever an endpoint does to it and whenever it is killed, each system comes up, changes and goes as it should.

``CHAOS=10`` puts each through ten ordeals; one of them by its seed: ``CHAOS=10 pytest tests/chaos -k forum-7``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.sandbox.clock import SpeedClock
from orchestrator.sandbox.server import Sandbox
from tests.chaos.ordeal import Ordeal, System
from tests.scenarios.chat import oracle as chat
from tests.scenarios.chat.chat import CHAT
from tests.scenarios.forum.forum import PLAN
from tests.scenarios.forum.oracle import failures
from tests.scenarios.forum.oracle.account import Account
from tests.system.commands import Terminal

SEEDS = range(int(os.environ.get("CHAOS", "1")))
SPEED = 100.0


def _wrong_with_chat(account: Account) -> list[str]:
    found = []
    for name, check in chat.CHECKS.items():
        try:
            check(account)
        except Exception as error:
            found.append(f"{name}: {type(error).__name__} {error}")
    return found


FORUM_SYSTEM = System("forum", PLAN, ("posts", "threads", "users"), failures)
CHAT_SYSTEM = System(
    "chat",
    CHAT,
    tuple(chat.PORTS),
    _wrong_with_chat,
    {r"for: 300\b": "for: 20", r"bake: 120\b": "bake: 20", r"hold: 600\b": "hold: 20"},
)


@pytest.mark.parametrize("system", [FORUM_SYSTEM, CHAT_SYSTEM], ids=lambda system: system.name)
@pytest.mark.parametrize("seed", SEEDS)
def test_it_lives_through_it(
    system: System, seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with Sandbox(clock=SpeedClock(SPEED), page_size=1) as sandbox:
        ordeal = Ordeal(system, seed, Terminal(sandbox, tmp_path))
        try:
            ordeal.live()
        finally:
            record_property("chaos", dict(ordeal.count))
