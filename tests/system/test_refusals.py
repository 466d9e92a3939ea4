"""What a command line says, and with which code it ends, when something is wrong before it has begun."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.scenarios.forum.forum import edited, writes
from tests.system.commands import PLAN, Finished, Terminal, terminal

NO_SERVICES = {rf"^{section}:\n(?:  .*\n)+": "" for section in ("services", "delivery", "entry", "network")}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """An account with nothing in it, and nothing is put there."""
    with terminal(tmp_path_factory.mktemp("home")) as typed:
        yield typed
        made = [f"{call.service}.{call.operation}" for call in typed.sandbox.calls]
        assert writes(made) == []


def _refused(finished: Finished, code: int = 1) -> str:
    """Ended with that code, and with words for a person rather than a traceback."""
    assert finished.code == code, finished
    assert finished.err.startswith("error: ")
    assert "Traceback" not in finished.err
    return finished.err


def test_without_credentials_it_says_how_to_get_some(empty: Terminal) -> None:
    said = _refused(empty.run("apply", str(PLAN), "--yes", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY=""))
    assert "credentials" in said
    assert "--sandbox" in said


def test_an_endpoint_that_is_down_is_said_to_be(empty: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        said = _refused(empty.run("plan", str(PLAN), AWS_ENDPOINT_URL=url))
    assert "cannot reach AWS" in said
    assert url in said


def test_a_plan_file_that_is_not_there_is_named(empty: Terminal) -> None:
    assert "plans/forun.yaml" in _refused(empty.run("plan", "plans/forun.yaml"))


def test_a_wrong_word_in_the_plan_is_shown_with_its_place_and_the_nearest_right_one(
    empty: Terminal, tmp_path: Path
) -> None:
    said = _refused(empty.run("apply", str(edited(tmp_path / "forum.yaml", {"retention": "retension"})), "--yes"))
    assert re.search(r"forum\.yaml:\d+:\d+: operations", said)
    assert "log_retention" in said


def test_another_region_in_the_environment_changes_nothing(empty: Terminal) -> None:
    finished = empty.run("plan", str(PLAN), AWS_REGION="eu-west-3", AWS_DEFAULT_REGION="eu-west-3")
    assert finished.code == 0
    assert "us-east-1a" in finished.out
    assert "eu-west-3" not in finished.out


def test_a_region_that_is_none_is_told(empty: Terminal, tmp_path: Path) -> None:
    said = _refused(empty.run("plan", str(edited(tmp_path / "forum.yaml", {"us-east-1": "us-esat-1"}))))
    assert "us-esat-1" in said
    assert "us-east-1" in said


def test_another_account_than_the_plans_is_refused(empty: Terminal, tmp_path: Path) -> None:
    plan = edited(tmp_path / "forum.yaml", {"^region:": 'account: "210987654321"\nregion:'})
    said = _refused(empty.run("apply", str(plan), "--yes"))
    assert "210987654321" in said
    assert "123456789012" in said


def test_a_plan_of_nothing_has_nothing_to_do(empty: Terminal, tmp_path: Path) -> None:
    plan = edited(tmp_path / "forum.yaml", {**NO_SERVICES, "trail: true": "trail: false"})
    finished = empty.run("apply", str(plan), "--yes")
    assert (finished.code, finished.err) == (0, "")
    assert "Nothing to do" in finished.out


def test_with_nobody_there_to_ask_it_does_not_go_ahead(empty: Terminal) -> None:
    assert "--yes" in _refused(empty.run("apply", str(PLAN)))
    assert _refused(empty.run("apply", str(PLAN), "--json")), "a program is not asked either"


def test_changes_are_shown_and_end_with_2_when_that_is_asked_for(empty: Terminal) -> None:
    finished = empty.run("plan", str(PLAN), "--detailed-exitcode")
    assert finished.code == 2
    assert "66 to create" in finished.out
    assert empty.run("plan", str(PLAN)).code == 0


def test_drift_of_what_is_not_there_ends_with_3(empty: Terminal) -> None:
    assert empty.run("drift", str(PLAN)).code == 3


def test_an_error_is_told_to_programs_too(empty: Terminal, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    plan = edited(tmp_path / "forum.yaml", {"^region:": 'account: "210987654321"\nregion:'})
    finished = empty.run("apply", str(plan), "--yes", "--json", "--junit", str(report))
    assert finished.code == 1
    assert [line["type"] for line in finished.lines] == ["version", "error"]
    (error,) = Xml.parse(report).getroot().iter("error")
    assert "210987654321" in error.attrib["message"]
