"""``lock ls`` and ``lock release``: who holds which stack, since when and why."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from orchestrator.core.clock import SystemClock, iso
from orchestrator.core.errors import OrchestratorError
from orchestrator.settings import load_settings

lock = typer.Typer(help="Who holds which stack.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(lock, name="lock")


@lock.command("ls")
def ls() -> int:
    """List the held locks."""
    from orchestrator import lease
    from orchestrator.stores.file import FileStore

    held = lease.held(FileStore(load_settings(os.environ).state_dir), SystemClock())
    for entry in held:
        typer.echo(
            f"{entry.stack}  {entry.doing}  by {entry.owner}  since {iso(entry.since)}  until {iso(entry.until)}"
        )
    if not held:
        typer.echo("no stack is held")
    return 0


@lock.command("release")
def release(
    stack: Annotated[str, typer.Argument(help="The stack whose lock to take away.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept beside the lock.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Even when its holder may be alive.")] = False,
) -> int:
    """Take a lock away from a holder that is gone."""
    from orchestrator import lease
    from orchestrator.stores.file import FileStore

    if force and not reason:
        raise OrchestratorError("--force needs a reason", hint='add --reason "why the holder is gone"')
    store = FileStore(load_settings(os.environ).state_dir)
    places = [key.removeprefix("leases/") for key in store.keys(f"leases/{stack}")]
    meant = [p for p in places if stack in (p, p.partition("@")[0])]
    if len(meant) > 1:
        raise OrchestratorError(f"{stack} is held in several places", hint=f"say which: {', '.join(meant)}")
    if meant:
        lease.release(store, SystemClock(), meant[0], force=force, reason=reason)
    typer.echo(f"{stack} is free")
    return 0
