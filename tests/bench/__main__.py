"""``make bench``: what unchanged and created systems cost, how fast thinking and starting are, what a daemon takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from orchestrator.kinds.ec2.vpc import Subnet, Vpc
from orchestrator.reconcile.diff import make_plan
from orchestrator.sandbox.clock import SpeedClock
from orchestrator.sandbox.record import Call
from orchestrator.sandbox.server import Sandbox
from tests.bench import daemon

_ROOT = Path(__file__).resolve().parents[2]
_PLAN = "plans/forum.yaml"
_SPEED = 60.0
_LATENCY = 0.05
_OF_SERVICES = ("CreateService", "RegisterTaskDefinition")
_PARTS = (
    "AssociateRouteTable",
    "AttachInternetGateway",
    "AuthorizeSecurityGroupIngress",
    "CreateRoute",
    "PutLifecyclePolicy",
    "PutRolePolicy",
)
"""What a plan of ours has within a resource, and Terraform, by whose count the budget is, as resources of their own."""
_READS = ("Describe", "List", "Get", "BatchGet", "Head")


def main() -> None:
    """Run all of them."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-bench-") as state:
        clock = SpeedClock(_SPEED)
        with Sandbox(clock=clock) as sandbox:
            environment = _environment(sandbox.url, state, clock)
            _create(sandbox, environment)
            _unchanged(sandbox, environment)
    _thinking()
    _help()
    daemon.main()


def _create(sandbox: Sandbox, environment: dict[str, str]) -> None:
    seconds = _run(environment, "apply", _PLAN, "--yes")
    calls = list(sandbox.calls)
    writes = [c for c in calls if not c.operation.startswith(_READS)]
    made = _resources(environment) + sum(c.operation in (*_OF_SERVICES, *_PARTS) for c in writes)
    _line("forum created", f"{seconds:.1f} s at {_SPEED:g} times real time", "")
    _line(
        "  calls that write", f"{len(writes)} for {made} resources and parts: {len(writes) / made:.2f} each", "1.5 each"
    )
    _line("  calls that read, waiting included", str(len(calls) - len(writes)), "")


def _unchanged(sandbox: Sandbox, environment: dict[str, str]) -> None:
    before = len(sandbox.calls)
    _run(environment, "plan", _PLAN, "--detailed-exitcode")
    calls = list(sandbox.calls)[before:]
    writes = [c for c in calls if not c.operation.startswith(_READS)]
    _line("forum unchanged, calls", str(len(calls)), "55")
    _line("  of these writes", str(len(writes)), "0")
    sandbox.latency = _LATENCY
    seconds = min(_run(environment, "plan", _PLAN, "--detailed-exitcode") for _ in range(3))
    sandbox.latency = 0.0
    _line(f"  whole process, {_LATENCY * 1000:.0f} ms added to each call", f"{seconds:.2f} s", "1.2 s")
    _by_operation(calls)


def _by_operation(calls: Iterable[Call]) -> None:
    for (service, operation), count in sorted(Counter((c.service, c.operation) for c in calls).items()):
        print(f"      {count:3}  {service}.{operation}")


def _thinking() -> None:
    vpc = Vpc(name="main", cidr="10.0.0.0/16")
    wanted = [Subnet(name=f"n{i}", vpc=vpc.out(), cidr="10.0.0.0/24", zone="us-east-1a") for i in range(2000)]
    best = min(_timed(lambda: make_plan([vpc, *wanted], [], {})) for _ in range(3))
    _line("planning 2,000 resources in memory", f"{best * 1000:.0f} ms", "100 ms")


def _help() -> None:
    best = min(_run(dict(os.environ), "--help") for _ in range(3))
    _line("orchestrator --help", f"{best:.2f} s", "0.4 s")


def _run(environment: dict[str, str], *arguments: str) -> float:
    command = [sys.executable, "-m", "orchestrator", *arguments]
    start = time.perf_counter()
    ended = subprocess.run(command, env=environment, cwd=_ROOT, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(arguments)} ended with {ended.returncode}:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return time.perf_counter() - start


def _resources(environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "orchestrator", "plan", _PLAN, "--json"]
    out = subprocess.run(command, env=environment, cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    plans = [json.loads(line) for line in out.splitlines()]
    return sum(p.get("unchanged", 0) for p in plans)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _environment(url: str, state: str, clock: SpeedClock) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ORCHESTRATOR_"))}
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "sandbox")
    speed = f"{clock.speed:g}@{clock.since:.3f}"
    return {**kept, **keys, "AWS_ENDPOINT_URL": url, "ORCHESTRATOR_CLOCK_SPEED": speed, "ORCHESTRATOR_STATE_DIR": state}


def _line(what: str, measured: str, budget: str) -> None:
    print(f"{what:52} {measured:>34}" + (f"   budget {budget}" if budget else ""))


if __name__ == "__main__":
    main()
