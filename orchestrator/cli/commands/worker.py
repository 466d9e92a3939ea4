"""``worker``: does the work that a daemon puts on a broker, on as many machines as there are workers."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import flags
from orchestrator.cli.fleet import BrokerFlag
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import OrchestratorError
from orchestrator.settings import BROKERS, load_settings, plan_variables


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker(
    plans: Annotated[Path, typer.Option("--plans", help="The directory of plan files.", metavar="DIR")],
    broker: BrokerFlag = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=64, help="How many stacks at once.", metavar="N")
    ] = 2,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    profile: flags.Profile = None,
    workers: flags.Workers = None,
) -> int:
    """Do the work of a daemon that has the same broker, store and plans."""
    from orchestrator.cli.commands.daemon import USUAL, means_of
    from orchestrator.cli.fleet import application
    from orchestrator.daemon.log import Log
    from orchestrator.daemon.plans import Plans
    from orchestrator.fleet.said import Said

    settings = load_settings(os.environ, {"broker": broker, "profile": profile, "workers": workers})
    if not plans.is_dir():
        raise OrchestratorError(f"--plans: {plans} is no directory")
    if settings.broker is None:
        raise OrchestratorError(
            "no broker is set",
            hint=f"name the daemon's, with --broker or ORCHESTRATOR_BROKER: {BROKERS}",
        )
    app = application(settings, settings.broker)
    from orchestrator.fleet.worker import work  # which needs Celery: when it is missing, that has been told

    gc.set_threshold(*USUAL)
    log, speed = Log(sys.stdout, json=json), settings.clock_speed
    known, said = Plans(plans, plan_variables(os.environ)), Said(log, SystemClock(speed.factor, speed.since))
    return work(app, known, lambda: means_of(settings, log), said, concurrency)
