"""One system's whole life on a bad endpoint, with a process that is killed again and again; told by a seed.

Apply, deploy an image that is good, deploy one that is bad, destroy: each a process of its own, killed with -9 at a
call that chance chooses, and started again until it ends by itself. Lists come in pages of one, calls are throttled,
fail, are cut off and lose their replies. Then what is there is compared with what was meant.
"""

from __future__ import annotations

import dataclasses as dc
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.sandbox.repairs import paging
from tests.chaos.secrets import SECRETS, planted, revealed
from tests.scenarios.forum.forum import edited
from tests.scenarios.forum.oracle.account import Account
from tests.scenarios.forum.oracle.inventory import counted, twice
from tests.system.commands import Finished, Terminal

RATES = {Fault.THROTTLE: 0.03, Fault.ERROR: 0.015, Fault.RESET: 0.01, Fault.LOST_REPLY: 0.01, Fault.TRUNCATED: 0.01}
BAD = ("crash", "pull-error", "unhealthy")
PATIENCE = 180.0
WRONG = ("duplicates", "leftovers", "failed requests", "secrets shown")
COUNTED = ("processes", "kills", "calls", "faults", "retries", *WRONG)


@dc.dataclass(frozen=True)
class System:
    """What is put through it: a plan, and what has to be true of it."""

    name: str
    plan: Path
    services: tuple[str, ...]
    wrong: Callable[[Account], list[str]]
    edits: dict[str, str] = dc.field(default_factory=dict)


