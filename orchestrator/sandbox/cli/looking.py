"""The commands that tell what the sandbox has seen: calls, and the requests of its customers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from orchestrator.sandbox.cli.asking import HERE, Endpoint, ask
from orchestrator.sandbox.cli.table import Json, print_table


def register(sandbox: typer.Typer) -> None:
    """Add the commands."""
    for command in (calls, traffic):
        sandbox.command()(command)


def calls(
    each: Annotated[bool, typer.Option("--each", help="One line a call, in the order of arrival.")] = False,
    json_: Json = False,
    endpoint: Endpoint = HERE,
) -> None:
    """Count the AWS calls since the start or the last reset, and tell which faults and refusals struck them."""
    answer = ask(endpoint, "calls/each" if each else "calls")
    if json_:
        typer.echo(json.dumps(answer, indent=2))
    elif each:
        print_table(("at", "call", "answer", "struck by"), map(_line, answer["calls"]))
    else:
        for line in _counted(answer):
            typer.echo(line)


def _line(call: Mapping[str, Any]) -> tuple[str, str, str, str]:
    at = datetime.fromtimestamp(call["at"], UTC).strftime("%H:%M:%S.%f")[:-3]
    answered = f"{call['status'] or 'none'} {call['code']}".rstrip()
    return at, f"{call['service']}.{call['operation']}", answered, call["struck"]


def _counted(answer: Mapping[str, Any]) -> Iterator[str]:
    for each in answer["operations"]:
        struck = ", ".join(f"{count} {by}" for by, count in each["struck"].items())
        yield f"{each['count']:6}  {each['service']}.{each['operation']}" + (f"  ({struck})" if struck else "")
    struck = f", {answer['struck']} struck" if answer["struck"] else ""
    yield f"{answer['total']:6}  in all{struck}"


def traffic(
    rate: Annotated[
        float | None, typer.Option(min=0, help="Simulate that many requests a minute to each rule; 0 for none.")
    ] = None,
    endpoint: Endpoint = HERE,
) -> None:
    """Tell what became of the simulated and the real requests, and how many are simulated from now on."""
    answer = ask(endpoint, "traffic", None if rate is None else {"rate": rate})
    for each in ask(endpoint, "ledger")["fates"]:
        whose = each["service"] or each["group"] or each["balancer"]
        image = f"  {each['image'][7:19]}" if each["image"] else ""
        why = f"  {each['reason']}" if each["reason"] else ""
        typer.echo(f"{each['requests']:8}  {each['status']}  {whose}{image}  {each['latency'] * 1000:.0f} ms{why}")
    told = f"{answer['requests']:8}  in all, {answer['failed']} failed"
    typer.echo(f"{told}; {answer['rate']:g} a minute to each rule are simulated")
