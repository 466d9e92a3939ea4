"""Notifications: routes that lead to a channel, and no secret in the file, not even in the message about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from orchestrator.plan.checks.finding import Finding, unknown
from orchestrator.plan.model.notifications import Notifications
from orchestrator.plan.model.plan import Plan

FROM_ENVIRONMENT = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_WEBHOOKS = ("json", "jsons", "xml", "xmls", "form", "forms")
_TOKEN = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[^/]{16,}")
_INSTEAD = "put the address into an environment variable and write env:ITS_NAME"


def check_notifications(plan: Plan) -> Iterator[Finding]:
    """The addresses of channels, and where routes lead."""
    told = plan.notifications
    for name, channel in told.channels.items():
        if wrong := _address(channel.url):
            yield ("notifications", "channels", name, "url"), wrong
    yield from _routes(told)


def _routes(told: Notifications) -> Iterator[Finding]:
    for number, route in enumerate(told.routes or ()):
        for place, name in enumerate(route.to):
            if name not in told.channels:
                yield ("notifications", "routes", number, "to", place), unknown("channel", name, told.channels)


def _address(text: str) -> str:
    """What is wrong with an address, without a word of it."""
    if text.startswith("env:"):
        named = FROM_ENVIRONMENT.fullmatch(text)
        return "" if named else "after env: comes the name of an environment variable: letters, digits and underscores"
    try:
        address = urlsplit(text)
        _ = address.port
    except ValueError:
        return f"is no address; {_INSTEAD}"
    if address.scheme not in _WEBHOOKS or not address.hostname:
        allowed = ", ".join(f"{scheme}://" for scheme in _WEBHOOKS)
        return f"an address may hold a secret: {_INSTEAD} (as it is only a webhook may stand here: {allowed})"
    return f"holds what may be a secret: {_INSTEAD}" if _secretive(address) else ""


def _secretive(address: SplitResult) -> bool:
    """Whether anything in an address may be meant for few eyes: a user, a query, a step of the path like a token."""
    return bool("@" in address.netloc or address.query or address.fragment or _TOKEN.search(address.path))
