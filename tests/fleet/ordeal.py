"""Many stacks kept by several processes that are killed and stopped at random, for simulated hours; told by a seed.

Meanwhile somebody changes things by hand, and pipelines begin releases and leave them. In the end everything is as
planned, no process has changed a stack that another held, and every rollout has ended once.
"""

from __future__ import annotations

import dataclasses as dc
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from orchestrator.app import outlook as looking
from orchestrator.app.system import System
from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.clock import SystemClock
from orchestrator.core.store import Store
from orchestrator.plan.load.loader import load_plan
from orchestrator.rollout import history
from orchestrator.rollout.driver import unfinished
from orchestrator.sandbox.clock import SpeedClock
from orchestrator.sandbox.world.images import UnknownRepository
from orchestrator.stores.dynamodb import DynamoDbStore
from tests.daemon.stage import BUCKET, SHOP
from tests.fleet.witness import Witness
from tests.system.commands import Terminal, finish
from tests.world import REGION, Aws

TABLE = "team-locks"
SHARED = {"ORCHESTRATOR_STORE": f"dynamodb://{TABLE}?region={REGION}", "AWS_REGION": REGION}
LEASE_RUNS_OUT = 100.0
PATIENCE = 600.0
FATES = [
    *(["kills"] * 3),
    "kills of a first process",
    *(["kills of a child"] * 2),
    *(["pauses"] * 3),
    "pauses longer than a lease",
]


