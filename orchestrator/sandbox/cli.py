"""The commands around the sandbox: start it, push images into it, look at it, stop it.

Nothing that needs moto is imported before the sandbox is started: the other commands only talk to one that runs.
"""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Annotated, Any

import typer

from orchestrator.core.errors import OrchestratorError
from orchestrator.sandbox.world.behaviours import known_behaviours

DEFAULT_PORT = 4566
_PATIENCE = 10.0

sandbox = typer.Typer(name="sandbox", help="A local AWS to try everything on.", no_args_is_help=True)

Endpoint = Annotated[
    str,
    typer.Option(
        envvar="AWS_ENDPOINT_URL", help="Where the sandbox listens.", metavar="URL", show_default=f"port {DEFAULT_PORT}"
    ),
]
_ENDPOINT = f"http://127.0.0.1:{DEFAULT_PORT}"


class SandboxUnreachable(OrchestratorError):
    """No sandbox answers at that address."""


class SandboxRefused(OrchestratorError):
    """The sandbox could not do what it was asked for; it says why."""


@sandbox.command()
def up(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen on 127.0.0.1; 0 for any.")
    ] = DEFAULT_PORT,
    speed: Annotated[float, typer.Option(min=0.001, help="How much faster than real time its time runs.")] = 1.0,
    empty_repositories: Annotated[
        bool, typer.Option("--empty-repositories", help="New repositories hold no image, as on AWS.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Refuse what AWS refuses.")] = True,
) -> None:
    """Run the sandbox until it is told to stop."""
    from orchestrator.sandbox.clock import SpeedClock
    from orchestrator.sandbox.server import Sandbox

    clock = SpeedClock(speed)
    running = Sandbox(port=port, clock=clock, empty_repositories=empty_repositories, strict=strict)
    running.start()
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.stop_soon())
        typer.echo(_exports(running.url, clock.speed, clock.since))
        running.wait()
    finally:
        running.stop()


@sandbox.command()
def push(
    image: Annotated[str, typer.Argument(metavar="REPOSITORY:TAG", help="The repository in full, or its last part.")],
    behaves: Annotated[str, typer.Option(help=f"What a task of it does, by commas: {known_behaviours()}.")] = "ok",
    region: Annotated[str | None, typer.Option(help="Which region's repository, if there are several.")] = None,
    endpoint: Endpoint = _ENDPOINT,
) -> None:
    """Put a new image into a repository."""
    repository, _, tag = image.rpartition(":")
    if not repository or not tag:
        raise typer.BadParameter(f"expected REPOSITORY:TAG, found {image!r}")
    asked = {"repository": repository, "tag": tag, "behaves": behaves, "region": region}
    pushed = _ask(endpoint, "push", asked)
    typer.echo(f"{pushed['uri']}\n{pushed['digest']}  behaves {pushed['behaves']}")


@sandbox.command()
def reset(endpoint: Endpoint = _ENDPOINT) -> None:
    """Empty the account."""
    _ask(endpoint, "reset", {})
    typer.echo(f"{endpoint} is empty")


@sandbox.command()
def calls(endpoint: Endpoint = _ENDPOINT) -> None:
    """Count the AWS calls since the start or the last reset."""
    answer = _ask(endpoint, "calls")
    for each in answer["operations"]:
        typer.echo(f"{each['count']:6}  {each['service']}.{each['operation']}")
    typer.echo(f"{answer['total']:6}  in all")


@sandbox.command()
def traffic(
    rate: Annotated[
        float | None, typer.Option(min=0, help="Simulate that many requests a minute to each rule; 0 for none.")
    ] = None,
    endpoint: Endpoint = _ENDPOINT,
) -> None:
    """Tell what became of the simulated and the real requests, and how many are simulated from now on."""
    answer = _ask(endpoint, "traffic", None if rate is None else {"rate": rate})
    for each in _ask(endpoint, "ledger")["fates"]:
        whose = each["service"] or each["group"] or each["balancer"]
        image = f"  {each['image'][7:19]}" if each["image"] else ""
        why = f"  {each['reason']}" if each["reason"] else ""
        typer.echo(f"{each['requests']:8}  {each['status']}  {whose}{image}  {each['latency'] * 1000:.0f} ms{why}")
    told = f"{answer['requests']:8}  in all, {answer['failed']} failed"
    typer.echo(f"{told}; {answer['rate']:g} a minute to each rule are simulated")


@sandbox.command()
def down(endpoint: Endpoint = _ENDPOINT) -> None:
    """Stop the sandbox, and wait until it has stopped."""
    _ask(endpoint, "status")
    with suppress(SandboxUnreachable):  # it may be gone before its answer has arrived
        _ask(endpoint, "stop", {})
    given_up = time.monotonic() + _PATIENCE
    while time.monotonic() < given_up:
        try:
            _ask(endpoint, "status")
        except SandboxUnreachable:
            typer.echo(f"{endpoint} has stopped")
            return
        time.sleep(0.05)
    raise SandboxRefused(f"the sandbox at {endpoint} was told to stop and still answers after {_PATIENCE:.0f} s")


def _exports(url: str, speed: float, since: float) -> str:
    wanted = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
    if speed != 1:
        wanted["ORCHESTRATOR_CLOCK_SPEED"] = f"{speed:g}@{since:.3f}"  # so that both clocks show the same time
    lines = [f"export {name}={value}" for name, value in wanted.items()]
    if not os.environ.get("AWS_REGION"):
        lines.append("export AWS_REGION=eu-west-1   # or any other")
    return "\n".join([f"The sandbox listens on {url}. In another terminal:", "", *(f"  {line}" for line in lines), ""])


def _ask(endpoint: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{endpoint.rstrip('/')}/_sandbox/{name}", data=data)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=_PATIENCE) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SandboxRefused(_reason(error, endpoint)) from None
    except (OSError, HTTPException, json.JSONDecodeError) as error:
        why = getattr(error, "reason", error)
        hint = "orchestrator sandbox up starts one"
        raise SandboxUnreachable(f"no sandbox answers at {endpoint}: {why}", hint=hint) from None


def _reason(error: urllib.error.HTTPError, endpoint: str) -> str:
    try:
        return str(json.load(error)["error"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return f"what answers at {endpoint} is no sandbox (HTTP {error.code})"
