"""Whoever is killed or stopped, and whenever: every stack converges, there is one writer, and rollouts end once.

``FLEET=5`` is five simulated hours with thirty stacks, else a part of that is told.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.sandbox.clock import SpeedClock
from orchestrator.sandbox.server import Sandbox
from tests.fleet.ordeal import Ordeal
from tests.fleet.redis import needs_redis, redis
from tests.system.commands import Terminal

HOURS = float(os.environ.get("FLEET", "0"))
SEED = int(os.environ.get("SEED", "1"))
Begin = Callable[[], Ordeal]


@pytest.fixture
def ordeal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> Iterator[Ordeal]:
    """Stacks and an account; in the end it is told what they have been through."""
    with Sandbox(clock=SpeedClock(30.0 if HOURS else 120.0)) as sandbox:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
        print(f"again: SEED={SEED} FLEET={HOURS:g} pytest tests/fleet/test_ordeals.py")
        ordeal = Ordeal(Terminal(sandbox, tmp_path), SEED, **_SIZE)
        try:
            yield ordeal
        finally:
            ordeal.bury()
            record_property("fleet", dict(ordeal.count))


_SIZE = {"stacks": 30, "services": 6, "bake": 900} if HOURS else {"stacks": 3, "services": 1, "bake": 120}


def _live(ordeal: Ordeal) -> None:
    if HOURS:
        ordeal.live(HOURS, every=15, longest=130)
    else:
        ordeal.fates = ["kills of a first process", "kills of a child", "pauses"]  # a whole machine is missed for long
        ordeal.live(0.25, every=1.5, longest=2)
    ordeal.converge()
    ordeal.end()
    ordeal.judge()


@needs_redis
def test_one_scheduler_and_its_workers(ordeal: Ordeal, tmp_path: Path) -> None:
    with redis(tmp_path) as broker:
        ordeal.one_scheduler_and_workers(broker.url, 3 if HOURS else 2)
        _live(ordeal)


@pytest.mark.skipif(not HOURS, reason="make test-fleet: a small one is among the daemon's own tests")
def test_two_daemons_without_a_broker(ordeal: Ordeal) -> None:
    ordeal.daemons(2)
    _live(ordeal)
