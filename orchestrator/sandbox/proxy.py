"""The sandbox as an HTTP proxy, so that any client reaches its load balancers by their DNS names.

A client that is told of a proxy asks it for whole addresses: ``GET http://NAME/path HTTP/1.1``. What is addressed to
the sandbox itself goes on to AWS; every other host is a load balancer, or nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from orchestrator.sandbox.world.elb.conditions import Request

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from orchestrator.sandbox.world.traffic.front import Response
    from orchestrator.sandbox.world.world import World

HOST = "sandbox.host"
"""Where the server leaves the request's own ``Host``, which need not be the host of its address."""
_PORTS = {"http": 80, "https": 443}
_OURSELVES = ("127.0.0.1", "localhost")


class Proxy:
    """Answers what is asked of other hosts, and passes on what is asked of the sandbox."""

    def __init__(
        self, app: WSGIApplication, world: World, lock: threading.RLock, spend: Callable[[float], None]
    ) -> None:
        self._app = app
        self._world = world
        self._lock = lock
        self._spend = spend

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or pass on what is not asked of a proxy."""
        asked = environ.get("RAW_URI", "")
        if environ["REQUEST_METHOD"] == "CONNECT":
            why = f"Not Allowed: the sandbox ends TLS itself, ask http://{asked} instead"
            return _send(start_response, f"405 {why}", f"{why}\n", {})
        url = urlsplit(asked)
        if url.scheme not in _PORTS or not url.hostname:
            return self._app(environ, start_response)
        port = url.port or _PORTS[url.scheme]
        if url.hostname in _OURSELVES and str(port) == environ["SERVER_PORT"]:
            return self._app(environ, start_response)
        response = self._respond(url.hostname, port, _request(environ, url.path or "/", url.query, url.netloc))
        self._spend(response.latency)
        body = "" if environ["REQUEST_METHOD"] == "HEAD" else response.body
        return _send(start_response, f"{response.status} {response.phrase}", body, response.headers)

    def _respond(self, host: str, port: int, request: Request) -> Response:
        from orchestrator.sandbox.world.traffic.front import respond

        with self._lock:
            self._world.catch_up()
            return respond(self._world, host, port, request)


def _request(environ: WSGIEnvironment, path: str, query: str, host: str) -> Request:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    return Request(
        method=environ["REQUEST_METHOD"],
        host=environ.get(HOST) or host,
        path=path,
        query=parse_qsl(query, keep_blank_values=True),
        headers=headers,
        source=environ["REMOTE_ADDR"],
    )


def _send(start_response: StartResponse, status: str, text: str, headers: Mapping[str, str]) -> Iterable[bytes]:
    body = text.encode()
    told = {"Content-Type": "text/plain; charset=utf-8", **headers, "Content-Length": str(len(body))}
    start_response(status, list(told.items()))
    return [body]
