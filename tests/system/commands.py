"""The command line as people run it: a process of its own, an endpoint, a state directory, and no more."""

from __future__ import annotations

import dataclasses as dc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestrator.sandbox.clock import SpeedClock
from orchestrator.sandbox.server import Sandbox
from tests.scenarios.forum.oracle import Account
from tests.world import Aws

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "plans" / "forum.yaml"
SPEED = 400.0
REGION = "us-east-1"
PATIENCE = 120.0


@dc.dataclass
class Terminal:
    """Where commands are typed: against one sandbox, with one state directory."""

    sandbox: Sandbox
    home: Path

    def __post_init__(self) -> None:
        self._aws = Aws(self.sandbox, self.sandbox.clock)

    @property
    def env(self) -> dict[str, str]:
        """What a command finds in its environment."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
        clock = self.sandbox.clock
        assert isinstance(clock, SpeedClock)
        return {
            **kept,
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.sandbox.url,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "ORCHESTRATOR_STATE_DIR": str(self.home / "state"),
            "ORCHESTRATOR_CLOCK_SPEED": f"{clock.speed:g}@{clock.since:.3f}",
        }

    def start(self, *words: str, pipes: Mapping[str, Any] | None = None, **variables: str) -> subprocess.Popen[str]:
        """Begin a command, with more variables in its environment."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **(pipes or {})}
        command = [sys.executable, "-m", "orchestrator", *words]
        return subprocess.Popen(command, env={**self.env, **variables}, cwd=ROOT, text=True, **given)

    def run(self, *words: str, **variables: str) -> Finished:
        """Run a command to its end."""
        return finish(self.start(*words, **variables))

    @property
    def account(self) -> Account:
        """What plain boto3 sees."""
        return Account(self.client)

    def client(self, service: str) -> Any:
        """Plain boto3."""
        return self._aws.client(service, REGION)


@dc.dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What ``--json`` printed; every line has to be an object."""
        return [dict(json.loads(line)) for line in self.out.splitlines()]


def finish(process: subprocess.Popen[str]) -> Finished:
    """Wait for the end of a command."""
    out, err = process.communicate(timeout=PATIENCE)
    return Finished(process.returncode, out, err)


@contextmanager
def terminal(home: Path, **settings: Any) -> Iterator[Terminal]:
    """A sandbox whose time runs fast, and commands that know it."""
    with Sandbox(clock=SpeedClock(SPEED), **settings) as sandbox:
        yield Terminal(sandbox, home)
