"""What the sandbox answers about itself, below ``/_sandbox``: JSON in, JSON out."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.sandbox.chain import ADMIN_PREFIX
from orchestrator.sandbox.faults import Rule
from orchestrator.sandbox.faults.orders import UnknownFault, read_order
from orchestrator.sandbox.requests import read_body
from orchestrator.sandbox.world.behaviours import UnknownBehaviour
from orchestrator.sandbox.world.images import UnknownRepository

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from orchestrator.sandbox.server import Sandbox

Answer = Mapping[str, Any]


class BadRequest(Exception):
    """What was asked for makes no sense; the message says why, for whoever asked."""


class Admin:
    """Routes administration requests to the sandbox and everything else to AWS."""

    def __init__(self, app: WSGIApplication, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[Answer], Answer]] = {
            ("GET", "status"): self._status,
            ("GET", "images"): self._images,
            ("GET", "calls"): self._calls,
            ("GET", "calls/each"): self._each_call,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("POST", "faults/clear"): self._clear_faults,
            ("GET", "ledger"): self._ledger,
            ("GET", "traffic"): self._traffic,
            ("POST", "traffic"): self._set_traffic,
            ("POST", "push"): self._push,
            ("POST", "reset"): self._reset,
            ("POST", "advance"): self._advance,
            ("POST", "stop"): self._stop,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or pass on what is not ours."""
        path = environ["PATH_INFO"]
        if path != ADMIN_PREFIX and not path.startswith(ADMIN_PREFIX + "/"):
            return self._app(environ, start_response)
        status, answer = self._answer(environ["REQUEST_METHOD"], path[len(ADMIN_PREFIX) + 1 :], read_body(environ))
        body = json.dumps(answer, indent=2).encode() + b"\n"
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, method: str, name: str, body: bytes) -> tuple[str, Answer]:
        route = self._routes.get((method, name))
        if route is None:
            known = [f"{verb} {ADMIN_PREFIX}/{path}" for verb, path in self._routes]
            return "404 NOT FOUND", {"error": f"the sandbox has no {method} {ADMIN_PREFIX}/{name}", "known": known}
        try:
            asked = json.loads(body) if body else {}
            if not isinstance(asked, dict):
                raise BadRequest("the body must be a JSON object")
            return "200 OK", route(asked)
        except (BadRequest, UnknownBehaviour, UnknownFault, UnknownRepository, json.JSONDecodeError) as error:
            return "400 BAD REQUEST", {"error": str(error)}

    def _status(self, _: Answer) -> Answer:
        return {"url": self._sandbox.url, "now": self._sandbox.clock.now(), "calls": len(self._sandbox.calls)}

    def _images(self, _: Answer) -> Answer:
        return {"images": self._sandbox.images()}

    def _calls(self, _: Answer) -> Answer:
        calls = list(self._sandbox.calls)
        struck: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for call in calls:
            struck[call.service, call.operation][call.struck] += 1
        listed = [
            {
                "service": service,
                "operation": operation,
                "count": by.total(),
                "struck": {what: count for what, count in sorted(by.items()) if what},
            }
            for (service, operation), by in sorted(struck.items())
        ]
        return {"total": len(calls), "struck": sum(1 for call in calls if call.struck), "operations": listed}

    def _each_call(self, _: Answer) -> Answer:
        return {"calls": [vars(call) for call in list(self._sandbox.calls)]}

    def _faults(self, _: Answer) -> Answer:
        return {"faults": [_told(rule, struck) for rule, struck in self._sandbox.faults.taken()]}

    def _add_fault(self, asked: Answer) -> Answer:
        rule = read_order(asked)
        self._sandbox.faults.add(rule)
        return _told(rule, 0)

    def _clear_faults(self, _: Answer) -> Answer:
        return {"cleared": self._sandbox.faults.clear()}

    def _ledger(self, _: Answer) -> Answer:
        return self._sandbox.ledger.told()

    def _traffic(self, _: Answer) -> Answer:
        ledger = self._sandbox.ledger
        return {"rate": self._sandbox.world.traffic.rate, "requests": ledger.requests, "failed": ledger.failed}

    def _set_traffic(self, asked: Answer) -> Answer:
        rate = asked.get("rate")
        if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 <= rate < math.inf:
            raise BadRequest(f"rate must be a number of requests a minute, found {rate!r}")
        self._sandbox.set_traffic(rate)
        return self._traffic(asked)

    def _push(self, asked: Answer) -> Answer:
        repository, tag = _text(asked, "repository"), _text(asked, "tag")
        return self._sandbox.push(repository, tag, asked.get("behaves", "ok"), region=asked.get("region"))

    def _reset(self, _: Answer) -> Answer:
        self._sandbox.reset()
        return {"reset": True}

    def _advance(self, asked: Answer) -> Answer:
        seconds = asked.get("seconds")
        if not isinstance(seconds, int | float) or seconds < 0:
            raise BadRequest(f"seconds must be a number that is not negative, found {seconds!r}")
        self._sandbox.clock.advance(seconds)
        return {"now": self._sandbox.clock.now()}

    def _stop(self, _: Answer) -> Answer:
        self._sandbox.stop_soon()
        return {"stopping": True}


def _told(rule: Rule, struck: int) -> Answer:
    return {
        "service": rule.service,
        "operation": rule.operation,
        "kind": rule.fault,
        "struck": struck,
        "skip": rule.skip,
        "count": rule.count,
        "each": rule.each,
        "rate": rule.rate,
        "seed": rule.seed,
        "delay": rule.seconds,
        "code": rule.code,
    }


def _text(asked: Answer, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} must be a text, found {value!r}")
    return value