@dc.dataclass
class Ordeal:
    """A seed, a system, and an account on which it lives."""

    system: System
    seed: int
    typed: Terminal
    kills: int = 3
    count: Counter[str] = dc.field(default_factory=lambda: Counter(dict.fromkeys(COUNTED, 0)))

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.system.name} {self.seed}")
        self.plan = planted(self.typed, self.system.plan, self.system.services[0])
        if self.system.edits:
            edited(self.plan, self.system.edits, self.plan)
        self._outputs = self.typed.home / "outputs"
        self._outputs.mkdir()

    def live(self) -> None:
        """All of it."""
        self.come_up()
        self.change("good", "bad")
        self.go()

    def live_a_little(self, *tags: str) -> None:
        """Some of it, with one kill a command."""
        self.kills = 1
        self.come_up()
        self.change(*tags)

    def come_up(self) -> None:
        """From nothing to running."""
        applied = self.insist("apply", str(self.plan), "--yes", within=500)
        assert applied.code == 0, self._told(applied)
        self.whole()

    def change(self, *tags: str) -> None:
        """Images are deployed to one service, and nobody who asks it for something notices."""
        before = self.typed.sandbox.ledger.totals()
        service = self.chance.choice(self.system.services)
        for tag in tags:
            self.take(service, tag)
            self.whole()
        asked = self.typed.sandbox.ledger.totals() - before
        self._none("failed requests", [f"{number} {fate}" for fate, number in asked.items() if fate.failed])

    def take(self, service: str, tag: str) -> None:
        """An image is deployed, and kept if it is good, else taken back."""
        good = tag == "good"
        self.typed.sandbox.push(f"{self.system.name}/{service}", tag, "ok" if good else self.chance.choice(BAD))
        before = self.images()
        deployed = self.insist("deploy", str(self.plan), "--image", f"{service}={tag}", within=200)
        assert deployed.code == (0 if good else 10), self._told(deployed)
        after = self.images()
        assert {name for name in after if after[name] != before[name]} == ({service} if good else set())

    def go(self) -> None:
        """Back to nothing."""
        destroyed = self.insist("destroy", str(self.plan), "--yes", "--data", within=300)
        assert destroyed.code == 0, self._told(destroyed)
        self.typed.sandbox.clock.advance(600)
        self._none("leftovers", list(counted(self._account())))
        self._none("secrets shown", revealed(self.typed.home))
        again = self._finished(self._begin("destroy", str(self.plan), "--yes", "--data"))
        assert (again.code, again.out) == (0, "Nothing carries this stack's tags.\n")

    def whole(self) -> None:
        """Everything is there as meant, once, and there is nothing left to do."""
        assert self.system.wrong(self._account()) == []
        self._none("duplicates", twice(self._account()))
        self._none("leftovers", self.orphans())
        self._none("secrets shown", revealed(self.typed.home))
        planned = self._finished(self._begin("plan", str(self.plan), "--detailed-exitcode"))
        assert planned.code == 0, self._told(planned)

    def _none(self, kind: str, found: list[str]) -> None:
        self.count[kind] += len(found)
        assert found == [], f"seed {self.seed}: {kind}"

    def orphans(self) -> list[str]:
        """What is still held, and tasks that are too many or too few."""
        account = self._account()
        scaling = account.all(
            "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs"
        )
        held = [t["ResourceId"] for t in scaling if any(t.get("SuspendedState", {}).values())]
        cluster = account.cluster["clusterArn"]
        arns = account.all("ecs", "list_tasks", "taskArns", cluster=cluster)
        wanted = sum(s["desiredCount"] for s in account.ecs_services.values())
        return [*held, *([f"{len(arns)} tasks, {wanted} wanted"] if len(arns) != wanted else [])]

    def images(self) -> dict[str, str]:
        """The task definition that each service runs."""
        account = self._account()
        found = {}
        for name, service in account.ecs_services.items():
            told = account.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
            found[name] = str(told["taskDefinition"]["containerDefinitions"][0]["image"])
        return found

    # -- inside --------------------------------------------------------------------------------------------------------

    def insist(self, *words: str, within: int) -> Finished:
        """Run a command until it ends by itself; until then it is killed some times, after at most so many calls."""
        with self._bad_days():
            for _ in range(self.kills):
                begun = self._begin(*words)
                if self._killed(begun, self.chance.randrange(1, within)):
                    self.count["kills"] += 1
                else:
                    return self._finished(begun)
            return self._finished(self._begin(*words))

    def _killed(self, begun: subprocess.Popen[str], calls: int) -> bool:
        goal, tick = len(self.typed.sandbox.calls) + calls, threading.Event()
        while len(self.typed.sandbox.calls) < goal and begun.poll() is None:
            tick.wait(0.002)
        begun.send_signal(signal.SIGKILL)
        return begun.wait() == -signal.SIGKILL

    def _begin(self, *words: str) -> subprocess.Popen[str]:
        self.count["processes"] += 1
        self._output = self._outputs / f"{self.count['processes']:02}.{words[0]}"
        with self._output.with_suffix(".out").open("w") as out, self._output.with_suffix(".err").open("w") as err:
            return self.typed.start(*words, pipes={"stdout": out, "stderr": err}, **SECRETS)

    def _finished(self, begun: subprocess.Popen[str]) -> Finished:
        code = begun.wait(PATIENCE)
        out, err = (self._output.with_suffix(end).read_text() for end in (".out", ".err"))
        return Finished(code, out, err)

    @contextmanager
    def _bad_days(self) -> Iterator[None]:
        """While it lasts some calls go wrong, and lists come in pages of one."""
        faults, before = self.typed.sandbox.faults, len(self.typed.sandbox.calls)
        for fault, rate in RATES.items():
            faults.add(Rule(fault=fault, rate=rate, seed=self.chance.randrange(2**32)))
        paging.limit_pages(1)
        try:
            yield
        finally:
            paging.limit_pages(None)
            faults.clear()
            calls = list(self.typed.sandbox.calls)[before:]
            self.count["calls"] += len(calls)
            self.count["faults"] += sum(bool(c.struck.startswith("fault")) for c in calls)
            self.count["retries"] += _again(calls)

    def _account(self) -> Account:
        return Account(self.typed.client, self.system.name)

    def _told(self, finished: Finished) -> str:
        return f"seed {self.seed}: ended with {finished.code}\n{finished.out[-3000:]}\n{finished.err[-3000:]}"


def _again(calls: list[Any]) -> int:
    """How many of the calls that were struck were made again later."""
    seen: set[tuple[str, str]] = set()
    found = 0
    for call in reversed(calls):
        found += call.struck.startswith("fault") and (call.service, call.operation) in seen
        seen.add((call.service, call.operation))
    return found
