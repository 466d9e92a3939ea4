"""Commands that are stopped, killed or begun twice: the next one goes on, and nothing is there twice or left over."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.scenarios.forum.oracle import failures
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, twice
from tests.system.commands import PLAN, ROOT, Finished, Terminal, finish, terminal

APPLY = ("apply", str(PLAN), "--yes")
ENOUGH = 75
"""Calls after which an apply has looked around and has begun to write."""


def _after(typed: Terminal, calls: int, *words: str) -> _Begun:
    return _Begun(typed, calls, words)


class _Begun:
    """A command that has made a number of calls; it goes on until it is told something."""

    def __init__(self, typed: Terminal, calls: int, words: tuple[str, ...]) -> None:
        goal = len(typed.sandbox.calls) + calls
        self.process = typed.start(*words)
        tick = threading.Event()
        while len(typed.sandbox.calls) < goal and self.process.poll() is None:
            tick.wait(0.005)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def hear(self, words: str) -> None:
        """Read what it says to people until it says that."""
        assert self.process.stderr is not None
        assert any(words in line for line in self.process.stderr)

    def end(self) -> Finished:
        return finish(self.process)


def _whole(typed: Terminal) -> None:
    """The forum is there once, and no command has anything left to do."""
    assert failures(typed.account) == []
    assert counted(typed.account) == RUNNING
    assert twice(typed.account) == []
    planned = typed.run("plan", str(PLAN), "--detailed-exitcode")
    assert planned.code == 0, planned.out


def test_of_two_applies_one_works_and_the_other_says_who(tmp_path: Path) -> None:
    with terminal(tmp_path) as typed:
        first = _after(typed, ENOUGH, *APPLY)
        first.send(signal.SIGSTOP)
        second = typed.run(*APPLY)
        assert second.code == 15
        assert re.search(rf"forum is held by \S+:{first.process.pid} since \S+: apply", second.err)
        assert f":{first.process.pid}" in typed.run("lock", "ls").out
        first.send(signal.SIGCONT)
        assert first.end().code == 0
        _whole(typed)


def test_ctrl_c_once_stops_and_twice_leaves_at_once_and_the_next_apply_goes_on(tmp_path: Path) -> None:
    with terminal(tmp_path) as typed:
        typed.sandbox.latency = 0.1  # so that it is still at it when it is told
        once = _after(typed, ENOUGH, *APPLY)
        once.send(signal.SIGINT)
        stopped = once.end()
        assert stopped.code == 17
        assert f"Resume with: orchestrator apply {PLAN}" in stopped.err
        assert "Traceback" not in stopped.err

        again = _after(typed, ENOUGH, *APPLY)
        again.send(signal.SIGINT)
        again.hear("Resume with")
        again.send(signal.SIGINT)
        left = again.end()
        assert left.code == 128 + signal.SIGINT
        assert "leaving now" in left.err

        typed.sandbox.latency = 0.0
        assert typed.run(*APPLY).code == 0
        _whole(typed)


def test_ctrl_c_after_the_end_changes_nothing_about_it() -> None:
    ended = _program(
        "class Late(io.StringIO):",
        "    def flush(self): os.kill(os.getpid(), signal.SIGINT)",
        "main.app, sys.stdout = lambda **_: 3, Late()",
        "main.main()",
    )
    assert (ended.returncode, ended.stderr) == (3, "")


def test_what_was_printed_arrives_whole_and_a_full_disk_is_said() -> None:
    assert len(_program("main.app = lambda **_: print('x' * 300_000)", "main.main()").stdout) == 300_001
    full = _program("main.app, sys.stdout = lambda **_: print('x'), open('/dev/full', 'w')", "main.main()")
    assert (full.returncode, full.stderr) == (1, "error: the output could not be written: No space left on device\n")


def _program(*lines: str) -> subprocess.CompletedProcess[str]:
    text = "\n".join(("import io, os, signal, sys", "from orchestrator.cli import main", *lines))
    return subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)


def test_killed_at_ten_moments_it_converges_all_the_same(tmp_path: Path) -> None:
    moments = random.Random(7)
    with terminal(tmp_path) as typed:
        killed = 0
        for _ in range(10):
            begun = _after(typed, moments.randrange(45, 95), *APPLY)
            begun.send(signal.SIGKILL)
            killed += begun.end().code == -signal.SIGKILL
        assert killed >= 7, "most of the moments lie before the end"
        assert typed.run(*APPLY).code == 0
        _whole(typed)
