"""What became of every AWS call, for tests and for whoever asks with ``orchestrator sandbox calls``.

A call is answered by a stack of layers that do not know each other, in one thread. Whichever of them keeps it from
being carried out as asked says so here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Call:
    """One AWS call that arrived, when by the sandbox's clock, and what became of it.

    ``status`` and error ``code`` are the answer's, 0 where there was none. ``struck`` tells what of the sandbox struck
    it, if anything: ``fault throttle``, ``rule ECS-04``.
    """

    service: str
    operation: str
    region: str
    at: float
    status: int = 0
    struck: str = ""
    code: str = ""


_CODE = re.compile(rb'"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"|<Code>([^<]+)</Code>')
_TYPE = "x-amzn-errortype"
_FAILED = 400


def error_code(status: int, headers: Iterable[tuple[str, str]], body: Iterable[bytes]) -> str:
    """What an answer calls its error, in whatever protocol; empty where it is none."""
    if status < _FAILED:
        return ""
    for name, value in headers:
        if name.lower() == _TYPE:
            return value.partition(":")[0]
    found = _CODE.search(b"".join(body))
    return (found[1] or found[2]).decode() if found else ""


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def begin(call: Call) -> None:
    """This thread answers that call from now on."""
    _current.set(call)


def strike(by: str, code: str = "") -> None:
    """Say what struck the call that this thread answers; a call that loses its reply may be refused as well."""
    call = _current.get()
    if call is not None:
        call.struck = f"{call.struck} and {by}" if call.struck else by
        call.code = code or call.code
