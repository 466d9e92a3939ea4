"""``sandbox rules``: what the sandbox refuses because AWS does. Neither a running sandbox nor moto is needed for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from orchestrator.core.errors import OrchestratorError
from orchestrator.sandbox.cli.table import Json, print_table

_SHOWN = 3


class NoSuchService(OrchestratorError):
    """No rule is about that service."""


@dataclass(frozen=True)
class _Row:
    id: str
    service: str
    operations: tuple[str, ...]
    code: str
    summary: str


def register(sandbox: typer.Typer) -> None:
    """Add the command."""
    sandbox.command()(rules)


def rules(
    service: Annotated[str | None, typer.Argument(help="Only this service's.")] = None,
    json_: Json = False,
) -> None:
    """List what is refused because AWS refuses it; `sandbox up --without ID` leaves one out."""
    known = list(_rows())
    rows = [row for row in known if service in (None, row.service)]
    if not rows:
        services = ", ".join(sorted({row.service for row in known}))
        raise NoSuchService(f"no rule is about {service!r}", hint=f"there are rules about: {services}")
    if json_:
        typer.echo(json.dumps([{**vars(row), "operations": list(row.operations)} for row in rows], indent=2))
        return
    cells = ((row.id, row.service, _shown(row.operations), row.code, row.summary) for row in rows)
    print_table(("id", "service", "operations", "code", "rule"), cells)


def _rows() -> Iterator[_Row]:
    from orchestrator.sandbox import strict

    for rule in strict.rules():
        yield _Row(rule.id, rule.service, rule.operations, rule.code, rule.summary.replace("``", ""))
    summary = "Values, patterns and lengths are those of the service's model."
    yield _Row(strict.MODEL, "*", ("*",), "as the service", summary)


def _shown(operations: tuple[str, ...]) -> str:
    more = len(operations) - _SHOWN
    return ", ".join(operations[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
