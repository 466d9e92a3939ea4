"""The layer of the sandbox in which rules of faults have their way."""

from __future__ import annotations

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

from orchestrator.sandbox.chain import OPERATION
from orchestrator.sandbox.faults.rules import REFUSALS, Fault, Rule
from orchestrator.sandbox.record import strike
from orchestrator.sandbox.refusals import Kind, refuse
from orchestrator.sandbox.requests import Operation

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


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
    """Decides about each call by the first rule in force that takes it."""

    def __init__(self, app: WSGIApplication, sleep: Callable[[float], object] = time.sleep) -> None:
        self._app = app
        self._sleep = sleep
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, rule: Rule) -> None:
        """Put a rule in force, behind those that are."""
        with self._lock:
            self._armed.append(_Armed(rule))

    def clear(self) -> int:
        """Let every call through again; how many rules were in force."""
        with self._lock:
            ended = len(self._armed)
            self._armed.clear()
            return ended

    def taken(self) -> list[tuple[Rule, int]]:
        """The rules in force, and how many calls each has taken."""
        with self._lock:
            return [(armed.rule, armed.taken.total()) for armed in self._armed]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, or not."""
        rule = self._rule_for(environ.get(OPERATION))
        by = f"fault {rule.fault}" if rule else ""
        if rule and rule.fault in REFUSALS:
            kind = Kind(rule.fault.value)
            return refuse(kind, environ, start_response, by=by, code=rule.code, message=rule.message)
        if rule:
            strike(by)
        match rule and rule.fault:
            case Fault.RESET:
                _hang_up(environ)
            case Fault.LOST_REPLY:
                list(self._app(environ, lambda *_: lambda _: None))
                _hang_up(environ)
            case Fault.TRUNCATED:
                return _cut(self._app, environ, start_response)
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
