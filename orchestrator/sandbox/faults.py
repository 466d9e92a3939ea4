"""Faults on demand: chosen calls are throttled, refused, delayed, cut off, or carried out without an answer.

    faults.add(Rule(fault=Fault.LOST_REPLY, service="ec2", operation="Create*", count=1))

The first rule that takes a call decides its fate. Which calls a rate takes is told from a seed and the number of the
call, so that what failed once fails again.
"""

from __future__ import annotations

import enum
import hashlib
import itertools
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from orchestrator.sandbox.chain import OPERATION
from orchestrator.sandbox.requests import Operation

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Fault(enum.StrEnum):
    """What becomes of a call."""

    THROTTLE = "throttle"
    ERROR = "5xx"
    DENIED = "denied"
    DELAY = "delay"
    RESET = "reset"
    """The connection is gone before anything was carried out."""
    LOST_REPLY = "lost-reply"
    """It is carried out, and the connection is gone."""
    TRUNCATED = "truncated"
    """It is carried out, and half of the answer arrives."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Which calls, by patterns such as ``ec2`` and ``Create*``, and what becomes of them.

    ``skip`` lets that many matching calls through first, ``count`` takes at most so many after that, and of these only
    the share that ``rate`` says. With ``each`` these hold for each operation by itself.
    """

    fault: Fault
    service: str = "*"
    operation: str = "*"
    skip: int = 0
    count: int | None = None
    each: bool = False
    rate: float = 1.0
    seed: int = 0
    seconds: float = 1.0
    """How long a delay is, in real seconds."""
    code: str = ""
    """What a refusal is called, where not as the service usually calls it."""
    message: str = ""


@dataclass
class _Armed:
    rule: Rule
    seen: Counter[Operation | None] = field(default_factory=Counter)
    taken: Counter[Operation | None] = field(default_factory=Counter)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def takes(self, operation: Operation) -> bool:
        rule = self.rule
        if not (fnmatchcase(operation.service, rule.service) and fnmatchcase(operation.name, rule.operation)):
            return False
        whose = operation if rule.each else None
        self.seen[whose] += 1
        if self.seen[whose] <= rule.skip or (rule.count is not None and self.taken[whose] >= rule.count):
            return False
        if rule.rate < 1 and _share(rule.seed, next(self.numbers)) >= rule.rate:
            return False
        self.taken[whose] += 1
        return True


class Faults:
    """The layer of the sandbox that lets rules have their way."""

    def __init__(self, app: WSGIApplication, sleep: Callable[[float], object] = time.sleep) -> None:
        self._app = app
        self._sleep = sleep
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, rule: Rule) -> None:
        """Put a rule in force, behind those that are."""
        with self._lock:
            self._armed.append(_Armed(rule))

    def clear(self) -> None:
        """Let every call through again."""
        with self._lock:
            self._armed.clear()

    def taken(self) -> list[tuple[Rule, int]]:
        """The rules in force, and how many calls each has taken."""
        with self._lock:
            return [(armed.rule, armed.taken.total()) for armed in self._armed]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, or not."""
        rule = self._rule_for(environ.get(OPERATION))
        match rule and rule.fault:
            case Fault.RESET:
                _hang_up(environ)
            case Fault.LOST_REPLY:
                list(self._app(environ, lambda *_: lambda _: None))
                _hang_up(environ)
            case Fault.TRUNCATED:
                return _cut(self._app, environ, start_response)
            case Fault.THROTTLE | Fault.ERROR | Fault.DENIED if rule:
                return _refuse(rule, environ, start_response)
            case Fault.DELAY if rule:
                self._sleep(rule.seconds)
        return self._app(environ, start_response)

    def _rule_for(self, operation: Operation | None) -> Rule | None:
        if operation is None:
            return None
        with self._lock:
            return next((armed.rule for armed in self._armed if armed.takes(operation)), None)


def _share(seed: int, number: int) -> float:
    """A number from 0 to 1 that looks random and is the same every time."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:6]) / 2**48


def _hang_up(environ: WSGIEnvironment) -> None:
    """Close the connection without a word; werkzeug takes the error as a client that is gone."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


def _cut(app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The first half of the answer, as if it were all of it: what a proxy passes on when its upstream breaks off."""
    answer: list[Any] = []

    def begin(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
        answer[:] = [status, headers]
        return lambda _: None

    body = b"".join(app(environ, begin))
    status, headers = answer
    half = body[: len(body) // 2]
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    start_response(status, [*kept, ("Content-Length", str(len(half)))])
    return [half]


# -- refusals, in the words of each protocol ---------------------------------------------------------------------------


class _Refusal(ServiceException):
    """An error as moto's serializers want it: they look for the service of an exception in its module's name."""


_BY_PROTOCOL: dict[Fault, dict[str, tuple[int, str]]] = {
    Fault.THROTTLE: {"ec2": (503, "RequestLimitExceeded"), "rest-xml": (503, "SlowDown"), "query": (400, "Throttling")},
    Fault.ERROR: {"ec2": (500, "InternalError"), "rest-xml": (500, "InternalError"), "query": (500, "InternalFailure")},
    Fault.DENIED: {
        "ec2": (403, "UnauthorizedOperation"),
        "rest-xml": (403, "AccessDenied"),
        "query": (403, "AccessDenied"),
    },
}
_OTHERWISE = {
    Fault.THROTTLE: (400, "ThrottlingException"),
    Fault.ERROR: (500, "InternalServerException"),
    Fault.DENIED: (400, "AccessDeniedException"),
}
_MESSAGES = {
    Fault.THROTTLE: "Rate exceeded",
    Fault.ERROR: "An internal error has occurred",
    Fault.DENIED: "You are not authorized to perform this operation.",
}


def _refuse(rule: Rule, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    asked: Operation = environ[OPERATION]
    service = get_service_model(asked.service)
    protocol = determine_request_protocol(service, environ.get("CONTENT_TYPE", ""))
    status, usual = _BY_PROTOCOL[rule.fault].get(protocol, _OTHERWISE[rule.fault])
    code = rule.code or usual
    operation = service.operation_model(asked.name)
    written = get_serializer_class(asked.service, protocol)(operation_model=operation).serialize(
        _Refusal(code, rule.message or _MESSAGES[rule.fault])
    )
    text = written["body"]
    body = text if isinstance(text, bytes) else str(text).encode()
    headers = {**written["headers"], "Content-Length": str(len(body))}
    start_response(f"{status} {code}", [(name, str(value)) for name, value in headers.items()])
    return [body]
