"""The commands that start the sandbox, put something into it, empty it and stop it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Annotated

import typer

from orchestrator.sandbox.cli.asking import DEFAULT_PORT, HERE, Endpoint, SandboxRefused, SandboxUnreachable, ask
from orchestrator.sandbox.world.behaviours import known_behaviours

_PATIENCE = 10.0


def register(sandbox: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, push, reset, down):
        sandbox.command()(command)


def up(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen on 127.0.0.1; 0 for any.")
    ] = DEFAULT_PORT,
    speed: Annotated[float, typer.Option(min=0.001, help="How much faster than real time its time runs.")] = 1.0,
    empty_repositories: Annotated[
        bool, typer.Option("--empty-repositories", help="New repositories hold no image, as on AWS.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Refuse what AWS refuses.")] = True,
    authorise: Annotated[
        bool, typer.Option("--authorise", help="Let IAM users and roles do only what their policies allow.")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="RULE", help="Leave one of `sandbox rules` out; may be given again."),
    ] = None,
    buckets: Annotated[bool, typer.Option(help="Throttle what is faster than AWS's request limits.")] = True,
    consistency: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How late what is new is known everywhere, by its clock.")
    ] = 0.0,
    page_size: Annotated[
        int | None, typer.Option(min=1, help="No list has longer pages.", show_default="AWS's")
    ] = None,
) -> None:
    """Run the sandbox until it is told to stop."""
    from orchestrator.sandbox.clock import SpeedClock
    from orchestrator.sandbox.server import Sandbox

    clock = SpeedClock(speed)
    running = Sandbox(
        port=port,
        clock=clock,
        empty_repositories=empty_repositories,
        strict=strict,
        authorise=authorise,
        without=without or (),
        page_size=page_size,
        buckets=buckets,
        consistency=consistency,
    )
    running.start()
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.stop_soon())
        typer.echo(_exports(running.url, clock.speed, clock.since))
        running.wait()
    finally:
        running.stop()


def push(
    image: Annotated[str, typer.Argument(metavar="REPOSITORY:TAG", help="The repository in full, or its last part.")],
    behaves: Annotated[str, typer.Option(help=f"What a task of it does, by commas: {known_behaviours()}.")] = "ok",
    region: Annotated[str | None, typer.Option(help="Which region's repository, if there are several.")] = None,
    endpoint: Endpoint = HERE,
) -> None:
    """Put a new image into a repository."""
    repository, _, tag = image.rpartition(":")
    if not repository or not tag:
        raise typer.BadParameter(f"expected REPOSITORY:TAG, found {image!r}")
    asked = {"repository": repository, "tag": tag, "behaves": behaves, "region": region}
    pushed = ask(endpoint, "push", asked)
    typer.echo(f"{pushed['uri']}\n{pushed['digest']}  behaves {pushed['behaves']}")


def reset(endpoint: Endpoint = HERE) -> None:
    """Empty the account."""
    ask(endpoint, "reset", {})
    typer.echo(f"{endpoint} is empty")


def down(endpoint: Endpoint = HERE) -> None:
    """Stop the sandbox, and wait until it has stopped."""
    ask(endpoint, "status")
    with suppress(SandboxUnreachable):  # it may be gone before its answer has arrived
        ask(endpoint, "stop", {})
    given_up = time.monotonic() + _PATIENCE
    while time.monotonic() < given_up:
        try:
            ask(endpoint, "status")
        except SandboxUnreachable:
            typer.echo(f"{endpoint} has stopped")
            return
        time.sleep(0.05)
    raise SandboxRefused(f"the sandbox at {endpoint} was told to stop and still answers after {_PATIENCE:.0f} s")


def _exports(url: str, speed: float, since: float) -> str:
    wanted = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
    if speed != 1:
        wanted["ORCHESTRATOR_CLOCK_SPEED"] = f"{speed:g}@{since:.3f}"  # so that both clocks show the same time
    wanted["http_proxy"] = url  # by which its load balancers answer to their names, for gates too
    lines = [f"export {name}={value}" for name, value in wanted.items()]
    if not os.environ.get("AWS_REGION"):
        lines.append("export AWS_REGION=eu-west-1   # or any other")
    return "\n".join([f"The sandbox listens on {url}. In another terminal:", "", *(f"  {line}" for line in lines), ""])