@dc.dataclass
class Life:
    """A process that is started again when it was killed, each time under an access key of its own."""

    name: str
    words: tuple[str, ...]
    typed: Terminal
    witness: Witness
    variables: Mapping[str, str]
    born: int = 0
    key: str = ""
    process: subprocess.Popen[str] | None = None
    until: float = 0.0
    """When it is started again, or goes on, by real time."""
    stopped: bool = False

    def start(self) -> None:
        self.born += 1
        self.key = f"{self.name}.{self.born}"
        out = self.log("out").open("a")
        with out, self.log("err").open("a") as err:
            pipes: dict[str, IO[str] | bool] = {"stdout": out, "stderr": err, "start_new_session": True}
            keys = {**self.variables, "AWS_ACCESS_KEY_ID": self.key}
            self.process = self.typed.start(*self.words, pipes=pipes, **keys)

    def log(self, end: str) -> Path:
        return self.typed.home / f"{self.name}.{end}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None and not self.stopped

    def kill(self, for_seconds: float, *, whole: bool = True) -> None:
        """All of it, or the first process alone."""
        assert self.process
        if whole:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()
        self.until = time.monotonic() + for_seconds

    def kill_a_child(self) -> bool:
        """One of the processes that do the work, if it has any."""
        assert self.process
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        children = path.read_text().split()
        if children:
            os.kill(int(children[0]), signal.SIGKILL)
        return bool(children)

    def pause(self, for_seconds: float) -> None:
        assert self.process
        os.killpg(self.process.pid, signal.SIGSTOP)
        self.witness.note(self.key)
        self.stopped, self.until = True, time.monotonic() + for_seconds

    def turn(self) -> None:
        """Come back, when it is time."""
        if time.monotonic() < self.until:
            return
        if self.stopped:
            assert self.process
            self.stopped = False
            self.witness.note(self.key)
            os.killpg(self.process.pid, signal.SIGCONT)
        elif self.process is None or self.process.poll() is not None:
            self.start()

    def end(self) -> int:
        """Have it stop, as a supervisor does; its exit code."""
        assert self.process
        self.process.terminate()
        try:
            return self.process.wait(60)
        finally:
            self.bury()

    def bury(self) -> None:
        """Leave nothing of it behind."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
            self.process.wait()


class Ordeal:
    """``stacks`` and how many of them are services; the others hold a bucket each."""

    def __init__(self, typed: Terminal, seed: int, stacks: int, services: int, bake: int) -> None:
        self.typed = typed
        self.chance = random.Random(seed)
        self.plans = typed.home / "plans"
        self.plans.mkdir()
        names = [f"s{number:02}" for number in range(stacks)]
        self.shops, self.buckets = names[:services], names[services:]
        for name in names:
            shop = SHOP.replace("name: shop", f"name: {name}").replace("bake: 120", f"bake: {bake}")
            text = (shop if name in self.shops else BUCKET).replace("NAME", name)
            text = text.replace("MODE", "enforce").replace("interval: 60", "interval: 600")
            (self.plans / f"{name}.yaml").write_text(text, encoding="utf-8")
        assert typed.run("store", "init", **SHARED).code == 0
        self.witness = Witness(typed.sandbox, names, people=("test",))
        self.lives: list[Life] = []
        self.fates = FATES
        self._fates: list[str] = []
        self.count: Counter[str] = Counter()
        self.released: dict[str, int] = dict.fromkeys(self.shops, 0)
        self.deploying: dict[str, subprocess.Popen[str]] = {}
        self.aws = Aws(typed.sandbox, typed.sandbox.clock)
        clock = typed.sandbox.clock
        assert isinstance(clock, SpeedClock)
        self.clock = SystemClock(clock.speed, clock.since)
        self.door = Door(Access(region=REGION), self.clock)
        self.store: Store = DynamoDbStore(self.door, TABLE, "the test")

    # -- who takes part ------------------------------------------------------------------------------------------------

    def begin(self, name: str, *words: str, **variables: str) -> Life:
        life = Life(name, (*words, "--plans", str(self.plans)), self.typed, self.witness, {**SHARED, **variables})
        self.lives.append(life)
        life.start()
        return life

    def one_scheduler_and_workers(self, broker: str, workers: int) -> None:
        told = {"ORCHESTRATOR_BROKER": broker}
        self.begin("scheduler", "daemon", "--no-web", **told)
        for number in range(workers):
            self.begin(f"worker{number}", "worker", "--concurrency", "1", **told)

    def daemons(self, number: int) -> None:
        for place in range(number):
            self.begin(f"daemon{place}", "daemon", "--no-web")

    # -- what they live through ----------------------------------------------------------------------------------------

    def live(self, hours: float, every: float, longest: float) -> None:
        """Simulated hours, with something bad ``every`` so many real seconds, for at most ``longest``."""
        begun = self.clock.now()
        next_blow = next_release = next_change = time.monotonic()
        while self.clock.now() - begun < hours * 3600:
            now = time.monotonic()
            for life in self.lives:
                life.turn()
            if now >= next_blow:
                self._blow(longest)
                next_blow = now + self.chance.uniform(0.5, 1.5) * every
            if now >= next_release:
                self._release()
                next_release = now + self.chance.uniform(0.5, 1.5) * every / 2
            if now >= next_change:
                self._change_by_hand()
                next_change = now + self.chance.uniform(0.5, 1.5) * every / 2
            threading.Event().wait(0.2)
        self.count["simulated minutes"] = int((self.clock.now() - begun) / 60)

    def _blow(self, longest: float) -> None:
        alive = [life for life in self.lives if life.alive]
        if not alive:
            return
        if not self._fates:
            self._fates = self.chance.sample(self.fates, len(self.fates))
        life, fate = self.chance.choice(alive), self._fates.pop()
        if fate == "kills of a child" and not life.kill_a_child():
            fate = "kills of a first process"  # a daemon has no other
        if fate.startswith("kills") and fate != "kills of a child":
            life.kill(self.chance.uniform(1, min(15, longest)), whole=fate == "kills")
        elif fate == "pauses":
            life.pause(min(longest, self.chance.uniform(1, 20)))
        elif fate == "pauses longer than a lease":
            life.pause(self.chance.uniform(min(LEASE_RUNS_OUT, longest), longest))
        self.count[fate] += 1

    def _release(self, *, more: bool = True) -> None:
        """A pipeline begins a release of a service whose last one has ended, and leaves it.

        One that found the stack held begins again. ``more``: not only those.
        """
        for name, deploying in list(self.deploying.items()):
            if deploying.poll() is not None:
                del self.deploying[name]
                self.count[f"deploys that ended with {finish(deploying).code}"] += 1
        idle = [n for n in self.shops if n not in self.deploying and not unfinished(self.system(n).store, n)]
        held = [n for n in idle if self.released[n] and not self._ended(n, self.released[n] - 1)]
        if held or (idle and more):
            self.deploy(self.chance.choice(held or idle), again=bool(held))

    def deploy(self, name: str, *, again: bool) -> None:
        number = self.released[name] - again
        if not again:
            try:
                self.typed.sandbox.push(f"{name}/mailer", f"v{number}")
            except UnknownRepository:
                return  # there is no repository yet
        self.released[name] = number + 1
        key = {"AWS_ACCESS_KEY_ID": f"pipeline.{name}.v{number}.{self.count['deploys']}"}
        words = ("deploy", str(self.plans / f"{name}.yaml"), "--image", f"mailer=v{number}", "--no-wait")
        self.count["deploys"] += 1
        self.deploying[name] = self.typed.start(*words, **SHARED, **key)

    def _ended(self, name: str, number: int) -> bool:
        records = history.records(self.system(name).store, name)
        return any(r["release"]["image"].startswith(f"v{number}@") for r in records)

    def _change_by_hand(self) -> None:
        """Somebody does in the console what the plan says otherwise."""
        s3 = self.aws.client("s3")
        name = self.chance.choice(self.buckets)
        for bucket in s3.list_buckets()["Buckets"]:
            if bucket["Name"].startswith(f"{name}-"):
                s3.put_bucket_versioning(Bucket=bucket["Name"], VersioningConfiguration={"Status": "Suspended"})
                self.count["changes by hand"] += 1

    # -- what has to be true in the end --------------------------------------------------------------------------------

    def converge(self) -> None:
        """Left in peace, they bring everything to where it should be."""
        until = time.monotonic() + PATIENCE
        while left := [name for name in (*self.shops, *self.buckets) if self._wrong(name)]:
            assert time.monotonic() < until, {name: self._wrong(name) for name in left}
            for life in self.lives:
                life.turn()
            self._release(more=not any(self.released.values()))
            threading.Event().wait(0.5)
        self.count["stacks"] = len(self.shops) + len(self.buckets)

    def judge(self) -> None:
        """Nobody changed what another held, and whatever began has ended once."""
        late = self.witness.late()
        assert [str(each) for each in late if not self.witness.excused(each)] == []
        assert list(self.witness.fences()) == []
        found = {name: list(history.records(self.system(name).store, name)) for name in self.shops}
        for name, records in found.items():
            assert Counter(r["id"] for r in records) == Counter(self.witness.rollouts[name]), "begun and ended, by ids"
            tags = Counter(r["release"]["image"].partition("@")[0] for r in records)
            first = {"latest": 1} if "latest" in tags else {}  # a pipeline may come before any daemon does
            assert tags == {**first, **{f"v{number}": 1 for number in range(self.released[name])}}
            assert {r["outcome"] for r in records} == {"succeeded"}
        self.count["rollouts"] = sum(map(len, found.values()))
        self.count["calls on their way when a lease was lost"] = len(late)
        self.count["starts"] = sum(life.born for life in self.lives)
        self.count["calls"] = len(self.typed.sandbox.calls)
        self.count.update(self.witness.counted())

    def end(self) -> None:
        """Everybody stops when asked to."""
        codes = {life.name: life.end() for life in self.lives}
        assert set(codes.values()) == {0}, codes

    def bury(self) -> None:
        for life in self.lives:
            life.bury()
        for deploying in self.deploying.values():
            deploying.kill()
            deploying.communicate()

    def system(self, name: str) -> System:
        return System(load_plan(self.plans / f"{name}.yaml"), self.door, self.store, self.clock)

    def _wrong(self, name: str) -> list[Any]:
        system = self.system(name)
        outlook = looking.look(system)
        rollouts = [*unfinished(system.store, name), *(n for n, d in outlook.decisions.items() if d.acts)]
        begun = [] if any(self.released.values()) else ["no release yet"]
        begun += [f"{name} v{n}" for n in range(self.released.get(name, 0)) if not self._ended(name, n)]
        return [*map(str, outlook.plan.changes), *rollouts, *begun]
