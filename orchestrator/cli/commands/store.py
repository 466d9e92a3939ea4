"""``store init`` and ``store copy``: from a directory of one's own to a table that machines share."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Annotated, TypeAlias

import typer

from orchestrator.cli import flags
from orchestrator.cli.store import door_to, open_store
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import Conflict, LockHeld, OrchestratorError
from orchestrator.settings import STORES, Settings, SharedStore, load_settings, shared_store

store = typer.Typer(help="Where leases, rollout cursors and history are kept.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(store, name="store")


Address: TypeAlias = Annotated[
    str | None,
    typer.Argument(help="The table, where it is not the one of the settings.", metavar="dynamodb://TABLE"),
]


@store.command("init")
def init(
    address: Address = None,
    json: flags.Json = False,
    profile: flags.Profile = None,
) -> int:
    """Make the DynamoDB table, or what it lacks: billed on demand, restorable, protected. Once an account is enough."""
    from orchestrator.stores.dynamodb import make_table

    settings = load_settings(os.environ, {"profile": profile})
    shared = _meant(address, settings)
    door = door_to(shared, settings, SystemClock(settings.clock_speed.factor, settings.clock_speed.since))
    done = make_table(door, shared.table)
    named = SharedStore(shared.table, door.region, shared.profile, shared.role)
    if json:
        from orchestrator.cli.render.jsonl import JsonLines

        made = {"table": shared.table, "region": door.region, "account": door.account, "done": list(done)}
        JsonLines(sys.stdout, "store init").result("store", {**made, "address": str(named)})
        return 0
    typer.echo(
        f"the DynamoDB table {shared.table} in {door.region}, account {door.account}: "
        + (", ".join(done) or "nothing to do")
    )
    if settings.store != shared:
        typer.echo(f"to use it: export ORCHESTRATOR_STORE='{named}'")
    return 0


@store.command("copy")
def copy(address: Address = None, profile: flags.Profile = None) -> int:
    """Copy what the state directory holds into the table. What the table has already stays as it is there."""
    from orchestrator import lease
    from orchestrator.stores.file import FileStore

    settings = load_settings(os.environ, {"profile": profile})
    files, clock = FileStore(settings.state_dir), SystemClock()
    if held := lease.held(files, clock):
        raise LockHeld(
            f"{held[0].stack} is held by {held[0].owner}: {held[0].doing}",
            hint="what is being worked on is copied when nobody works on it; see `orchestrator lock ls`",
        )
    table = open_store(replace(settings, values={**settings.values, "store": _meant(address, settings)}), clock)
    copied, there = 0, 0
    for key in files.keys(""):
        if (stored := files.load(key)) is None:
            continue
        try:
            table.save(key, stored.value, None)
            copied += 1
        except Conflict:
            there += 1
    typer.echo(f"{copied} copied from {settings.state_dir}, {there} that the table has already left as they are there")
    return 0


def _meant(address: str | None, settings: Settings) -> SharedStore:
    try:
        shared = shared_store(address) if address else settings.store
    except ValueError:
        raise OrchestratorError(f"found {address!r}, allowed: {STORES}") from None
    if shared is None:
        raise OrchestratorError(
            "the store is the state directory, which is made when it is first written to",
            hint="to share one, name a table: orchestrator store init dynamodb://TABLE",
        )
    return shared
