"""``sandbox fault``: lets chosen calls to a running sandbox go wrong, and tells how often they have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from orchestrator.sandbox.cli.asking import HERE, Endpoint, ask
from orchestrator.sandbox.cli.table import Json, print_table

fault = typer.Typer(name="fault", help="Let chosen calls go wrong.", no_args_is_help=True)

_KINDS = "throttle, 5xx, denied, quota, delay, reset (not carried out), lost (carried out, no reply), truncated"


def register(sandbox: typer.Typer) -> None:
    """Add the commands."""
    sandbox.add_typer(fault, name="fault")


@fault.command()
def add(
    target: Annotated[str, typer.Argument(metavar="SERVICE[:OPERATION]", help="As in ec2:CreateVpc, ec2:Create*, *.")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"{_KINDS}.")],
    count: Annotated[int | None, typer.Option(help="How many calls at most.", show_default="all")] = None,
    rate: Annotated[float, typer.Option(help="Which share of the calls, from 0 to 1.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another choice of the same share.")] = 0,
    delay: Annotated[float, typer.Option(help="How long a delay is, in real seconds.")] = 1.0,
    skip: Annotated[int, typer.Option(help="Let so many through first.")] = 0,
    each: Annotated[bool, typer.Option("--each", help="Count each operation by itself.")] = False,
    code: Annotated[str, typer.Option(help="Another error code than the usual one.")] = "",
    endpoint: Endpoint = HERE,
) -> None:
    """Let calls go wrong from now on; of several faults the first that takes a call decides."""
    order = {
        "target": target,
        "kind": kind,
        "count": count,
        "rate": rate,
        "seed": seed,
        "delay": delay,
        "skip": skip,
        "each": each,
        "code": code,
    }
    added = ask(endpoint, "faults", order)
    typer.echo(f"{_target(added)} {added['kind']}: {_narrowed(added) or 'every call'}")


@fault.command("ls")
def ls(json_: Json = False, endpoint: Endpoint = HERE) -> None:
    """List the faults, and how many calls each has struck."""
    found = ask(endpoint, "faults")["faults"]
    if json_:
        typer.echo(json.dumps(found, indent=2))
    elif found:
        rows = ((_target(each), each["kind"], each["struck"], _narrowed(each)) for each in found)
        print_table(("call", "fault", "struck", "of these"), rows)
    else:
        typer.echo("no faults")


@fault.command()
def clear(endpoint: Endpoint = HERE) -> None:
    """End all faults."""
    typer.echo(f"{ask(endpoint, 'faults/clear', {})['cleared']} ended")


def _target(told: Mapping[str, Any]) -> str:
    return f"{told['service']}:{told['operation']}"


def _narrowed(told: Mapping[str, Any]) -> str:
    """What keeps a fault from taking every call that it names."""
    each = " of each operation" if told["each"] else ""
    said = (
        f"after {told['skip']}{each}" if told["skip"] else "",
        f"{told['count']} at most{each}" if told["count"] is not None else "",
        f"{told['rate']:g} of them by seed {told['seed']}" if told["rate"] < 1 else "",
        f"{told['delay']:g} s late" if told["kind"] == "delay" else "",
        told["code"],
    )
    return ", ".join(part for part in said if part)
