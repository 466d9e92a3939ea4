"""``drift``, ``verify``, ``graph``, ``schema`` and ``config``: looking without touching."""

from __future__ import annotations

import enum
import os
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import flags
from orchestrator.cli.session import Session
from orchestrator.core.errors import OrchestratorError


class Format(enum.StrEnum):
    """The forms in which a picture of the system can be had."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (verify, drift, graph, schema, config):
        app.command()(command)


def verify(
    plan: flags.PlanFile,
    environment: flags.Environment = None,
    image: flags.Images = [],  # noqa: B006  (typer reads the default, nobody changes it)
    var: flags.Variables = [],  # noqa: B006
    sandbox: flags.Sandbox = False,
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
) -> int:
    """Check before a deployment: images, roles, free addresses, certificates. Changes nothing."""
    from orchestrator.app import verification
    from orchestrator.cli.render import checks

    given = flags.options(plan, environment, var, sandbox=sandbox, json=json, junit=junit, profile=profile)
    session = Session("verify", given)
    with session.system() as system:
        return checks.show(session, verification.verify(system, flags.pairs(image, "--image")))


def drift(
    plan: flags.PlanFile,
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006
    sandbox: flags.Sandbox = False,
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
    last: Annotated[bool, typer.Option("--last", help="What daemons have reported, without looking.")] = False,
) -> int:
    """Compare live AWS with the plan. Exit 0 in sync, 3 drift. Never changes anything."""
    given = flags.options(plan, environment, var, sandbox=sandbox, json=json, junit=junit, profile=profile)
    session = Session("drift", given)
    with session.system() as system:
        from orchestrator.app import outlook as looking
        from orchestrator.app import reports
        from orchestrator.cli.render import plans

        if last:
            return plans.show_reports(session, reports.kept(system.store, system.stack))
        outlook = looking.look(system)
        plans.show_drift(session, outlook)
        plans.report_drift(session, outlook)
        return 0 if outlook.empty and not outlook.refused else 3


def graph(
    plan: flags.PlanFile,
    environment: flags.Environment = None,
    form: Annotated[Format, typer.Option("--format", help="How to draw it.")] = Format.MERMAID,
    out: Annotated[Path | None, typer.Option("--out", help="Where to put it.", metavar="FILE")] = None,
    var: flags.Variables = [],  # noqa: B006
) -> int:
    """Draw the system. Needs no AWS."""
    from orchestrator.app import picture
    from orchestrator.plan.load.loader import load_plan
    from orchestrator.settings import plan_variables

    loaded = load_plan(plan, environment, flags.pairs(var, "--var"), plan_variables(os.environ))
    text = picture.draw(loaded, form.value)
    if out is None:
        typer.echo(text)
        return 0
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OrchestratorError(f"cannot write the picture: {error}") from None
    return 0


def schema() -> int:
    """Print the JSON Schema of a plan, for editors."""
    import json

    from orchestrator.plan.schema import plan_schema

    typer.echo(json.dumps(plan_schema(), indent=2))
    return 0


def config(
    origin: Annotated[bool, typer.Option("--origin", help="Also say where each setting comes from.")] = False,
) -> int:
    """Show the settings in force."""
    from orchestrator.settings import SETTINGS, load_settings

    settings = load_settings(os.environ)
    for setting in SETTINGS:
        value = settings.values[setting.name]
        shown = "" if value is None else value
        typer.echo(f"{setting.name} = {shown}" + (f"  ({settings.origins[setting.name]})" if origin else ""))
    return 0
