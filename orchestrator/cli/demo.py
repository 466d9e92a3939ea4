"""``make demo``: the forum system from nothing to running, a good release, and a bad one that is taken back.

Every step is a command that anyone could type, run against a sandbox on this machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

_SPEED = 40.0
_PLAN = "plans/forum.yaml"
_PICTURE = "forum.svg"


@dataclass(frozen=True)
class Act:
    """One command of the demonstration, and how it is meant to end."""

    story: str
    command: tuple[str, ...]
    expected: int = 0


ACTS = (
    Act("Bring the whole system up from nothing", ("apply", _PLAN, "--yes")),
    Act("Ask again: there is nothing left to do", ("plan", _PLAN, "--detailed-exitcode")),
    Act("Push a second version of posts", ("sandbox", "push", "posts:v2")),
    Act("Deploy it blue-green", ("deploy", _PLAN, "--image", "posts=v2")),
    Act("Push a version that crashes when it starts", ("sandbox", "push", "posts:v3", "--behaves", "crash")),
    Act("Deploy that one: traffic stays where it was (exit code 10)", ("deploy", _PLAN, "--image", "posts=v3"), 10),
    Act("See how the services stand", ("status", _PLAN)),
    Act("Draw the system", ("graph", _PLAN, "--format", "svg", "--out", _PICTURE)),
)


def main() -> int:
    """Run all acts; 0 when each ended as it should."""
    from orchestrator.sandbox.server import Sandbox

    console = Console(highlight=False)
    from orchestrator.sandbox.clock import SpeedClock

    clock = SpeedClock(_SPEED)
    began = time.monotonic()
    ends: list[tuple[Act, int, float]] = []
    with (
        tempfile.TemporaryDirectory(prefix="orchestrator-demo-") as state,
        Sandbox(clock=clock) as sandbox,
    ):
        console.print(
            Text.assemble(
                ("A sandbox of AWS runs on ", "dim"), sandbox.url, (f", {_SPEED:g} times as fast as AWS", "dim")
            )
        )
        environment = _environment(sandbox.url, state)
        for act in ACTS:
            console.print()
            console.print(Rule(Text(act.story, style="bold"), align="left", style="dim"))
            console.print(Text(f"$ orchestrator {' '.join(act.command)}", style="cyan"))
            start = time.monotonic()
            command = [sys.executable, "-m", "orchestrator", *act.command]
            code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  (ours, above)
            ends.append((act, code, time.monotonic() - start))
            if code != act.expected:
                break
    return _summary(console, ends, time.monotonic() - began)


def _environment(url: str, state: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ORCHESTRATOR_"))}
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "sandbox")
    speed = f"{_SPEED:g}"
    return {**kept, **keys, "AWS_ENDPOINT_URL": url, "ORCHESTRATOR_CLOCK_SPEED": speed, "ORCHESTRATOR_STATE_DIR": state}


def _summary(console: Console, ends: list[tuple[Act, int, float]], seconds: float) -> int:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for act, code, took in ends:
        good = code == act.expected
        mark = Text("✓", style="green") if good else Text("✗", style="bold red")
        table.add_row(mark, act.story, f"exit {code}", Text(f"{took:.1f} s", style="dim"))
    console.print()
    console.print(Rule(Text("Summary", style="bold"), align="left", style="dim"))
    console.print(table)
    whole = len(ends) == len(ACTS) and all(code == act.expected for act, code, _ in ends)
    console.print()
    if whole:
        console.print(
            f"All as it should be, in {seconds:.0f} s. The picture of the system is {Path(_PICTURE).resolve()}"
        )
    else:
        console.print(Text("The demonstration did not go as it should.", style="bold red"))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
