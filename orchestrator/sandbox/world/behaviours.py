"""How an image behaves once something runs it: the one thing the sandbox can not know by itself.

A behaviour is a value, and a name in the registry makes it; whatever asks for one by text gets it from ``parse``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class UnknownBehaviour(Exception):
    """A behaviour of that name does not exist; the message names those that do."""


def _always_well(_: float) -> int | None:
    return 200


@dataclass(frozen=True)
class Behaviour:
    """What a task of the image does, from being placed to answering health checks."""

    name: str
    placeable: bool = True
    """Whether there is capacity for it anywhere."""
    pull_error: str = ""
    """Why the image can not be pulled, in the container runtime's words."""
    exits_after: float | None = None
    """Seconds after its start at which the main process of a service's task exits; ``None`` for never."""
    exit_code: int = 0
    """What it exits with, as part of a service or as a task of its own."""
    answers: Callable[[float], int | None] = _always_well
    """The HTTP status of a health check, by the task's age in seconds; ``None`` for no answer in time."""
    settles: float = 0.0
    """The age after which the answer stays the same."""


_registry: dict[str, Callable[[], Behaviour]] = {}


def behaviour(make: Callable[[], Behaviour]) -> Callable[[], Behaviour]:
    """Register a behaviour under the name of the function that makes it."""
    _registry[make.__name__.replace("_", "-")] = make
    return make


def parse(text: str) -> Behaviour:
    """The behaviour of that name."""
    make = _registry.get(text)
    if make is None:
        raise UnknownBehaviour(f"no behaviour is called {text!r}; known are {', '.join(sorted(_registry))}")
    return make()


@behaviour
def ok() -> Behaviour:
    """Starts, answers and goes on."""
    return Behaviour("ok")


@behaviour
def crash() -> Behaviour:
    """Exits with 1 right after its start."""
    return Behaviour("crash", exits_after=1.0, exit_code=1)


@behaviour
def unhealthy() -> Behaviour:
    """Runs, and answers every health check with 503."""
    return Behaviour("unhealthy", answers=lambda _: 503)


@behaviour
def slow() -> Behaviour:
    """Needs three minutes before it answers."""
    return Behaviour("slow", answers=lambda age: 200 if age >= 180.0 else None, settles=180.0)


@behaviour
def pull_error() -> Behaviour:
    """Is in the registry, but not to be had from it."""
    return Behaviour("pull-error", pull_error="manifest unknown")


@behaviour
def no_capacity() -> Behaviour:
    """Finds no place to run."""
    return Behaviour("no-capacity", placeable=False)
