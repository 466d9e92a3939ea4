"""Daemons on a sandbox with virtual time: their plan files, their store, what they say, and ways to kill them."""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app import delivery, provision
from orchestrator.app import outlook as looking
from orchestrator.app.doors import Doors
from orchestrator.app.ending import Ending
from orchestrator.app.system import System
from orchestrator.aws.door import READS, Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.clock import Clock
from orchestrator.core.events import Event, State, silent
from orchestrator.core.store import Store, Stored
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Means
from orchestrator.daemon.schedule import Again
from orchestrator.plan.load.loader import load_plan
from orchestrator.sandbox.clock import VirtualClock
from orchestrator.sandbox.server import Sandbox
from orchestrator.stores.memory import MemoryStore
from tests.world import REGION, Aws

SHOP = """\
name: shop
region: eu-west-1
daemon: {mode: MODE, interval: 60}
network:
  subnets:
    public: {a: 10.0.0.0/24, b: 10.0.1.0/24}
services:
  mailer: {subnets: public, public_ip: true, strategy: {bake: 120}}
"""
BUCKET = """\
name: NAME
region: eu-west-1
daemon: {mode: MODE, interval: 60}
resources:
  bucket/media: {versioning: true}
"""
HOUR = 3600.0


class Killed(BaseException):
    """The process is gone; nothing catches this."""


class Inline:
    """A queue that works on what it is given at once, so that a test is one thread and the same each time."""

    def __init__(self) -> None:
        self.work: Callable[[str], Again] = lambda _key: Again.LATER
        self._answers: list[tuple[str, Again]] = []

    def put(self, key: str) -> bool:
        self._answers.append((key, self.work(key)))
        return True

    def answers(self) -> list[tuple[str, Again]]:
        found, self._answers = self._answers, []
        return found

    def busy(self) -> frozenset[str]:
        return frozenset()

    def close(self) -> None:
        """Nothing waits."""


@dc.dataclass(frozen=True)
class Write:
    """A call that changes something: by whom, and who held the stack by what the store said at that moment."""

    by: str
    operation: str
    holder: str
    fence: int
    in_time: bool


@dc.dataclass
class Life:
    """A daemon's process: once ``dead``, whatever it does next is not done."""

    name: str
    store: Store
    dead: bool = False
    written: list[Write] = dc.field(default_factory=list)

    def check(self) -> None:
        if self.dead:
            raise Killed(self.name)

    def note(self, operation: str, now: float) -> None:
        """Keep a write for the proof that nobody else could have made one at that moment."""
        (lease,) = [found.value for key in self.store.keys("leases/") if (found := self.store.load(key))]
        told = lease.get("life", ""), int(lease["fence"]), now < lease["until"]
        self.written.append(Write(self.name, operation, *told))


