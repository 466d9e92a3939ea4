"""The workflows of GitHub Actions: their run steps executed in order, and what must hold of every one of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipelines.actions import Workflow
from tests.pipelines.agent import COMMAND, EXAMPLES, REGISTRY, Agent
from tests.pipelines.conftest import STORE
from tests.pipelines.test_jenkins import _balancer, _history

WORKFLOWS = sorted((EXAMPLES / "github").glob("*.yml"))
GITHUB = {"actor": "bob", "repository": "team/forum", "run_number": "17", "token": "t0ken"}


@pytest.fixture
def github(agent: Agent) -> Agent:
    """A runner, whose ``gh`` knows who has approved the run."""
    gh = agent.bin / "gh"
    gh.write_text(
        '#!/bin/sh\ncase "$*" in *login*) echo ada;; *) printf "it is\\nTuesday\\n";; esac\n', encoding="utf-8"
    )
    gh.chmod(0o755)
    return agent


def _deploy(agent: Agent, **changes: Any) -> Workflow:
    values = {
        "REGISTRY": REGISTRY,
        "ORCHESTRATOR_IMAGE": COMMAND,
        "ORCHESTRATOR_STORE": STORE,
        "BASE_URL": _balancer(agent, "dev"),
    }
    runner = {"TAG": agent.commit(), "AWS_REGION": "eu-west-1", "GITHUB_REPOSITORY": "team/forum", "GITHUB_RUN_ID": "1"}
    contexts = {"inputs": {"services": "posts"}, "vars": values, "github": GITHUB}
    return Workflow(agent, EXAMPLES / "github" / "deploy.yml", contexts, runner, **changes).run()


def _results(run: Workflow) -> dict[str, str]:
    return {name: job["result"] for name, job in run.needs.items()}


def test_a_push_reaches_prod_in_the_name_of_who_approved_it(github: Agent) -> None:
    run = _deploy(github, done=frozenset({"staging"}))
    good = dict.fromkeys(("build", "dev", "staging", "prepare", "prod"), "success")
    assert _results(run) == {**good, "rejected": "skipped", "undo": "skipped"}, run.said[-1]
    told = _history(github, "prod")
    assert (told["outcome"], told["by"]) == ("succeeded", "bob (team/forum run 17)")
    assert any("promote by ada: it is Tuesday" in entry["note"] for entry in told["journal"])
    assert "### prod: waiting" in run.summary
    assert "### prod: passed" in run.summary


def test_what_is_not_approved_is_taken_back_by_a_job_of_its_own(github: Agent) -> None:
    run = _deploy(github, reject="prod", done=frozenset({"dev", "staging"}))
    assert _results(run)["rejected"] == "success", run.said[-1]
    told = _history(github, "prod")
    assert (told["outcome"], told["why"]) == ("rolled back", "abort by bob (team/forum run 17): not approved")


def test_what_fails_fails_its_job_with_the_reason_in_the_summary_and_nothing_comes_after_it(github: Agent) -> None:
    github.write("posts", "findings=CRITICAL:2")
    run = _deploy(github)
    assert _results(run) == {**dict.fromkeys(run.needs, "skipped"), "build": "failure"}
    assert "### dev: failed" in run.summary
    assert re.search(r"^    dev: ✗ scan of posts: 2 critical", run.summary, re.MULTILINE)


def test_the_drift_workflow_compares_every_environment(github: Agent) -> None:
    values = {"ORCHESTRATOR_IMAGE": COMMAND, "ORCHESTRATOR_STORE": STORE}
    runner = {"TAG": github.commit(), "AWS_REGION": "eu-west-1"}
    run = Workflow(github, EXAMPLES / "github" / "drift.yml", {"vars": values}, runner).run()
    assert _results(run) == {"drift": "success"}
    assert re.findall(r"^### (\w+: \w+)$", run.summary, re.MULTILINE) == [
        "dev: passed",
        "staging: passed",
        "prod: passed",
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_pins_its_actions_and_permissions_and_puts_nothing_into_a_script(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert "concurrency" in workflow or "workflow_call" in workflow[True]
    for job in workflow["jobs"].values():
        assert set(job["permissions"]) <= {"contents", "id-token", "actions"}
        assert {v for k, v in job["permissions"].items() if k != "id-token"} == {"read"}
        for step in job.get("steps", ()):
            assert "${{" not in step.get("run", ""), step["run"]
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
