"""The steps of both pipelines by themselves: what they refuse, what they never show, and what their codes come to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from orchestrator.aws.door import Access, Aws
from orchestrator.core.clock import SystemClock
from orchestrator.core.store import Scoped
from orchestrator.lease import Lease
from orchestrator.stores.file import FileStore
from tests.pipelines.agent import COMMAND, EXAMPLES, REGISTRY, Agent
from tests.system.commands import ROOT, terminal

STEPS = sorted((EXAMPLES / "jenkins" / "steps").glob("*.sh"))
CODES = (0, 1, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18)
HOSTILE = "$(touch pwned); `touch pwned` && touch pwned | '\" \n::set-env name=X::y\n${IFS}touch${IFS}pwned"


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """A machine before an empty account: what is asked here ends before it gets anywhere."""
    with terminal(tmp_path / "home") as typed:
        (typed.home).mkdir()
        (typed.home / "plan.yaml").write_bytes((EXAMPLES / "jenkins" / "plan.yaml").read_bytes())
        yield Agent(typed, tmp_path)


def _env(**changes: str) -> dict[str, str]:
    told = {"TARGET": "dev", "TAG": "v2", "ON_ABORT": "leave", "REGISTRY": REGISTRY, "ORCHESTRATOR_IMAGE": COMMAND}
    return {**told, **changes}


@pytest.mark.parametrize("step", STEPS, ids=lambda p: p.name)
def test_a_step_is_strict_and_evaluates_nothing(step: Path) -> None:
    text = step.read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", str(step)], check=True)
    if step.name != "lib.sh":
        assert text.startswith("#!/usr/bin/env bash\n")
        assert 'lib.sh"\n' in text, "which sets -euo pipefail"
        assert step.stat().st_mode & 0o111
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert not re.search(r"\beval\b|set -x|bash -c|sh -c", code)


@pytest.mark.parametrize("name", ["TARGET", "TAG", "SERVICES", "ON_ABORT", "REGISTRY"])
def test_a_hostile_value_is_refused_before_anything_is_run(agent: Agent, name: str) -> None:
    script = "ci/steps/push.sh" if name == "REGISTRY" else "ci/steps/deploy.sh"
    ran = agent.run(script, _env(**{name: HOSTILE}))
    assert ran.code == 1
    assert f"error: {name}: found" in ran.said
    assert not list(agent.workspace.rglob("pwned"))
    assert agent.typed.sandbox.calls == []


def test_a_hostile_name_or_reason_is_text_and_nothing_else(agent: Agent) -> None:
    ran = agent.run("ci/steps/promote.sh", _env(BY=HOSTILE, APPROVER=HOSTILE, REASON=HOSTILE))
    assert ran.code == 16, ran.said
    assert not list(agent.workspace.rglob("pwned"))
    assert "::set-env" not in [line[:9] for line in ran.said.splitlines()]


def test_what_is_secret_is_on_no_command_line_and_in_no_output(agent: Agent) -> None:
    seen = agent.home / "argv"
    curl = agent.bin / "curl"
    curl.write_text(f'#!/bin/sh\necho "$@" > {seen}\ncat > {seen}.stdin\n', encoding="utf-8")
    curl.chmod(0o755)
    env = _env(RESULT="FAILURE", SAID="posts rolled back", NOTIFY_URL="https://chat.example.com/s3cret-hook")
    ran = agent.run("ci/steps/notify.sh", env)
    assert (ran.code, ran.said) == (0, "")
    assert "s3cret-hook" not in seen.read_text(encoding="utf-8")
    assert "s3cret-hook" in Path(f"{seen}.stdin").read_text(encoding="utf-8")
    assert "posts rolled back" in seen.read_text(encoding="utf-8")


def test_a_stack_that_somebody_holds_is_waited_for_and_then_given_up_with_their_name(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in agent.typed.env.items():
        monkeypatch.setenv(name, value)
    place = Aws(Access(region="eu-west-1"), SystemClock()).reader().scope
    store = Scoped(FileStore(agent.typed.home / "state"), place)
    lease = Lease(store, SystemClock(), "forum-dev", "apply by hand")
    lease.acquire()
    ran = agent.run("ci/steps/deploy.sh", _env(LOCK_TRIES="3", LOCK_PAUSE="0"))
    assert ran.code == 15
    assert ran.said.count("forum-dev is held by") == 3
    assert agent.report("dev.verdict") == "failed"
    assert "forum-dev is held by" in agent.report("dev.said")


def _meant(agent: Agent) -> dict[int, str]:
    script = 'source ci/steps/lib.sh; for code in "$@"; do printf "%s %s\\n" "$code" "$(meaning "$code")"; done'
    ran = agent.run(f"set -- {' '.join(map(str, CODES))}; {script}", _env())
    return {int(code): word for code, word in (line.split() for line in ran.said.splitlines())}


def test_the_guide_says_what_each_code_does_to_a_build_and_the_steps_do_that(agent: Agent) -> None:
    guide = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    told = {int(code): word for code, word in re.findall(r"^\| (\d+) \|[^|]*\| (\w+) \|", guide, re.MULTILINE)}
    assert _meant(agent) == told
