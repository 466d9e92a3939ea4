"""Talking to a sandbox that runs: what it tells about itself and is told to do, over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Annotated, Any

import typer

from orchestrator.core.errors import OrchestratorError

DEFAULT_PORT = 4566
_PATIENCE = 10.0

Endpoint = Annotated[
    str,
    typer.Option(
        envvar="AWS_ENDPOINT_URL", help="Where the sandbox listens.", metavar="URL", show_default=f"port {DEFAULT_PORT}"
    ),
]
HERE = f"http://127.0.0.1:{DEFAULT_PORT}"


class SandboxUnreachable(OrchestratorError):
    """No sandbox answers at that address."""


class SandboxRefused(OrchestratorError):
    """The sandbox could not do what it was asked for; it says why."""


def ask(endpoint: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
    """What the sandbox answers; with a body it is told to do something."""
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
