"""``store init``: make the table that machines share, for those who want to share one."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from orchestrator.cli import flags
from orchestrator.cli.store import door_to
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import OrchestratorError
from orchestrator.settings import STORES, Settings, SharedStore, load_settings, shared_store

store = typer.Typer(help="Where leases, rollout cursors and history are kept.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(store, name="store")


@store.callback()
def _group() -> None:
    """With a callback typer keeps the command's name even though it is the only one."""


@store.command("init")
def init(
    address: Annotated[
        str | None,
        typer.Argument(help="The table, where it is not the one of the settings.", metavar="dynamodb://TABLE"),
    ] = None,
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
