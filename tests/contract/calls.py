"""What a kind really sends: recorded at botocore's hook, and held against AWS's own service models.

botocore checks types, required members and lower bounds only. Enumerations, patterns, upper bounds and unions pass it
and fail on AWS, so they are checked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import UnknownServiceError

from orchestrator.aws.door import READS, Access, Aws
from orchestrator.aws.pace import Pace
from orchestrator.core.clock import Clock

# Java's classes for letters, marks, separators and digits, which Python's re does not know
_UNICODE_CLASSES = {r"\p{L}": r"\w", r"\p{M}": r"\w", r"\p{Z}": r"\s", r"\p{N}": r"\d", r"\p{S}": "", r"\p{P}": ""}


@dataclass(frozen=True)
class Sent:
    """One call: the kind and the verb that made it, and what it said."""

    kind: str
    verb: str
    model: Any
    params: Mapping[str, Any]

    @property
    def service(self) -> str:
        """The name under which the service's requests are signed."""
        return str(self.model.service_model.signing_name)

    @property
    def operation(self) -> str:
        return str(self.model.name)

    @property
    def reads(self) -> bool:
        return self.operation.startswith(READS)

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


class WatchedAws(Aws):
    """The product's door without its pace, which would only make tests slow, and with a record of what goes out."""

    def __init__(self, access: Access, clock: Clock, *, read_only: bool = False) -> None:
        super().__init__(access, clock, read_only=read_only, pace=Pace(clock, limits=()))
        self.sent: list[Sent] = []
        self._kind, self._verb = "", ""
        self.smallest_pages = False
        self._watched: set[str] = set()

    @contextmanager
    def during(self, kind: str, verb: str) -> Iterator[None]:
        """Whatever is sent meanwhile is sent by that verb of that kind."""
        before, (self._kind, self._verb) = (self._kind, self._verb), (kind, verb)
        try:
            yield
        finally:
            self._kind, self._verb = before

    def credentials(self) -> Any:
        """What its clients sign with: all of them share it, and see it change."""
        return self.client("sts")._request_signer._credentials

    def client(self, service: str) -> Any:
        with self._shared.lock:
            client = super().client(service)
            if service not in self._watched:
                self._watched.add(service)
                client.meta.events.register("provide-client-params.*", self._record)
        return client

    def _record(self, params: Mapping[str, Any], model: Any, **_: Any) -> Mapping[str, Any]:
        self.sent.append(Sent(self._kind, self._verb, model, dict(params)))
        return {**params, **_least(model)} if self.smallest_pages else params


@cache
def _least(model: Any) -> Mapping[str, int]:
    """The parameter that makes a page of an operation as small as it can be."""
    try:
        pages = botocore.session.get_session().get_paginator_model(model.service_model.service_name)
        limit = pages.get_paginator(model.name)["limit_key"]
    except (KeyError, ValueError, UnknownServiceError):
        return {}
    return {limit: model.input_shape.members[limit].metadata.get("min") or 1}


def offences(call: Sent) -> list[str]:
    """What in a call's parameters AWS's own model does not allow."""
    if call.model.input_shape is None:
        return []
    return [f"{call} {at}: {what}" for at, what in _walk(call.model.input_shape, call.params, "")]


def _walk(shape: Any, value: Any, at: str) -> Iterator[tuple[str, str]]:
    match shape.type_name:
        case "structure":
            yield from _structure(shape, value, at)
        case "list":
            yield from _bounds(shape, len(value), at)
            for number, inner in enumerate(value):
                yield from _walk(shape.member, inner, f"{at}[{number}]")
        case "map":
            yield from _bounds(shape, len(value), at)
            for key, inner in value.items():
                yield from _walk(shape.key, key, f"{at} key")
                yield from _walk(shape.value, inner, f"{at}.{key}")
        case "string":
            yield from _text(shape, value, at)
        case "integer" | "long" | "float" | "double":
            yield from _bounds(shape, value, at)


def _structure(shape: Any, value: Any, at: str) -> Iterator[tuple[str, str]]:
    if shape.metadata.get("union") and len(value) != 1:
        yield at, f"takes exactly one of {sorted(shape.members)}, got {sorted(value)}"
    for key, inner in value.items():
        yield from _walk(shape.members[key], inner, f"{at}.{key}")


def _text(shape: Any, value: str, at: str) -> Iterator[tuple[str, str]]:
    if shape.enum and value not in shape.enum:
        yield at, f"{value!r} is none of {shape.enum}"
    yield from _bounds(shape, len(value), at)
    pattern = _pattern(shape.metadata.get("pattern", ""))
    if pattern and not pattern.search(value):
        yield at, f"{value!r} does not match {pattern.pattern}"


def _bounds(shape: Any, size: float, at: str) -> Iterator[tuple[str, str]]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        yield at, f"{size} is outside {least} to {most}"


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """AWS's pattern in Python's dialect; none where Python cannot read it."""
    for java, python in _UNICODE_CLASSES.items():
        text = text.replace(java, python)
    try:
        return re.compile(f"^(?:{text})$", re.DOTALL) if text else None
    except re.error:
        return None
