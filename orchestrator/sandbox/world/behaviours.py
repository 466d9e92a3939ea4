"""How an image behaves once something runs it: the one thing the sandbox can not know by itself.

A behaviour is a value. What makes one is a function a name: it takes the behaviour so far, and the argument if it has
one, and returns another. ``parse`` reads several of them from one text: ``errors=10,latency=300``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")
MEMORY_AT_START = 30.0
"""Percent of its memory that a task uses from the start."""
_OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
_KILLED = 137


class UnknownBehaviour(Exception):
    """A behaviour of that name or with that argument does not exist; the message names those that do."""


@dataclass(frozen=True)
class Behaviour:
    """What a task of the image does, from being placed to answering requests."""

    name: str = "ok"
    placeable: bool = True
    """Whether there is capacity for it anywhere."""
    pull_error: str = ""
    """Why the image can not be pulled, in the container runtime's words."""
    exits_after: float | None = None
    """Seconds after its start at which the main process of a service's task exits; ``None`` for never."""
    exit_code: int = 0
    """What it exits with, as part of a service or as a task of its own."""
    job_exit_code: int | None = None
    """What a task of its own exits with, where that is something else."""
    exit_reason: str | None = None
    """Why the container ended, where the runtime has something to say about it."""
    ready_after: float = 0.0
    """The age in seconds before which it answers nothing."""
    status: int = 200
    """The HTTP status of its answers."""
    error_share: float = 0.0
    """How many of its answers, of 1, are 500 instead; health checks are answered by a path of their own."""
    latency: float = 0.0
    """Seconds that each answer takes longer than those of a good image."""
    leaks_for: float | None = None
    """Seconds in which a leak fills its memory; ``None`` for no leak."""
    findings: Mapping[str, int] = field(default_factory=dict)
    """What a scan finds in it: how many vulnerabilities of each severity."""

    def answer(self, age: float) -> int | None:
        """The HTTP status at an age in seconds; ``None`` for no answer in time."""
        return self.status if age >= self.ready_after else None

    def memory(self, age: float) -> float:
        """The percentage of its memory in use at an age in seconds."""
        leaked = 0.0 if self.leaks_for is None else (100.0 - MEMORY_AT_START) * age / self.leaks_for
        return min(100.0, MEMORY_AT_START + leaked)


Change = Callable[[Behaviour, str], Behaviour]


@dataclass(frozen=True)
class _Known:
    usage: str
    change: Change
    default: str | None


_registry: dict[str, _Known] = {}


def behaviour(argument: str = "", default: str | None = None) -> Callable[[Change], Change]:
    """Register a change under its function's name; ``argument`` is what a user calls it, if it takes one."""

    def register(change: Change) -> Change:
        name = change.__name__.replace("_", "-")
        told = f"={argument}" if default is None else f"[={argument}]"
        fallback = default if argument else ""
        _registry[name] = _Known(name + (told if argument else ""), change, fallback)
        return change

    return register


def parse(text: str) -> Behaviour:
    """The behaviour that a text describes: names, each perhaps with an argument, separated by commas."""
    made = Behaviour(text)
    for part in text.split(","):
        name, equals, argument = part.strip().partition("=")
        known = _registry.get(name)
        if known is None:
            raise UnknownBehaviour(f"no behaviour is called {name!r}; known are {known_behaviours()}")
        takes_none = known.usage == name
        if (equals and takes_none) or (not equals and known.default is None):
            raise UnknownBehaviour(f"{part.strip()!r} should be {known.usage!r}; known are {known_behaviours()}")
        try:
            made = known.change(made, argument if equals else known.default or "")
        except ValueError as error:
            raise UnknownBehaviour(f"{part.strip()!r} should be {known.usage!r}: {error}") from None
    return made


def known_behaviours() -> str:
    """All there are, as a user would write them."""
    return ", ".join(known.usage for _, known in sorted(_registry.items()))


def _number(text: str, most: float = math.inf) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= most or math.isinf(value):
        raise ValueError(f"found {text!r}, expected a number from 0" + (f" to {most:g}" if most < math.inf else ""))
    return value


@behaviour()
def ok(was: Behaviour, _: str) -> Behaviour:
    """Starts, answers and goes on."""
    return was


@behaviour()
def crash(was: Behaviour, _: str) -> Behaviour:
    """Exits with 1 right after its start."""
    return replace(was, exits_after=1.0, exit_code=1)


@behaviour("CODE", "1")
def job_fails(was: Behaviour, code: str) -> Behaviour:
    """Is good as a service, and fails as a task of its own: a migration that does not work."""
    return replace(was, job_exit_code=int(_number(code, 255.0)))


@behaviour("SECONDS", "300")
def late_crash(was: Behaviour, seconds: str) -> Behaviour:
    """Exits with 1 some minutes after its start, when everybody has believed in it."""
    return replace(was, exits_after=_number(seconds), exit_code=1)


@behaviour()
def unhealthy(was: Behaviour, _: str) -> Behaviour:
    """Runs, and answers everything with 503."""
    return replace(was, status=503)


@behaviour("SECONDS", "180")
def slow(was: Behaviour, seconds: str) -> Behaviour:
    """Needs minutes before it answers."""
    return replace(was, ready_after=_number(seconds))


@behaviour()
def pull_error(was: Behaviour, _: str) -> Behaviour:
    """Is in the registry, but not to be had from it."""
    return replace(was, pull_error="manifest unknown")


@behaviour()
def no_capacity(was: Behaviour, _: str) -> Behaviour:
    """Finds no place to run."""
    return replace(was, placeable=False)


@behaviour("PERCENT")
def errors(was: Behaviour, percent: str) -> Behaviour:
    """Is healthy, and answers a share of the requests with 500."""
    return replace(was, error_share=_number(percent, 100.0) / 100.0)


@behaviour("MILLISECONDS")
def latency(was: Behaviour, milliseconds: str) -> Behaviour:
    """Takes its time for every answer."""
    return replace(was, latency=_number(milliseconds) / 1000.0)


@behaviour("SECONDS", "1200")
def memory_leak(was: Behaviour, seconds: str) -> Behaviour:
    """Uses more and more memory, and is killed when there is no more."""
    full = _number(seconds)
    if not full:
        raise ValueError("found 0, expected a number above it")
    return replace(was, leaks_for=full, exits_after=full, exit_code=_KILLED, exit_reason=_OUT_OF_MEMORY)


@behaviour("SEVERITY:NUMBER")
def findings(was: Behaviour, text: str) -> Behaviour:
    """Has known vulnerabilities, which a scan will find."""
    found = re.fullmatch(rf"({'|'.join(SEVERITIES)}):(\d+)", text)
    if found is None:
        raise ValueError(f"found {text!r}, where SEVERITY is one of {', '.join(SEVERITIES)}")
    return replace(was, findings={**was.findings, found[1]: int(found[2])})
