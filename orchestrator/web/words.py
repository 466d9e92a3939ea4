"""Text as a page shows it. Names and reasons come from plans, from AWS and from people: none of them is trusted."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from orchestrator.app.ecs_events import in_short
from orchestrator.core.clock import duration, iso

_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_PLAIN = frozenset("\n\t")


def visible(value: Any) -> Any:
    """Text whose letters stand in the order and number in which they are read: what turns or hides others is shown.

    A name with U+202E in it would read backwards, and so would what stands beside it.
    """
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return "" if value is None else value
    return "".join(c if c in _PLAIN or unicodedata.category(c) not in _UNSEEN else f"[U+{ord(c):04X}]" for c in value)


def segment(text: str) -> str:
    """One part of an address."""
    return quote(text, safe="")


def image(text: str | None) -> str:
    """An image as its tag, or the beginning of its digest."""
    tag, _, digest = (text or "").partition("@")
    return tag or digest.removeprefix("sha256:")[:12] or "none"


def age(at: float | None, now: float) -> str:
    """How long ago, or how long until."""
    if at is None:
        return "never"
    return f"{duration(now - at)} ago" if at <= now else f"in {duration(at - now)}"


def due(at: float, now: float) -> str:
    """How long until something that is to happen; what is late may happen any moment."""
    return age(at, now) if at > now else "now"


def clock(at: float) -> str:
    """The time of day, in UTC."""
    return iso(at)[11:19]


def share(percent: float) -> str:
    """A share of the traffic."""
    return f"{percent:g} %"


def stage(told: dict[str, Any]) -> str:
    """A stage in a word or two: ``shift 10 %``, ``bake 5m00s``."""
    if told["percent"] is not None:
        return f"{told['name']} {told['percent']:g} %"
    return f"{told['name']} {duration(told['seconds'])}" if told["seconds"] is not None else str(told["name"])


def sign(action: str) -> str:
    """An action in the symbols of a plan."""
    return _SIGNS.get(action, "!")


def change(line: str) -> tuple[str, str, str] | None:
    """A line of a difference as field, what is and what is planned; None for one that tells something else."""
    field, colon, values = line.partition(": ")
    now, arrow, planned = values.partition(" -> ")
    return (field, now, planned) if colon and arrow else None


_SIGNS = {
    "create": "+",
    "update": "~",
    "adopt": "~",
    "replace": "-/+",
    "delete": "-",
    "rollout": "⟳",
    "first release": "⟳",
    "heal": "⟳",
}

FILTERS = {
    "age": age,
    "change": change,
    "clock": clock,
    "due": due,
    "duration": duration,
    "image": image,
    "in_short": in_short,
    "iso": iso,
    "segment": segment,
    "share": share,
    "sign": sign,
    "stage": stage,
}
