"""The flags that commands share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from orchestrator.cli.session import Options
from orchestrator.core.errors import OrchestratorError

_LONGEST_NAME = 200

PlanFile: TypeAlias = Annotated[Path, typer.Argument(help="The plan file.", metavar="PLAN", show_default=False)]
Environment: TypeAlias = Annotated[
    str | None, typer.Option("-e", "--environment", help="Which of the plan's environments.", metavar="ENV")
]
Variables: TypeAlias = Annotated[
    list[str], typer.Option("--var", help="A value for one of the plan's variables.", metavar="NAME=VALUE")
]
Sandbox: TypeAlias = Annotated[
    bool, typer.Option("--sandbox", help="Use an AWS of its own that lives as long as the command; no credentials.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON event a line on stdout.")]
JUnitFile: TypeAlias = Annotated[
    Path | None, typer.Option("--junit", help="Write a JUnit report, one test case a step.", metavar="FILE")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Profile: TypeAlias = Annotated[str | None, typer.Option("--profile", help="AWS profile to use.", metavar="NAME")]
Workers: TypeAlias = Annotated[
    int | None, typer.Option("--workers", min=1, max=64, help="How many steps run at once.", metavar="N")
]
Images: TypeAlias = Annotated[
    list[str],
    typer.Option("--image", help="The image of a service: a tag or a digest. May be repeated.", metavar="SERVICE=TAG"),
]
By: TypeAlias = Annotated[
    str,
    typer.Option(
        "--by", help="Who does it, for lock and history.", metavar="NAME", show_default="this process's user and host"
    ),
]
Reason: TypeAlias = Annotated[str, typer.Option("--reason", help="Why; kept in the history.")]
Data: TypeAlias = Annotated[
    bool, typer.Option("--data", help="Also delete what holds data: repositories with images, buckets with objects.")
]


def pairs(values: list[str], flag: str) -> dict[str, str]:
    """``NAME=VALUE`` flags as a mapping. Raises ``OrchestratorError`` on anything else, or a name given twice."""
    found: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise OrchestratorError(f"{flag}: found {text!r}, allowed: NAME=VALUE")
        if name in found:
            raise OrchestratorError(f"{flag}: {name} is given twice")
        found[name] = value
    return found


def options(
    plan: Path,
    environment: str | None,
    variables: list[str],
    *,
    sandbox: bool = False,
    json: bool = False,
    junit: Path | None = None,
    profile: str | None = None,
    workers: int | None = None,
    by: str = "",
) -> Options:
    """The shared flags of one command line."""
    return Options(
        plan=plan,
        environment=environment,
        variables=pairs(variables, "--var"),
        sandbox=sandbox,
        json=json,
        junit=junit,
        profile=profile,
        workers=workers,
        by=_name(by),
    )


def _name(by: str) -> str:
    """A name fits into a line: a pipeline may have it from a form."""
    if not by.isprintable() or len(by) > _LONGEST_NAME:
        raise OrchestratorError(f"--by: found {by!r}, allowed: at most {_LONGEST_NAME} printable characters")
    return by.strip()
