"""``deploy`` and ``status``: new images, and how the services stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import flags, stopping
from orchestrator.cli.session import Session
from orchestrator.core.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.app.system import System

_WATCH_EVERY = 10.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("deploy")(deploy)
    app.command("status")(status)


def deploy(
    plan: flags.PlanFile,
    image: flags.Images = [],  # noqa: B006  (typer reads the default, nobody changes it)
    environment: flags.Environment = None,
    yes: flags.Yes = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Begin it, and leave it to the next command or the daemon (exit 14).")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, help="Leave it after so many seconds (exit 14).")
    ] = None,
    on_abort: stopping.OnAbortFlag = stopping.OnAbort.LEAVE,
    by: flags.By = "",
    var: flags.Variables = [],  # noqa: B006
    sandbox: flags.Sandbox = False,
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
) -> int:
    """Roll out new images. Touches no infrastructure."""
    from orchestrator.app import delivery
    from orchestrator.cli.render import endings, plans

    del yes  # a deployment does not ask; the flag is taken so that scripts can pass it everywhere
    images = flags.pairs(image, "--image")
    if not images:
        raise OrchestratorError("deploy needs to know what to deploy", hint="add --image SERVICE=TAG")
    given = flags.options(plan, environment, var, sandbox=sandbox, json=json, junit=junit, profile=profile, by=by)
    session = Session("deploy", given)
    resume = session.again("deploy", *(f"--image {s}={t}" for s, t in images.items()))
    with session.system() as system, session.interruptible(resume, stopping.told(on_abort)), system.hold("deploy"):
        outlook = delivery.look(system, images)
        plans.show(session, outlook)
        if not (outlook.rollouts or outlook.unfinished):
            return endings.nothing(session)
        with session.progress(f"deploy {system.stack}") as sink:
            ending = delivery.deploy(system, outlook, sink, patience=0.0 if no_wait else timeout)
            ending = stopping.settled(session, system, ending, sink, on_abort)
        return endings.show(session, ending)


def status(
    plan: flags.PlanFile,
    service: Annotated[str | None, typer.Argument(help="Only this service.", show_default=False)] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing it, until Ctrl-C.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Until the rollouts under way have ended, or SERVICE's last one has.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, help="With --wait: give up after so many seconds (exit 14).")
    ] = None,
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006
    sandbox: flags.Sandbox = False,
    json: flags.Json = False,
    profile: flags.Profile = None,
) -> int:
    """Show how the services stand: weights, tasks, releases, the newest events. With --wait, how rollouts end."""
    from orchestrator.app import inspection
    from orchestrator.cli.render import services

    given = flags.options(plan, environment, var, sandbox=sandbox, json=json, profile=profile)
    session = Session("status", given)
    with session.system() as system:
        if wait:
            return _waited(session, system, service, timeout)
        if not watch:
            services.show(session, inspection.status(system, service))
            return 0
        with session.interruptible(session.again()):
            shown: tuple[inspection.ServiceStatus, ...] = ()
            while not session.stop.is_set():
                found = inspection.status(system, service)
                if found != shown:
                    services.show_again(session, found)
                shown = found
                session.clock.sleep(_WATCH_EVERY, session.stop)
        return 0


def _waited(session: Session, system: System, service: str | None, timeout: float | None) -> int:
    """How rollouts end that others drive. Ctrl-C leaves them to those."""
    from orchestrator.app import awaiting
    from orchestrator.cli.render import endings

    with session.interruptible(session.again("status", *([service] if service else []), "--wait")):
        meant = awaiting.last(system, service) if service else awaiting.under_way(system)
        ending = awaiting.wait(system, meant, patience=timeout)
    return endings.show(session, ending)