@dc.dataclass
class Stage:
    """One account, one directory of plans, one store, any number of daemons."""

    aws: Aws
    plans: Path
    store: Store = dc.field(default_factory=MemoryStore)
    events: list[Event] = dc.field(default_factory=list)

    def write(self, name: str = "shop", text: str = SHOP, mode: str = "observe", **replaced: str) -> Path:
        """A plan file, as an editor leaves it."""
        text = text.replace("MODE", mode).replace("NAME", name)
        for before, after in replaced.items():
            text = text.replace(before, after)
        path = self.plans / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    # -- what people and pipelines do ----------------------------------------------------------------------------------

    def system(self, name: str = "shop") -> System:
        """A command's view of a stack."""
        self.aws.sleep(0)  # whoever has slept holds time still while at work
        loaded = load_plan(self.plans / f"{name}.yaml")
        door = Door(Access(region=loaded.model.region), self.aws.clock)
        return System(loaded, door, self.store, self.aws.clock)

    def apply(self, name: str = "shop") -> Ending:
        """As the command does it."""
        system = self.system(name)
        with system.hold("apply"):
            outlook = looking.look(system)
            return provision.apply(system, outlook, silent, data=False)

    def leave(self, patience: float | None = 0.0, **images: str) -> Ending:
        """Begin a deployment and leave it, as a pipeline does with --no-wait."""
        system = self.system()
        with system.hold("deploy"):
            return delivery.deploy(system, delivery.look(system, images), silent, patience=patience)

    # -- daemons -------------------------------------------------------------------------------------------------------

    def daemon(self, name: str = "one", **changes: Any) -> Daemon:
        """A daemon in the test's own thread: ``run`` lets time pass for it."""
        queue = Inline()
        daemon = Daemon(Plans(self.plans), self.means(**changes), name=name, queue=queue)
        queue.work = daemon.reconciler
        return daemon

    def means(self, life: Life | None = None, **changes: Any) -> Means:
        """What a daemon works with; with a ``life`` it can be killed."""
        clock: Clock = self.aws.clock
        store = self.store
        make: Callable[[Access, Clock], Door] = Door
        if life:
            clock, store, make = _Clock(clock, life), _Store(store, life), lambda a, c: _Door(a, c, life)
        settings: dict[str, Any] = {
            "doors": Doors(clock, make=make),
            "stores": lambda _plan, _door: store,
            "clock": clock,
            "wall": clock,
            "stop": threading.Event(),
            "sink": self.events.append,
            **changes,
        }
        return Means(**settings)

    def run(self, daemon: Daemon, seconds: float) -> None:
        """Let so much time pass."""
        until = self.aws.clock.now() + seconds
        while self.aws.clock.now() < until:
            daemon.turn()
            self.aws.sleep(1)

    # -- what is seen --------------------------------------------------------------------------------------------------

    def told(self, *states: State) -> list[str]:
        """What was said, but for waiting and looking on."""
        wanted = states or tuple(s for s in State if s is not State.WAITING)
        return [f"{e.subject}: {e.message}" for e in self.events if e.state in wanted]

    @contextmanager
    def writes(self) -> Iterator[list[str]]:
        """The calls made inside the block that change something, filled in at its end."""
        before, found = len(self.aws.sandbox.calls), list[str]()
        yield found
        calls = [f"{call.service}.{call.operation}" for call in self.aws.sandbox.calls[before:]]
        found += [call for call in calls if not call.rpartition(".")[2].startswith(READS)]

    def versioning(self, name: str = "shop", bucket: str = "media") -> Any:
        """Whether a bucket keeps versions."""
        s3 = self.aws.client("s3")
        (found,) = [b["Name"] for b in s3.list_buckets()["Buckets"] if name in b["Name"] and bucket in b["Name"]]
        return s3.get_bucket_versioning(Bucket=found).get("Status")


class _Clock:
    def __init__(self, clock: Clock, life: Life) -> None:
        self._clock, self._life = clock, life

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        self._life.check()
        self._clock.sleep(seconds, wake)
        self._life.check()


class _Store:
    def __init__(self, store: Store, life: Life) -> None:
        self._store, self._life = store, life

    def load(self, key: str) -> Stored | None:
        self._life.check()
        return self._store.load(key)

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        self._life.check()
        return self._store.save(
            key, {**value, "life": self._life.name} if key.startswith("leases/") else value, expected
        )

    def keys(self, prefix: str) -> Iterator[str]:
        self._life.check()
        return self._store.keys(prefix)


class _Door(Door):
    def __init__(self, access: Access, clock: Clock, life: Life) -> None:
        super().__init__(access, clock)
        self._life = life

    def _call(self, service: str, operation: str, send: Callable[[], Any]) -> Any:
        self._life.check()
        if not operation.startswith(READS):
            self._life.note(operation, self.clock.now())
        return super()._call(service, operation, send)


@contextmanager
def stage(tmp_path: Path, patience: float = 3.0, **settings: Any) -> Iterator[Stage]:
    """An empty account, whose time passes only while everybody sleeps; ``patience`` as of the clock."""
    clock = VirtualClock(patience=patience)
    plans = tmp_path / "plans"
    plans.mkdir()
    with Sandbox(clock=clock, **settings) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", sandbox.url)
        yield Stage(Aws(sandbox, clock), plans)


__all__ = ["BUCKET", "HOUR", "REGION", "SHOP", "Inline", "Killed", "Life", "Stage", "stage"]
