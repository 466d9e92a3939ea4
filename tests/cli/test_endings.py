"""The JUnit report of a deployment has a case for each gate, by what it said last."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from orchestrator.app.ending import Ending, Outcome, ServiceEnding, gates_of
from orchestrator.cli import flags
from orchestrator.cli.render import endings
from orchestrator.cli.session import Session
from orchestrator.core.errors import OrchestratorError

JOURNAL = [
    {"stage": "test", "gate": "GET /ready", "judgement": "error", "note": "connection refused"},
    {"stage": "test", "note": "done"},
    {"stage": "test", "gate": "GET /ready", "judgement": "pass", "note": "200 in 0.1 s"},
    {"stage": "bake", "gate": "errors at most 1 %", "judgement": "fail", "note": "7 % of 90 requests"},
    {"stage": "bake", "gate": "latency p99 at most 1 s", "judgement": "inconclusive", "note": "no traffic"},
]


def test_a_gate_that_came_round_has_passed_one_that_failed_is_a_failure_and_one_that_told_nothing_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path))
    report = tmp_path / "deploy.xml"
    session = Session("deploy", flags.options(Path("forum.yaml"), None, [], junit=report))
    posts = ServiceEnding(service="posts", outcome=Outcome.ROLLED_BACK, gates=gates_of(JOURNAL))
    assert endings.show(session, Ending(services=(posts,))) == 10
    capsys.readouterr()
    cases = {
        case.attrib["name"]: [(e.tag, e.attrib["message"]) for e in case] for case in Xml.parse(report).iter("testcase")
    }
    assert cases == {
        "gate posts test: GET /ready": [],
        "gate posts bake: errors at most 1 %": [("failure", "7 % of 90 requests")],
        "gate posts bake: latency p99 at most 1 s": [("skipped", "no traffic")],
    }


@pytest.mark.parametrize("name", ["ada\nlock taken by bob", "\x1b[2Jada", "a" * 201])
def test_a_name_that_would_not_fit_into_a_line_of_the_history_is_refused(name: str) -> None:
    with pytest.raises(OrchestratorError, match="--by"):
        flags.options(Path("forum.yaml"), None, [], by=name)


def test_evidence_is_told_as_aws_said_it_but_for_events_which_are_told_in_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path))
    task = "ec0c1e5d26dc408b891c9aeb8073ecef"
    evidence = (f"stopped: {task}: exited", "logs: retry", "logs: retry", f"events: (service a) stopped (task {task}).")
    ending = ServiceEnding(service="posts", outcome=Outcome.ROLLED_BACK, evidence=evidence)
    endings.show(Session("deploy", flags.options(Path("forum.yaml"), None, [])), Ending(services=(ending,)))
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert told[1:5] == [f"stopped: {task}: exited", "logs: retry", "logs: retry", "events: a stopped (task ec0c1e5d)."]
