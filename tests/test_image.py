"""The image: its health check needs nothing that the image lacks, and asks what the daemon listens to by default."""

from __future__ import annotations

import json
import re
from inspect import signature
from pathlib import Path

import yaml

from orchestrator.cli.commands.daemon import daemon
from orchestrator.cli.commands.health import health

ROOT = Path(__file__).parents[1]
LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()).splitlines()


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


def test_the_image_runs_as_the_user_and_on_the_port_that_its_own_plan_says() -> None:
    [service] = yaml.safe_load((ROOT / "plans" / "self.yaml").read_text())["services"].values()
    assert last("USER").split(":")[0] == str(service["user"])
    command = service["command"]
    assert (
        command[command.index("--port") + 1]
        == str(service["port"])
        == str(signature(health).parameters["port"].default)
    )
    assert command[command.index("--plans") + 1] == last("WORKDIR")
