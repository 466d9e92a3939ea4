"""Two daemons over one store and one account for simulated hours, killed and started again."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from orchestrator.core.errors import LockHeld
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.views import State as Seen
from orchestrator.rollout import history
from orchestrator.rollout.driver import unfinished
from tests.daemon.stage import HOUR, SHOP, Inline, Killed, Life, Stage, Write, stage

RELEASES = 4
PLAN = SHOP.replace("interval: 60", "interval: 300").replace("bake: 120", "bake: 900")


class Process:
    """A daemon that can be killed at whatever it is doing."""

    def __init__(self, shop: Stage, name: str) -> None:
        self.life = Life(name, shop.store)
        self.stop = threading.Event()
        queue = Inline()
        self.daemon = Daemon(Plans(shop.plans), shop.means(self.life, stop=self.stop), name=name, queue=queue)
        queue.work = self.daemon.reconciler
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.daemon.run()
        except Killed:
            return


def _left(shop: Stage, tag: str) -> None:
    """A pipeline begins a release and goes away."""
    shop.aws.push("shop/mailer", tag)
    for _ in range(60):
        try:
            shop.leave(mailer=tag)
            return
        except LockHeld:
            shop.aws.sleep(60)
    raise AssertionError("nobody ever let go of the stack")


def _ended(shop: Stage, tag: str) -> bool:
    return any(r["release"]["image"].startswith(f"{tag}@") for r in history.records(shop.system().store, "shop"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whoever_is_killed_there_is_never_a_second_writer_and_every_release_ends_once(tmp_path: Path) -> None:
    chance = random.Random(3)
    with stage(tmp_path) as shop:
        shop.write(text=PLAN, mode="enforce")
        assert not shop.apply().outcome
        begun = shop.aws.clock.now()
        running, gone = [Process(shop, "a0"), Process(shop, "b0")], list[Process]()
        for number in range(RELEASES):
            _left(shop, f"v{number}")
            for _ in range(60):
                shop.aws.sleep(chance.uniform(60, 600))
                if _ended(shop, f"v{number}"):
                    break
                if len(gone) < 3 * (number + 1):
                    place = chance.randrange(2)
                    running[place].life.dead = True
                    gone.append(running[place])
                    shop.aws.sleep(chance.uniform(1, 120))
                    running[place] = Process(shop, f"{'ab'[place]}{len(gone)}")
        shop.aws.sleep(HOUR)
        for process in running:
            process.stop.set()
        while any(process.thread.is_alive() for process in running):
            shop.aws.sleep(1)
        store = shop.system().store
        told = Counter((r["release"]["image"].partition("@")[0], r["outcome"]) for r in history.records(store, "shop"))
        assert {key: told[key] for key in told if key[0].startswith("v")} == {
            (f"v{n}", "succeeded"): 1 for n in range(RELEASES)
        }
        assert unfinished(store, "shop") == {}
        assert len(gone) >= RELEASES
        assert shop.aws.clock.now() - begun > 2 * HOUR
        assert {p.daemon.views.view("shop.yaml").state for p in running} == {Seen.IN_SYNC}
        _one_writer([write for process in (*running, *gone) for write in process.life.written])


def _one_writer(writes: list[Write]) -> None:
    """Each was made by whoever held the stack, in time, and nobody else ever had that holder's fence."""
    assert [w for w in writes if w.by != w.holder or not w.in_time] == []
    owners = {(w.fence, w.by) for w in writes}
    assert len(owners) == len({fence for fence, _ in owners})
    assert len({by for _, by in owners}) >= 2, "more than one daemon had something to do"
