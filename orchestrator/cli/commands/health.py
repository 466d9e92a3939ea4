"""``health``: asks a daemon whether it lives, for container images, which have no curl."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.core.errors import OrchestratorError

_PATIENCE = 4.0
"""Less than the five seconds after which a check in a container counts as failed without a word."""
_MOST = 1000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(health)


def health(
    host: Annotated[str, typer.Option("--host", help="Where the daemon listens.", metavar="HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="And on which port.", metavar="PORT")] = 8080,
    ready: Annotated[bool, typer.Option("--ready", help="Ask whether it can do its work, too.")] = False,
) -> int:
    """Tell by the exit code whether a daemon lives: 0, or 1 with the reason."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(host, port, timeout=_PATIENCE)  # which asks no proxy
    try:
        connection.request("GET", "/readyz" if ready else "/healthz")
        answer = connection.getresponse()
        said = answer.read(_MOST).decode("utf-8", "replace").strip()
    except (OSError, HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise OrchestratorError(f"no daemon answers on {host}:{port}: {why}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise OrchestratorError(f"the daemon on {host}:{port} answers {answer.status}: {said}")
    typer.echo(said)
    return 0
