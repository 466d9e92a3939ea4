"""``plan``, ``apply`` and ``destroy``: what would change, making it so, and taking it away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import flags, stopping
from orchestrator.cli.session import Session
from orchestrator.core.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.app.outlook import Outlook


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("plan")(plan)
    app.command("apply")(apply)
    app.command("destroy")(destroy)


def plan(
    plan: flags.PlanFile,
    environment: flags.Environment = None,
    out: Annotated[Path | None, typer.Option("--out", help="Save the plan for apply.", metavar="FILE")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
    var: flags.Variables = [],  # noqa: B006  (typer reads the default, nobody changes it)
    sandbox: flags.Sandbox = False,
    json: flags.Json = False,
    profile: flags.Profile = None,
) -> int:
    """Show what would change, and why. Changes nothing."""
    given = flags.options(plan, environment, var, sandbox=sandbox, json=json, profile=profile)
    session = Session("plan", given)
    with session.system() as system:
        from orchestrator.app import outlook as looking
        from orchestrator.app import saved
        from orchestrator.cli.render import plans

        outlook = looking.look(system)
        plans.show(session, outlook)
        if out:
            saved.write(out, system, outlook, given.variables)
            session.say(f"Saved. Apply exactly this with: orchestrator apply {out}")
        return 2 if detailed_exitcode and not outlook.empty else 0


def apply(
    plan: Annotated[Path, typer.Argument(help="The plan file, or a plan saved by plan --out.", metavar="PLAN")],
    environment: flags.Environment = None,
    yes: flags.Yes = False,
    data: flags.Data = False,
    allow_deletions: Annotated[
        int | None, typer.Option("--allow-deletions", min=0, help="The most deletions and replacements.", metavar="N")
    ] = None,
    on_abort: stopping.OnAbortFlag = stopping.OnAbort.LEAVE,
    by: flags.By = "",
    var: flags.Variables = [],  # noqa: B006
    sandbox: flags.Sandbox = False,
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
    workers: flags.Workers = None,
) -> int:
    """Provision and roll out until it is as planned."""
    from orchestrator.app import outlook as looking
    from orchestrator.app import provision, saved
    from orchestrator.cli.render import endings, plans

    promise = saved.read(plan)
    if promise:
        plan, environment = promise.plan, promise.environment
        var = [f"{name}={value}" for name, value in promise.variables.items()] + var
    given = flags.options(
        plan, environment, var, sandbox=sandbox, json=json, junit=junit, profile=profile, workers=workers, by=by
    )
    session = Session("apply", given)
    told = stopping.told(on_abort)
    with session.system() as system, session.interruptible(session.again(), told), system.hold("apply"):
        outlook = looking.look(system)
        if promise:
            promise.check(outlook)
        plans.show(session, outlook)
        provision.check(system, outlook, data=data, deletions=allow_deletions)
        if outlook.empty and not outlook.records:
            return endings.nothing(session)
        if not (yes or promise or outlook.empty):
            _ask(session, outlook)
        with session.progress(f"apply {system.stack}") as sink:
            ending = provision.apply(system, outlook, sink, data=data)
            ending = stopping.settled(session, system, ending, sink, on_abort)
        return endings.show(session, ending)


def destroy(
    plan: flags.PlanFile,
    environment: flags.Environment = None,
    yes: flags.Yes = False,
    data: flags.Data = False,
    var: flags.Variables = [],  # noqa: B006
    sandbox: flags.Sandbox = False,
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
    workers: flags.Workers = None,
) -> int:
    """Delete everything that carries the stack's tags. What holds data stays and is listed, unless --data."""
    from orchestrator.app import teardown
    from orchestrator.cli.render import endings, plans

    given = flags.options(
        plan, environment, var, sandbox=sandbox, json=json, junit=junit, profile=profile, workers=workers
    )
    session = Session("destroy", given)
    with session.system() as system, session.interruptible(session.again()), system.hold("destroy"):
        removal = teardown.look(system, data=data)
        plans.show_removal(session, removal)
        if removal.empty:
            return 0
        if not yes:
            _ask_name(session, system.stack)
        with session.progress(f"destroy {system.stack}") as sink:
            ending = teardown.destroy(system, removal, sink)
        return endings.show(session, ending)


def _ask(session: Session, outlook: Outlook) -> None:
    if not session.can_ask:
        raise OrchestratorError(
            "there is nobody to ask whether to go ahead", hint=f"add --yes: {session.again('apply', '--yes')}"
        )
    with session.asking():
        typer.confirm(f"Go ahead with {outlook.headline()}?", abort=True, err=True)


def _ask_name(session: Session, stack: str) -> None:
    if not session.can_ask:
        raise OrchestratorError(
            "there is nobody to ask whether to destroy it", hint=f"add --yes: {session.again('destroy', '--yes')}"
        )
    with session.asking():
        answer = typer.prompt(f"Type {stack} to destroy it", err=True)
    if answer != stack:
        raise typer.Abort
