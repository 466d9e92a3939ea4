"""What a daemon costs that has nothing to do: 200 unchanged stacks for a simulated hour."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from orchestrator.app.doors import Doors
from orchestrator.core.clock import SystemClock
from orchestrator.core.events import silent
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Means
from orchestrator.daemon.views import State
from orchestrator.sandbox.clock import VirtualClock
from orchestrator.sandbox.server import Sandbox
from orchestrator.stores.memory import MemoryStore
from tests.daemon.stage import Inline

STACKS = 200
HOUR = 3600.0
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
    queue = Inline()
    daemon = Daemon(Plans(directory), _means(clock), queue=queue)
    queue.work = daemon.reconciler
    _pass(daemon, clock, 2 * HOUR)
    states = {view.state for view in daemon.views.all()}
    if states != {State.IN_SYNC}:
        raise SystemExit(f"not all in sync: {', '.join(sorted(states))}")
    daemon.calls.clear()
    ticks, before, cpu = _ticks(daemon), _memory(), time.process_time()
    _pass(daemon, clock, HOUR)
    looks = _ticks(daemon) - ticks
    calls = sum(daemon.calls.values())
    print(f"daemon, {stacks} unchanged stacks, a simulated hour")
    print(f"  calls a stack and hour                {calls / stacks:10.1f}   in {looks / stacks:.1f} looks")
    print(f"  processor time                        {time.process_time() - cpu:10.1f} s")
    print(f"  memory                                {before:10.1f} MB before, {_memory():.1f} MB after")
    for call, count in sorted(daemon.calls.items(), key=str):
        print(f"      {count / looks:5.2f} a look  {call.service}.{call.operation} {call.result}")


def _means(clock: VirtualClock) -> Means:
    store, stop = MemoryStore(), threading.Event()
    return Means(
        doors=Doors(clock), stores=lambda _plan, _door: store, clock=clock, wall=SystemClock(), stop=stop, sink=silent
    )


def _pass(daemon: Daemon, clock: VirtualClock, seconds: float) -> None:
    until = clock.now() + seconds
    while clock.now() < until:
        daemon.turn()
        clock.sleep(1.0)


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
