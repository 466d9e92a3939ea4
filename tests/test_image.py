"""The image: its health check needs nothing that the image lacks, and asks what the daemon listens to by default."""

from __future__ import annotations

import json
import re
from inspect import signature
from pathlib import Path
from typing import Any

import typer
import yaml

from orchestrator.cli.commands.daemon import daemon
from orchestrator.cli.commands.health import health
from orchestrator.cli.main import app

ROOT = Path(__file__).parents[1]
LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()).splitlines()
[SERVICE] = yaml.safe_load((ROOT / "plans" / "self.yaml").read_text())["services"].values()


def last(instruction: str) -> str:
    """What the instruction says that counts."""
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")][-1]


def test_the_health_check_is_the_command_without_a_shell() -> None:
    options, _, check = last("HEALTHCHECK").partition(" CMD ")
    assert json.loads(check) == ["orchestrator", "health"]
    assert "--timeout=5s" in options
    assert json.loads(last("ENTRYPOINT")) == ["orchestrator"]


def test_without_a_word_the_check_asks_where_the_daemon_listens() -> None:
    asked, listens = (signature(command).parameters for command in (health, daemon))
    assert (asked["host"].default, asked["port"].default) == (listens["host"].default, listens["port"].default)


def test_what_its_own_plan_runs_and_checks_are_commands_that_there_are() -> None:
    command, *options = SERVICE["command"]
    assert SERVICE["health"]["command"] == ["CMD", "orchestrator", "health"]
    main: Any = typer.main.get_command(app)
    context = main.make_context("orchestrator", [command])
    told = main.get_command(context, command).make_context(command, options, parent=context).params
    assert (told["plans"], told["host"], told["port"]) == (Path(last("WORKDIR")), "0.0.0.0", SERVICE["port"])
    assert SERVICE["port"] == signature(health).parameters["port"].default


def test_its_own_plan_runs_it_as_the_user_that_the_image_has() -> None:
    assert last("USER").split(":")[0] == str(SERVICE["user"])
