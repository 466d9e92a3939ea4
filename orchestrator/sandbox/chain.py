"""The layers a request passes through on its way to moto, each one a WSGI application around the next.

From the outside in: ``Held``, the proxy, ``Delayed``, ``Logged``, the administration, ``Faults``, ``Quiet``,
``Serial``, moto. What is asked of the proxy is no AWS call and goes no further.
Latency is added outside the lock so that parallel calls overlap as on AWS; the fate of one call is decided between
``Logged`` and ``Serial``, where the operation is known and nothing has happened yet.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from orchestrator.sandbox.record import Call, begin, error_code
from orchestrator.sandbox.requests import Operation, identify

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ADMIN_PREFIX = "/_sandbox"
OPERATION = "sandbox.operation"
_log = logging.getLogger(__name__)


class Held:
    """Holds time while a request is on its way through, for clocks that would otherwise run away from it."""

    def __init__(self, app: WSGIApplication, hold: Callable[[], AbstractContextManager[None]]) -> None:
        self._app = app
        self._hold = hold

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on."""
        with self._hold():
            return list(self._app(environ, start_response))


class Delayed:
    """Answers every AWS call that many real seconds later, as it is told at the time."""

    def __init__(
        self, app: WSGIApplication, seconds: Callable[[], float], sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._app = app
        self._seconds = seconds
        self._sleep = sleep

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, late."""
        seconds = self._seconds()
        if seconds and not environ["PATH_INFO"].startswith(ADMIN_PREFIX):
            self._sleep(seconds)
        return self._app(environ, start_response)


class Logged:
    """Keeps a record of every AWS call, and leaves in the request which operation it is."""

    def __init__(self, app: WSGIApplication, now: Callable[[], float]) -> None:
        self._app = app
        self._now = now
        self.calls: list[Call] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Record the call, pass it on, and record how it was answered."""
        if environ["PATH_INFO"].startswith(ADMIN_PREFIX):
            return self._app(environ, start_response)
        operation: Operation = identify(environ)
        environ[OPERATION] = operation
        call = Call(operation.service, operation.name, operation.region, self._now())
        self.calls.append(call)
        begin(call)
        told: list[tuple[str, str]] = []

        def answer(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            call.status, told[:] = int(status.split(" ", 1)[0]), headers
            return start_response(status, headers, *rest)

        body = list(self._app(environ, answer))
        call.code = call.code or error_code(call.status, told, body)
        return body


class Serial:
    """One request at a time, and the world brought up to the present before it: moto's backends have no locks."""

    def __init__(self, app: WSGIApplication, lock: threading.RLock, catch_up: Callable[[], None]) -> None:
        self._app = app
        self._lock = lock
        self._catch_up = catch_up

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle the request from beginning to end while nobody else is."""
        with self._lock:
            self._catch_up()
            return list(self._app(environ, start_response))


class Quiet:
    """Answers 500 where moto, or what happens in the world, raises; the traceback stays out of the terminal."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on and catch what comes back."""
        try:
            return list(self._app(environ, start_response))
        except Exception as error:
            _log.info("%s failed: %s", environ.get(OPERATION), error, exc_info=True)
            body = f"<!doctype html><title>500 Internal Server Error</title><p>{type(error).__name__}</p>".encode()
            headers = [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]
            start_response("500 INTERNAL SERVER ERROR", headers)
            return [body]
