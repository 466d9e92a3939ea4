"""The forum from nothing to running by commands alone, and everything that is done with it afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

import pytest

from tests.scenarios.forum.oracle import failures
from tests.system.commands import PATIENCE, PLAN, Finished, Terminal, terminal

ESCAPE = "\x1b["
COLOUR = f"{ESCAPE}3"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, Finished]]:
    """The forum after ``apply --json --junit``, and what that said."""
    home = tmp_path_factory.mktemp("home")
    with terminal(home) as typed:
        yield typed, typed.run("apply", str(PLAN), "--yes", "--json", "--junit", str(home / "apply.xml"))


@pytest.fixture
def typed(begun: tuple[Terminal, Finished]) -> Terminal:
    """Where commands are typed, about a forum that runs."""
    return begun[0]


def test_apply_ends_with_0_and_everything_is_as_described(begun: tuple[Terminal, Finished]) -> None:
    typed, applied = begun
    assert (applied.code, applied.err) == (0, "")
    assert failures(typed.account) == []


def test_each_line_of_json_is_an_object_and_the_first_tells_the_version(begun: tuple[Terminal, Finished]) -> None:
    lines = begun[1].lines
    assert lines[0] == {"type": "version", "format": 1, "command": "apply"}
    assert lines[-1]["type"] == "outcome"
    assert (lines[-1]["outcome"], lines[-1]["exit_code"]) == ("succeeded", 0)
    assert {line["type"] for line in lines[1:-1]} == {"plan", "event"}


def test_the_junit_report_has_a_case_a_step_and_a_service(begun: tuple[Terminal, Finished]) -> None:
    suite = Xml.parse(begun[0].home / "apply.xml").getroot()
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("0", "0")
    cases = {case.attrib["name"] for case in suite.iter("testcase")}
    assert {"create vpc/main", "create nat-gateway/b", "roll out posts", "roll out users"} <= cases
    assert len(cases) > 60


def test_afterwards_there_is_nothing_to_do_and_no_drift(typed: Terminal) -> None:
    planned = typed.run("plan", str(PLAN), "--detailed-exitcode")
    assert (planned.code, planned.err) == (0, ""), planned.out
    assert planned.out.startswith("Nothing to do")
    drifted = typed.run("drift", str(PLAN))
    assert (drifted.code, drifted.err) == (0, ""), drifted.out
    assert typed.run("verify", str(PLAN)).code == 0


def _on_a_terminal(typed: Terminal, *words: str, columns: int = 100, **variables: str) -> tuple[int, str]:
    """The exit code of a command whose output goes to a terminal of that width, and all that came."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    process = typed.start(*words, pipes={"stdout": slave, "stderr": slave}, TERM="xterm-256color", **variables)
    os.close(slave)
    read = bytearray()
    while chunk := _chunk(master):
        read += chunk
    os.close(master)
    return process.wait(PATIENCE), read.decode()


def _chunk(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # Linux says EIO where others say end of file
        return b""


def _by_hand(typed: Terminal) -> None:
    """Somebody changes something at the console."""
    typed.client("logs").put_retention_policy(logGroupName="/forum/users", retentionInDays=1)


def test_drift_is_shown_saved_put_back_as_shown_and_refused_once_the_world_has_moved(typed: Terminal) -> None:
    saved = typed.home / "saved.plan"
    _by_hand(typed)
    code, read = _on_a_terminal(typed, "drift", str(PLAN), NO_COLOR="1")
    assert code == 3
    assert "log-group/users" in read
    assert "retention" in read
    assert COLOUR not in read, "NO_COLOR holds on a terminal, too"

    assert typed.run("plan", str(PLAN), "--out", str(saved)).code == 0
    applied = typed.run("apply", str(saved))
    assert (applied.code, applied.err) == (0, "")
    assert "log-group/users updated" in applied.out
    assert ESCAPE not in applied.out, "what goes into a file has neither colour nor a picture that moves"
    assert typed.run("drift", str(PLAN)).code == 0

    refused = typed.run("apply", str(saved))
    assert refused.code == 16
    assert "changed since this plan was saved" in refused.err


def test_a_narrow_terminal_gets_colour_and_loses_no_letter(typed: Terminal) -> None:
    _by_hand(typed)
    code, read = _on_a_terminal(typed, "apply", str(PLAN), "--yes", columns=24)
    assert code == 0
    assert COLOUR in read
    assert "log-group/users" in read.replace("\r\n", "")


def test_a_release_that_crashes_ends_with_10_the_reason_and_a_failure_in_the_report(typed: Terminal) -> None:
    typed.sandbox.push("forum/posts", "bad", "crash")
    report = typed.home / "deploy.xml"
    deployed = typed.run("deploy", str(PLAN), "--image", "posts=bad", "--junit", str(report))
    assert deployed.code == 10
    assert "rolled back" in deployed.out
    assert "exit" in deployed.out.lower()
    (failure,) = Xml.parse(report).getroot().iter("failure")
    assert failure.attrib["message"]
    status = typed.run("status", str(PLAN))
    assert status.code == 0
    assert "100%" in status.out
    assert typed.run("plan", str(PLAN), "--detailed-exitcode").code == 0
