"""``lock ls`` and ``lock release``: who holds which stack, since when and why."""

from __future__ import annotations

import dataclasses as dc
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import flags
from orchestrator.cli.store import open_store
from orchestrator.core.clock import SystemClock, duration, iso
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.store import Store
from orchestrator.settings import load_settings

if TYPE_CHECKING:
    from orchestrator.lease import Holding

lock = typer.Typer(help="Who holds which stack.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(lock, name="lock")


@lock.command("ls")
def ls(json: flags.Json = False, profile: flags.Profile = None) -> int:
    """List the held locks: how long, by whom, for what, until when unless it is renewed."""
    from orchestrator import lease

    clock = SystemClock()
    held = lease.held_by_place(_store(profile), clock)
    if json:
        from orchestrator.cli.render.jsonl import JsonLines

        lines = JsonLines(sys.stdout, "lock ls")
        for of, holding in held.items():
            lines.result("lock", _told(of, holding, clock.now()))
        return 0
    for of, holding in held.items():
        typer.echo(_line(of, holding, clock.now()))
    if not held:
        typer.echo("no stack is held")
    return 0


@lock.command("release")
def release(
    stack: Annotated[str, typer.Argument(help="The stack whose lock to take away.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the history.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Even when its holder may be alive.")] = False,
    profile: flags.Profile = None,
) -> int:
    """Take a lock away from a holder that is gone."""
    from orchestrator import lease

    if force and not reason:
        raise OrchestratorError("--force needs a reason", hint='add --reason "why the holder is gone"')
    store = _store(profile)
    places = [key.removeprefix("leases/") for key in store.keys(f"leases/{stack}")]
    meant = [p for p in places if stack in (p, p.partition("@")[0])]
    if len(meant) > 1:
        meant = sorted(set(meant) & set(lease.held_by_place(store, SystemClock())))
    if len(meant) > 1:
        raise OrchestratorError(f"{stack} is held in several places", hint=f"say which: {', '.join(meant)}")
    if meant:
        lease.release(store, SystemClock(), meant[0], force=force, reason=reason)
    typer.echo(f"{stack} is free")
    return 0


def _store(profile: str | None) -> Store:
    return open_store(load_settings(os.environ, {"profile": profile}), SystemClock())


def _line(of: str, holding: Holding, now: float) -> str:
    place = of.partition("@")[2]
    return "  ".join(
        [
            f"{holding.stack} in {place}" if place else holding.stack,
            holding.doing,
            f"by {holding.owner}",
            f"for {duration(now - holding.since)} since {iso(holding.since)}",
            f"until {iso(holding.until)}",
            f"fence {holding.fence}",
        ]
    )


def _told(of: str, holding: Holding, now: float) -> dict[str, object]:
    return {
        "stack": holding.stack,
        "place": of.partition("@")[2],
        "doing": holding.doing,
        "owner": holding.owner,
        "run": holding.run,
        "since": iso(holding.since),
        "age_seconds": round(now - holding.since),
        "expires": iso(holding.until),
        "fence": holding.fence,
        "taken_before": [{**dc.asdict(taking), "at": iso(taking.at)} for taking in holding.takings],
    }
