"""The sandbox's commands, as a user types them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from orchestrator.sandbox.cli import SandboxUnreachable, sandbox

_COMMAND = [sys.executable, "-m", "orchestrator", "sandbox"]


def _run(*arguments: str, endpoint: str | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})}
    return subprocess.run([*_COMMAND, *arguments], capture_output=True, text=True, env=environ, timeout=60, check=False)


def _up(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [*_COMMAND, "up", "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = ""
    while "AWS_REGION" not in told:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        told += line
    return process, told


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox that runs sixty times faster than the wall, and its address."""
    process, told = _up("--speed", "60", "--empty-repositories")
    found = re.search(r"export AWS_ENDPOINT_URL=(http://127\.0\.0\.1:\d+)", told)
    assert found
    assert "export ORCHESTRATOR_CLOCK_SPEED=60" in told
    assert "export AWS_ACCESS_KEY_ID=sandbox" in told
    yield process, found.group(1)
    process.kill()
    process.communicate()


def test_it_takes_pushes_counts_calls_forgets_and_goes_down(running: tuple[subprocess.Popen[str], str]) -> None:
    process, url = running
    ecr = boto3.client("ecr", endpoint_url=url, region_name="eu-west-1")
    ecr.create_repository(repositoryName="shop/api")
    pushed = CliRunner().invoke(sandbox, ["push", "api:v2", "--behaves", "crash"], env={"AWS_ENDPOINT_URL": url})
    assert pushed.exit_code == 0, pushed.exception
    assert re.fullmatch(
        r"\d{12}\.dkr\.ecr\.eu-west-1\.amazonaws\.com/shop/api:v2\nsha256:\w{64}  behaves crash\n", pushed.stdout
    )
    refused = _run("push", "web:v2", "--endpoint", url)
    assert refused.returncode == 1
    assert "no repository is called 'web'; there are: shop/api (eu-west-1)" in refused.stderr
    assert "Traceback" not in refused.stderr
    counted = CliRunner().invoke(sandbox, ["calls", "--endpoint", url])
    assert counted.stdout == "     1  ecr.CreateRepository\n     1  in all\n"
    changed = CliRunner().invoke(sandbox, ["traffic", "--rate", "90", "--endpoint", url])
    assert changed.stdout == "       0  in all, 0 failed; 90 a minute to each rule are simulated\n"
    assert CliRunner().invoke(sandbox, ["reset", "--endpoint", url]).exit_code == 0
    assert ecr.describe_repositories()["repositories"] == []
    assert _run("down", endpoint=url).returncode == 0
    assert process.wait(10) == 0
    gone = CliRunner().invoke(sandbox, ["calls", "--endpoint", url])
    assert isinstance(gone.exception, SandboxUnreachable)
    assert f"no sandbox answers at {url}" in str(gone.exception)


def test_faults_are_ordered_listed_and_ended_and_calls_tell_of_them(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    url = running[1]

    def run(*words: str) -> str:
        done = CliRunner().invoke(sandbox, [*words, "--endpoint", url])
        return done.stdout if done.exit_code == 0 else str(done.exception)

    assert run("fault", "ls") == "no faults\n"
    assert run("fault", "add", "ecs:ListClusters", "denied", "--count", "1") == "ecs:ListClusters denied: 1 at most\n"
    assert "ecs has no operation 'ListCluster'" in run("fault", "add", "ecs:ListCluster", "denied")
    ecs = boto3.client("ecs", endpoint_url=url, region_name="eu-west-1")
    with pytest.raises(ClientError, match="AccessDenied"):
        ecs.list_clusters()
    ecs.list_clusters()
    assert run("fault", "ls").splitlines() == [
        "call              fault   struck  of these",
        "ecs:ListClusters  denied  1       1 at most",
    ]
    assert json.loads(run("fault", "ls", "--json"))[0]["struck"] == 1
    assert run("calls") == "     2  ecs.ListClusters  (1 fault denied)\n     2  in all, 1 struck\n"
    each = json.loads(run("calls", "--each", "--json"))["calls"]
    assert [(call["status"], call["struck"]) for call in each] == [(400, "fault denied"), (200, "")]
    assert re.search(r"ecs\.ListClusters  400 AccessDeniedException  fault denied\n", run("calls", "--each"))
    assert run("fault", "clear") == "1 ended\n"
    assert run("fault", "ls") == "no faults\n"


def test_the_rules_are_listed_without_a_sandbox_and_without_moto() -> None:
    listed = CliRunner().invoke(sandbox, ["rules"]).stdout.splitlines()
    assert listed[0].split() == ["id", "service", "operations", "code", "rule"]
    assert len(listed) > 100
    rows = json.loads(CliRunner().invoke(sandbox, ["rules", "ecs", "--json"]).stdout)
    assert {"id": "ECS-04", "service": "ecs", "code": "InvalidParameterException"}.items() <= rows[3].items()
    assert "there are rules about: *, application" in CliRunner().invoke(sandbox, ["rules", "x"]).exception.hint
    script = "import sys; from orchestrator.sandbox.cli import sandbox; sandbox(['rules'], standalone_mode=False)\n"
    script += "print([name for name in sys.modules if name.startswith(('moto', 'boto'))])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_rule_is_left_out_by_its_id_and_another_id_is_an_error() -> None:
    process, told = _up("--without", "LOG-01", "--without", "MODEL")
    found = re.search(r"http://127\.0\.0\.1:\d+", told)
    assert found
    logs = boto3.client("logs", endpoint_url=found.group(), region_name="eu-west-1")
    logs.create_log_group(logGroupName="/web")
    logs.put_retention_policy(logGroupName="/web", retentionInDays=10)
    process.terminate()
    process.communicate(timeout=10)
    refused = _run("up", "--port", "0", "--without", "LOG-1")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: there is no strict rule 'LOG-1'\n  the nearest is LOG-01;")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_success_and_without_noise(number: signal.Signals) -> None:
    process, _ = _up()
    process.send_signal(number)
    _, noise = process.communicate(timeout=10)
    assert (process.returncode, noise) == (0, "")


def test_a_taken_port_is_an_error_that_names_it(running: tuple[subprocess.Popen[str], str]) -> None:
    port = running[1].rpartition(":")[2]
    refused = _run("up", "--port", port)
    assert refused.returncode == 1
    assert f"can not listen on 127.0.0.1:{port}: Address already in use" in refused.stderr
    assert "Traceback" not in refused.stderr
