"""Small pieces of text that every rendering shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.events import Event, State

SYMBOLS: Mapping[State, str] = {
    State.STARTED: "→",
    State.WAITING: "…",
    State.RETRYING: "↻",
    State.DONE: "✓",
    State.FAILED: "✗",
    State.BLOCKED: "⊘",
    State.NOTE: "·",
}

STYLES: Mapping[State, str] = {
    State.STARTED: "cyan",
    State.WAITING: "dim",
    State.RETRYING: "yellow",
    State.DONE: "green",
    State.FAILED: "bold red",
    State.BLOCKED: "yellow",
    State.NOTE: "",
}

_PAST: Mapping[str, str] = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "roll out": "rolled out",
}


def done(action: str) -> str:
    """The action as something that has happened."""
    return _PAST.get(action, action)


def sentence(event: Event) -> str:
    """An event as one line without its time."""
    verb = done(event.action) if event.state is State.DONE else event.action
    tail = f": {event.message}" if event.message else ""
    match event.state:
        case State.FAILED:
            return f"{SYMBOLS[event.state]} {event.subject} {event.action} failed{tail}"
        case State.BLOCKED:
            return f"{SYMBOLS[event.state]} {event.subject} {event.action} blocked{tail}"
    return f"{SYMBOLS[event.state]} {event.subject} {verb}{tail}"


def bar(percent: int, width: int = 20) -> str:
    """A weight as a bar: ``██████░░░░``."""
    filled = round(width * max(0, min(100, percent)) / 100)
    return "█" * filled + "░" * (width - filled)


def tasks(details: Mapping[str, Any]) -> str:
    """Desired, running and healthy tasks, as far as they are known."""
    known = [f"{details[key]} {key}" for key in ("desired", "running", "healthy") if key in details]
    return ", ".join(known)
