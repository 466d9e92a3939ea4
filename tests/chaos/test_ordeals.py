"""Whatever an endpoint does to it and whenever it is killed, each system comes up, changes and goes as it should.

``CHAOS=10`` has each live ten times, else a part of its life is told. A life that goes wrong says how to live it again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
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

LIVES = int(os.environ.get("CHAOS", "0"))
SPEED = 100.0
CONSISTENCY = 20.0
Begin = Callable[[System, int], Ordeal]


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


@pytest.fixture
def begin(tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[Begin]:
    """Puts a system on a bad endpoint; in the end it is told what it has been through."""
    with Sandbox(clock=SpeedClock(SPEED), buckets=True, consistency=CONSISTENCY) as sandbox:
        begun: list[Ordeal] = []

        def ordeal(system: System, seed: int) -> Ordeal:
            print(f"again: CHAOS={seed + 1} pytest tests/chaos -k {seed}-{system.name}")
            begun.append(Ordeal(system, seed, Terminal(sandbox, tmp_path)))
            return begun[0]

        yield ordeal
        record_property("chaos", dict(begun[0].count))


@pytest.mark.parametrize("system", [FORUM_SYSTEM, CHAT_SYSTEM], ids=lambda system: system.name)
@pytest.mark.parametrize("seed", range(LIVES or 1))
def test_it_lives_through_it(begin: Begin, system: System, seed: int) -> None:
    ordeal = begin(system, seed)
    if LIVES:
        ordeal.live()
    else:
        ordeal.live_a_little("bad" if system is FORUM_SYSTEM else "good")
