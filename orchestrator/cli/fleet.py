"""The broker of the settings, for the daemon that puts work there and the workers that take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from orchestrator.core.errors import OrchestratorError
from orchestrator.settings import BROKERS, Broker, Settings, named_broker

if TYPE_CHECKING:
    from orchestrator.daemon.reconciler import Means
    from orchestrator.fleet.message import Message
    from orchestrator.fleet.messages import Messages


def _named(text: str) -> Broker:
    try:
        return named_broker(text)
    except ValueError:
        raise OrchestratorError(f"--broker: allowed: {BROKERS}") from None


BrokerFlag: TypeAlias = Annotated[
    Any,
    typer.Option("--broker", parser=_named, help="Where work is put for workers on several machines.", metavar="URL"),
]


def application(settings: Settings, broker: Broker) -> Any:
    """The Celery application. Raises where several machines would not know of each other."""
    try:
        from orchestrator.fleet.application import application
    except ModuleNotFoundError:
        hint = "pip install 'orchestrator[fleet]'"
        raise OrchestratorError("a broker is set, and Celery is not installed", hint=hint) from None
    if settings.store is None:
        raise OrchestratorError(
            "a broker is for several machines, and the store is a directory of this one",
            hint="name a table that they share: export ORCHESTRATOR_STORE='dynamodb://TABLE?region=REGION'",
        )
    return application(broker)


def messages(settings: Settings, broker: Broker, means: Means, name: str) -> Messages:
    """The queue of a daemon that only schedules."""
    app = application(settings, broker)
    from orchestrator.fleet.application import TASK
    from orchestrator.fleet.messages import Messages

    def send(message: Message, within: float) -> None:
        app.send_task(TASK, kwargs={"message": message.as_json()}, task_id=message.tick, expires=within)

    return Messages(send, means, name, speed=settings.clock_speed.factor)
