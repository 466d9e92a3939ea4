"""What a daemon costs that has nothing to do: 200 unchanged stacks for a simulated hour, scraped as Prometheus does."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from orchestrator.app.doors import Doors
from orchestrator.core.clock import SystemClock
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.metrics import Metrics
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Means
from orchestrator.daemon.views import State
from orchestrator.sandbox.clock import VirtualClock
from orchestrator.sandbox.server import Sandbox
from orchestrator.stores.memory import MemoryStore
from tests.daemon.stage import Inline

STACKS = 200
HOUR = 3600.0
UP = 1200.0
"""Seconds in which all of them have come up and been looked at again."""
EARLY = 600.0
SCRAPE = 15.0
_PLAN = """\
name: s{number}
region: eu-west-1
daemon: {{mode: enforce}}
resources:
  log-group/jobs: {{retention: 30}}
"""


def main(stacks: int = STACKS) -> None:
    """Bring them up, then let an hour pass. The endpoint is another process: the memory measured is the daemon's."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    endpoint = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    endpoint.start()
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "sandbox")
    os.environ.update(keys, AWS_ENDPOINT_URL=ours.recv(), AWS_EC2_METADATA_DISABLED="true")
    with tempfile.TemporaryDirectory(prefix="orchestrator-bench-") as directory:
        for number in range(stacks):
            (Path(directory) / f"s{number}.yaml").write_text(_PLAN.format(number=number), encoding="utf-8")
        _measure(Path(directory), stacks)
    ours.send("enough")
    endpoint.join()


def _measure(directory: Path, stacks: int) -> None:
    clock = VirtualClock()
    queue, metrics = Inline(), Metrics()
    means = _means(clock, metrics)
    daemon = Daemon(Plans(directory), means, queue=queue)
    queue.work = daemon.reconciler
    metrics.watch(daemon, means)
    _pass(daemon, clock, UP)
    states = {view.state for view in daemon.views.all()}
    if states != {State.IN_SYNC}:
        raise SystemExit(f"not all in sync: {', '.join(sorted(states))}")
    daemon.calls.clear()
    ticks, cpu = _ticks(daemon), time.process_time()
    scrapes = _pass(daemon, clock, EARLY, metrics)
    early = _memory()
    scrapes += _pass(daemon, clock, HOUR - EARLY, metrics)
    cpu, late = time.process_time() - cpu, _memory()
    looks = _ticks(daemon) - ticks
    calls = sum(daemon.calls.values())
    print(f"daemon, {stacks} unchanged stacks, a simulated hour, a scrape every {SCRAPE:g} s")
    print(f"  calls a stack and hour                {calls / stacks:10.1f}   in {looks / stacks:.1f} looks")
    print(f"  processor time                        {cpu:10.1f} s")
    print(f"  memory                                {early:10.1f} MB at minute 10, {late:.1f} MB at minute 60")
    print(f"  a scrape                              {median(scrapes) * 1000:10.1f} ms   budget 50 ms")
    for call, count in sorted(daemon.calls.items(), key=str):
        print(f"      {count / looks:5.2f} a look  {call.service}.{call.operation} {call.result}")


def _means(clock: VirtualClock, metrics: Metrics) -> Means:
    store = MemoryStore()
    return Means(
        doors=Doors(clock),
        stores=lambda _plan, _door: store,
        clock=clock,
        wall=SystemClock(),
        stop=threading.Event(),
        sink=metrics.sink,
        ticked=metrics.ticked,
    )


def _pass(daemon: Daemon, clock: VirtualClock, seconds: float, metrics: Metrics | None = None) -> list[float]:
    """Let time pass; the processor time of each scrape meanwhile."""
    until, due, took = clock.now() + seconds, clock.now(), list[float]()
    while clock.now() < until:
        daemon.turn()
        if metrics and clock.now() >= due:
            began, due = time.process_time(), due + SCRAPE
            metrics.render()
            took.append(time.process_time() - began)
        clock.sleep(1.0)
    return took


def _ticks(daemon: Daemon) -> int:
    return sum(view.ticks for view in daemon.views.all())


def _memory() -> float:
    """Resident megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _serve(pipe: Connection[Any, Any]) -> None:
    with Sandbox() as sandbox:
        pipe.send(sandbox.url)
        pipe.recv()


if __name__ == "__main__":
    main()
