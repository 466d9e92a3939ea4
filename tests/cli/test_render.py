"""How events look in each of the forms, and that none of them loses a reason."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console

from orchestrator.app.ecs_events import in_short
from orchestrator.cli.render.jsonl import JsonLines
from orchestrator.cli.render.junit import JUnit
from orchestrator.cli.render.plain import PlainLines
from orchestrator.cli.render.tree import LiveTree
from orchestrator.cli.render.words import bar
from orchestrator.core.clock import duration
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, State

CRASH = {"stopped": ["1a2b: EssentialContainerExited; posts exited with 1"], "events": ["(service posts) is unhappy"]}


class At:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, wake: Any = None) -> None:
        self.time += seconds


def event(state: State, at: float = 0.0, message: str = "", subject: str = "vpc/main", **details: Any) -> Event:
    return Event(at=at, subject=subject, action="create", state=state, message=message, details=details)


def plain(*events: Event) -> str:
    out = io.StringIO()
    lines = PlainLines(out, At())
    for each in events:
        lines(each)
    return out.getvalue()


def test_plain_lines_tell_each_change_once_with_how_long_it_took() -> None:
    assert plain(event(State.STARTED), event(State.DONE, 75)) == (
        "1970-01-01T00:00:00Z → vpc/main create\n1970-01-01T00:01:15Z ✓ vpc/main created (1m15s)\n"
    )


def test_the_same_wait_is_said_again_only_after_half_a_minute() -> None:
    waits = [event(State.WAITING, at, "for targets") for at in range(0, 61, 10)]
    assert plain(*waits).count("for targets") == 3
    assert plain(event(State.WAITING, 0, "a"), event(State.WAITING, 1, "b")).count("…") == 2


def test_a_failure_shows_stopped_tasks_and_events_in_plain_lines() -> None:
    text = plain(event(State.FAILED, 1, "rolled back", subject="posts", **CRASH))
    assert "posts exited with 1" in text
    assert "event: posts is unhappy" in text


def test_json_lines_begin_with_their_version_and_end_with_a_result() -> None:
    out = io.StringIO()
    lines = JsonLines(out, "apply")
    lines(event(State.DONE, 1, "fine", weight=10))
    lines.result("outcome", {"exit_code": 0})
    first, second, third = (json.loads(line) for line in out.getvalue().splitlines())
    assert first == {"type": "version", "format": 1, "command": "apply"}
    assert second == {
        "type": "event",
        "at": "1970-01-01T00:00:01Z",
        "subject": "vpc/main",
        "action": "create",
        "state": "done",
        "message": "fine",
        "details": {"weight": 10},
    }
    assert third == {"type": "outcome", "exit_code": 0}


def test_junit_has_a_case_a_step_and_the_reasons_of_a_failure_without_control_characters(tmp_path: Path) -> None:
    report = JUnit(tmp_path / "new" / "report.xml", "deploy")
    report(event(State.STARTED))
    report(event(State.DONE, 2))
    report(event(State.FAILED, 9, "crash \x1b[31m", subject="posts", **CRASH))
    report(event(State.BLOCKED, 9, "needs posts", subject="users"))
    report.write("the world moved")
    suite = Xml.parse(tmp_path / "new" / "report.xml").getroot()
    assert suite.attrib["tests"] == "4"
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("1", "1")
    failure = suite.find(".//failure")
    assert failure is not None
    assert "posts exited with 1" in (failure.text or "")
    assert [c.attrib["name"] for c in suite.findall("testcase")][:3] == [
        "create vpc/main",
        "create posts",
        "create users",
    ]


def test_a_junit_report_that_cannot_be_written_is_refused_before_anything_begins(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OrchestratorError, match="cannot write the JUnit report"):
        JUnit(tmp_path / "file" / "report.xml", "apply")


def test_the_live_tree_shows_stages_shares_tasks_and_leaves_what_has_ended_above_it() -> None:
    clock = At()
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=30, color_system=None)
    with LiveTree(console, clock, "deploy forum") as tree:
        tree(event(State.STARTED))
        tree(event(State.DONE, 2))
        tree(
            Event(
                at=3,
                subject="posts",
                action="roll out",
                state=State.WAITING,
                message="bake",
                details={
                    "stages": ["provision", "shift", "bake"],
                    "at": 2,
                    "old": "blue",
                    "new": "green",
                    "percent": 25,
                    "tasks": {
                        "blue": {"desired": 2, "running": 2, "healthy": 2},
                        "green": {"desired": 2, "running": 1},
                    },
                },
            )
        )
        with console.capture() as drawn:
            console.print(tree._draw())
    picture = drawn.get()
    assert "1 done" in picture
    assert "provision › shift › bake" in picture
    assert "75%" in picture
    assert "25%" in picture
    assert "2 desired, 1 running" in picture
    assert "✓ vpc/main created (2s)" in out.getvalue()


def test_a_picture_taller_than_the_terminal_says_what_it_hides() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=10)
    tree = LiveTree(console, At(), "apply")
    for number in range(50):
        tree(event(State.STARTED, subject=f"subnet/{number}"))
    with console.capture() as drawn:
        console.print(tree._draw())
    assert len(drawn.get().splitlines()) < 10
    assert "more lines" in drawn.get()


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0s"), (59.4, "59s"), (60, "1m00s"), (3599, "59m59s"), (3720, "1h02m")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("percent", "filled"), [(-5, 0), (0, 0), (50, 10), (100, 20), (130, 20)])
def test_a_bar_never_leaves_its_frame(percent: int, filled: int) -> None:
    assert bar(percent) == "█" * filled + "░" * (20 - filled)


def test_events_of_ecs_are_told_once_and_without_arns() -> None:
    group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/forum-posts-green-441f02/cbeedb9937a42a8f"
    registered = f"(service posts-green) registered 1 targets in (target-group {group})"
    started = "events: (service posts-green) has started 1 tasks: (task b7b363208a664bd797befebd7af256bf)."
    assert in_short([registered, registered, started]) == [
        "posts-green registered 1 targets in (target-group forum-posts-green-441f02)",
        "events: posts-green has started 1 tasks: (task b7b36320).",
    ]
