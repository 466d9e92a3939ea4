"""The forum in three environments of one account, and the build machine that deploys to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.agent import EXAMPLES, Agent
from tests.system.commands import Terminal, finish, terminal

STORE = "dynamodb://team-locks?region=eu-west-1"
ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.fixture(scope="module")
def forums(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """All three applied, by three people at once who share a table."""
    with terminal(tmp_path_factory.mktemp("forums")) as typed:
        patient(typed.home / "plan.yaml")
        made = typed.run("store", "init", STORE)
        assert made.code == 0, made.err
        begun = [
            typed.start("apply", str(typed.home / "plan.yaml"), "-e", environment, "--yes", ORCHESTRATOR_STORE=STORE)
            for environment in ENVIRONMENTS
        ]
        for process in begun:
            applied = finish(process)
            assert applied.code == 0, applied.out + applied.err
        yield typed


def patient(path: Path) -> None:
    """The example's plan, whose deadlines are hours: the clock runs fast, also while this machine is busy elsewhere."""
    text = (EXAMPLES / "jenkins" / "plan.yaml").read_text(encoding="utf-8")
    assert text.count("    hold: 300\n") == 1
    path.write_text(text.replace("    hold: 300\n", "    hold: 300\n    deadline: 40000\n"), encoding="utf-8")


@pytest.fixture
def agent(forums: Terminal, tmp_path: Path) -> Agent:
    """A fresh workspace; each test leaves no rollout on its way."""
    return Agent(forums, tmp_path)
