"""``promote``, ``abort``, ``undo`` and ``history``: people and rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import flags, stopping
from orchestrator.cli.session import Session
from orchestrator.core.errors import LockHeld, Refused

if TYPE_CHECKING:
    from orchestrator.rollout.orders import Word

Wait = Annotated[bool, typer.Option("--wait", help="Where others drive it: until it has ended.")]
Service = Annotated[str | None, typer.Argument(help="Only this service.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (promote, abort, undo, history):
        app.command()(command)


def promote(
    plan: flags.PlanFile,
    service: Service = None,
    full: Annotated[bool, typer.Option("--full", help="Watch no longer; takes a reason.")] = False,
    reason: flags.Reason = "",
    by: flags.By = "",
    wait: Wait = False,
    on_abort: stopping.OnAbortFlag = stopping.OnAbort.LEAVE,
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006  (typer reads the default, nobody changes it)
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
) -> int:
    """Let a rollout go on: what waits for approval is approved, what is being watched has been watched enough."""
    from orchestrator.rollout.orders import Word

    given = flags.options(plan, environment, var, json=json, junit=junit, profile=profile, by=by)
    word = Word.PROMOTE_FULLY if full else Word.PROMOTE
    return _order(Session("promote", given), service, word, reason, wait=wait, on_abort=on_abort)


def abort(
    plan: flags.PlanFile,
    service: Service = None,
    reason: flags.Reason = "",
    by: flags.By = "",
    wait: Wait = False,
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
) -> int:
    """Take a rollout back: its traffic first, then its tasks."""
    from orchestrator.rollout.orders import Word

    given = flags.options(plan, environment, var, json=json, junit=junit, profile=profile, by=by)
    return _order(Session("abort", given), service, Word.ABORT, reason, wait=wait)


def undo(
    plan: flags.PlanFile,
    service: Annotated[str, typer.Argument(help="The service.", show_default=False)],
    reason: flags.Reason = "undo",
    by: flags.By = "",
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006
    json: flags.Json = False,
    junit: flags.JUnitFile = None,
    profile: flags.Profile = None,
) -> int:
    """Go back to what a service ran before its last rollout."""
    from orchestrator.app import steering
    from orchestrator.cli.render import endings
    from orchestrator.rollout.orders import Word

    given = flags.options(plan, environment, var, json=json, junit=junit, profile=profile, by=by)
    session = Session("undo", given)
    with session.system() as system:
        try:
            with session.interruptible(session.again("undo", service)), system.hold("undo"):
                with session.progress(f"undo {service}") as sink:
                    ending = steering.undo(system, service, sink, reason)
                return endings.show(session, ending)
        except (
            LockHeld
        ) as held:  # by whoever drives its rollout, and watches over the old side: they can go back at once
            try:
                told = steering.order(system, service, Word.ABORT, reason)
            except Refused:
                raise held from None
            return _told(session, told, held)


def history(
    plan: flags.PlanFile,
    service: Service = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many rollouts.")] = 20,
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006
    json: flags.Json = False,
    profile: flags.Profile = None,
) -> int:
    """Tell what became of every rollout, newest first, and when the stack's lock was taken from its holder."""
    import itertools

    from orchestrator import lease
    from orchestrator.app import steering
    from orchestrator.cli.render import services

    given = flags.options(plan, environment, var, json=json, profile=profile)
    session = Session("history", given)
    with session.system() as system:
        services.show_history(session, itertools.islice(steering.records(system, service), count))
        services.show_takings(session, lease.takings(system.store, system.stack)[:count])
    return 0


def _order(
    session: Session,
    service: str | None,
    word: Word,
    reason: str,
    *,
    wait: bool,
    on_abort: stopping.OnAbort = stopping.OnAbort.LEAVE,
) -> int:
    """Leave the order; when nobody drives the rollout, drive it from here."""
    from orchestrator.app import awaiting, steering
    from orchestrator.cli.render import endings

    with session.system() as system:
        told = steering.order(system, service, word, reason)
        rollouts = {name: rollout for name, rollout in awaiting.under_way(system).items() if name in told}
        try:
            with session.interruptible(session.again(), stopping.told(on_abort)), system.hold(session.command):
                with session.progress(f"{session.command} {system.stack}") as sink:
                    ending = steering.carry_on(system, told, sink)
                    if not ending.services:  # they have ended before this had the stack
                        ending = awaiting.wait(system, rollouts, patience=0.0)
                    ending = stopping.settled(session, system, ending, sink, on_abort)
                return endings.show(session, ending)
        except LockHeld as held:
            if not wait:
                return _told(session, told, held)
            session.say(_words(told, held))
            with session.interruptible(session.again()):
                return endings.show(session, awaiting.wait(system, rollouts))


def _told(session: Session, services: tuple[str, ...], held: LockHeld) -> int:
    session.say(_words(services, held))
    if session.junit:
        session.junit.write()
    return 0


def _words(services: tuple[str, ...], held: LockHeld) -> str:
    return f"Told {', '.join(services)}. It is carried out by whoever drives it: {held.message}"
