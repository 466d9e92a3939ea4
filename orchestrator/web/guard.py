"""What every request has to pass and every response says, whatever is behind: hosts, sizes, and what a page may do.

A server on loopback is reachable from any web page that the same browser has open, by a name that resolves to
127.0.0.1. So the ``Host`` has to be one of ours; and no cookie is ever set, so no other page acts in anybody's name.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LARGEST_BODY = 16_384
_ANYBODY = frozenset({"/healthz", "/readyz"})
"""What load balancers ask for by whatever address they know, and what tells nothing."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Around the application. ``hosts``: the names it answers to; None for any."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        checked = self._hosts is not None and scope["path"] not in _ANYBODY
        if checked and host_of(Headers(scope=scope).get("host", "")) not in (self._hosts or ()):
            text = "This is not a name that the daemon answers to. ORCHESTRATOR_WEB_HOSTS lists more.\n"
            await PlainTextResponse(text, 421)(scope, receive, safely)
            return
        await self._app(scope, receive, safely)


def hosts_for(bound: str, more: Collection[str]) -> frozenset[str] | None:
    """The names that a server answers to which is bound to an address. Only loopback's are known by themselves."""
    if bound in LOOPBACK:
        return LOOPBACK | frozenset(more)
    return frozenset(more) | LOOPBACK | {bound} if more else None


def host_of(header: str) -> str:
    """A host without its port, in lower case."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def stranger(request: Request) -> bool:
    """Whether another site's page has made a browser send this."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    same = origin is None or origin.partition("://")[2].lower() == request.headers.get("host", "").lower()
    return site not in ("same-origin", "none") or not same


class TooLarge(Exception):
    """More was sent than any request of ours needs."""


async def body_of(request: Request) -> bytes:
    """What was sent. Raises ``TooLarge`` before all of it is read."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LARGEST_BODY:
            raise TooLarge
    return bytes(found)
