"""``notify-test``: whether those whom a plan names are reached, and who would be told of what."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import flags
from orchestrator.cli.session import Session
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import OrchestratorError
from orchestrator.settings import plan_variables

if TYPE_CHECKING:
    from orchestrator.plan.load.loader import LoadedPlan
    from orchestrator.plan.model.notifications import EventName


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("notify-test")(notify_test)


def notify_test(
    plan: flags.PlanFile,
    channel: Annotated[
        list[str], typer.Option("--channel", help="Only this channel. May be repeated.", metavar="NAME")
    ] = [],  # noqa: B006  (typer reads the default, nobody changes it)
    event: Annotated[
        str | None, typer.Option("--as", help="What such an event sends, by the plan's routes.", metavar="EVENT")
    ] = None,
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006
    json: flags.Json = False,
) -> int:
    """Send a test message to the channels of a plan. Asks nothing of AWS."""
    from orchestrator.notices import trial
    from orchestrator.notices.notice import SEVERITIES
    from orchestrator.plan.load.loader import load_plan

    given = flags.options(plan, environment, var, json=json)
    session = Session("notify-test", given)
    loaded = load_plan(plan, environment, given.variables, plan_variables(os.environ))
    name = _event(event)
    meant = loaded.model.notifications.channels_for(name, SEVERITIES[name]) if event else None
    names = _channels(loaded, channel, meant)
    answers = trial.attempt(loaded, trial.sample(loaded, name), names, os.environ, SystemClock())
    if session.json:
        session.json.result("notifications", {"event": name, "channels": answers})
    width = max(map(len, answers), default=0)
    for told, wrong in answers.items():
        said = (f"not delivered: {wrong}", "bold red") if wrong else ("delivered", "green")
        session.say(f"{told:{width}}  ", said)
    if not answers:
        session.say(f"Nobody is told of {name}." if event else f"{loaded.stack} names no channels.")
    return 1 if any(answers.values()) else 0


def _event(text: str | None) -> EventName:
    from orchestrator.notices.notice import SEVERITIES
    from orchestrator.plan.words import nearest

    for name in SEVERITIES:
        if text in (name, None):
            return name
    allowed = nearest(str(text), SEVERITIES) or f", allowed: {', '.join(SEVERITIES)}"
    raise OrchestratorError(f"--as: found no event {text!r}{allowed}")


def _channels(loaded: LoadedPlan, chosen: list[str], meant: tuple[str, ...] | None) -> tuple[str, ...]:
    from orchestrator.plan.words import nearest

    known = loaded.model.notifications.channels
    for name in chosen:
        if name not in known:
            close = nearest(name, known) or f", the plan has {', '.join(known) or 'none'}"
            raise OrchestratorError(f"--channel: found no channel {name!r}{close}")
    return tuple(n for n in known if (not chosen or n in chosen) and (meant is None or n in meant))
