"""``daemon``, ``pause`` and ``resume``: the loop that keeps stacks as planned, and holding it back."""

from __future__ import annotations

import contextlib
import dataclasses as dc
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli import flags
from orchestrator.cli.fleet import BrokerFlag
from orchestrator.cli.session import Session
from orchestrator.cli.traced import DaemonSpans
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, State, each_of
from orchestrator.settings import Settings, load_settings, plan_variables

if TYPE_CHECKING:
    from orchestrator.aws.door import Aws
    from orchestrator.core.store import Store
    from orchestrator.daemon.reconciler import Means
    from orchestrator.plan.load.loader import LoadedPlan


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (daemon, pause, resume):
        app.command()(command)


def daemon(
    plans: Annotated[Path, typer.Option("--plans", help="The directory of plan files.", metavar="DIR")],
    stacks: Annotated[int, typer.Option("--stacks", min=1, max=64, help="How many stacks at once.", metavar="N")] = 4,
    broker: BrokerFlag = None,
    host: Annotated[str, typer.Option("--host", help="Where the web page listens.", metavar="HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free.", metavar="PORT")] = 8080,
    web: Annotated[bool, typer.Option("--web/--no-web", help="Whether there is a web page.")] = True,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    profile: flags.Profile = None,
    workers: flags.Workers = None,
) -> int:
    """Keep every stack of a directory of plans as planned, or report that it is not."""
    import gc

    from orchestrator.cli.fleet import messages
    from orchestrator.cli.web import served
    from orchestrator.daemon.daemon import Daemon
    from orchestrator.daemon.log import Log
    from orchestrator.daemon.metrics import Metrics
    from orchestrator.daemon.plans import Plans
    from orchestrator.lease import Holder

    if not plans.is_dir():
        raise OrchestratorError(f"--plans: {plans} is no directory")
    settings = load_settings(os.environ, {"broker": broker, "profile": profile, "workers": workers})
    gc.set_threshold(*USUAL)
    log, metrics = Log(sys.stdout, json=json), Metrics()
    spans = DaemonSpans(lambda why: log(_warning(why)))
    means = means_of(settings, each_of(log, metrics.sink, spans.sink))
    means = dc.replace(means, ticked=each_of(metrics.ticked, spans.ticked))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopping(means.stop))
    name = Holder.here().owner
    queue = messages(settings, settings.broker, means, name) if settings.broker else None
    loop = Daemon(Plans(plans, plan_variables(os.environ)), means, name=name, queue=queue, workers=stacks)
    metrics.watch(loop, means)
    if queue:
        queue.serve(loop)
    with served(loop, means, settings, host, port, metrics) if web else contextlib.nullcontext():
        loop.run()
    means.notices.close()
    spans.close()
    return 0


def pause(
    plan: flags.PlanFile,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who looks is told.")] = "",
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006  (typer reads the default, nobody changes it)
    json: flags.Json = False,
    profile: flags.Profile = None,
) -> int:
    """Have no daemon change anything in a stack, nor go on with its rollouts, until resume."""
    from orchestrator.app import pausing
    from orchestrator.lease import Holder

    session = Session("pause", flags.options(plan, environment, var, json=json, profile=profile))
    with session.system() as system:
        made = pausing.Pause(by=Holder.here().owner, at=system.clock.now(), reason=reason)
        pausing.pause(system, made)
        if session.json:
            session.json.result("pause", {"stack": system.stack, "paused": True})
        session.say(f"{system.stack} is {made}")
    return 0


def resume(
    plan: flags.PlanFile,
    environment: flags.Environment = None,
    var: flags.Variables = [],  # noqa: B006
    json: flags.Json = False,
    profile: flags.Profile = None,
) -> int:
    """Let daemons go on with a stack that was paused."""
    from orchestrator.app import pausing

    session = Session("resume", flags.options(plan, environment, var, json=json, profile=profile))
    with session.system() as system:
        was = pausing.resume(system)
        if session.json:
            session.json.result("pause", {"stack": system.stack, "paused": False})
        session.say(f"{system.stack} {'goes on' if was else 'was not paused'}")
    return 0


USUAL = (700, 10, 10)
"""What short commands put off until they have ended, a process that lives for months must not."""


def means_of(settings: Settings, sink: Any) -> Means:
    """What ticks are done with in this process."""
    from orchestrator.app.doors import Doors
    from orchestrator.aws.door import Access
    from orchestrator.cli.notified import DaemonNotified
    from orchestrator.cli.store import open_store
    from orchestrator.daemon.reconciler import Means

    speed = settings.clock_speed
    clock = SystemClock(speed.factor, speed.since)

    doors = Doors(clock, profile=settings.profile)
    lock = threading.Lock()
    known: dict[Access, tuple[Aws, Store]] = {}

    def store(loaded: LoadedPlan, door: Aws) -> Store:
        """A store has a door of its own or shares the plan's: it is opened anew when that one is."""
        model = loaded.model
        access = Access(region=model.region, profile=settings.profile, role=model.role, account=model.account)
        with lock:
            if access not in known or known[access][0] is not door:
                known[access] = door, open_store(settings, clock, access, door, doors.count)
            return known[access][1]

    return Means(
        doors=doors,
        stores=store,
        clock=clock,
        wall=SystemClock(),
        stop=threading.Event(),
        sink=sink,
        notices=DaemonNotified(store, sink, clock),
        workers=settings.workers,
    )


def _warning(message: str) -> Event:
    return Event(at=SystemClock().now(), subject="daemon", action="trace", state=State.BLOCKED, message=message)


def _stopping(stop: threading.Event) -> Any:
    """Once: finish what is in flight; twice: leave now, state intact."""
    asked: list[int] = []

    def stopping(number: int, _frame: Any) -> None:
        if asked:
            os._exit(128 + number)
        asked.append(number)
        threading.Thread(target=stop.set).start()  # the thread that is interrupted may hold the event's lock

    return stopping
