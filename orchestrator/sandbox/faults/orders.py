"""Faults as they are asked for from outside: read, held against what AWS has, and refused in words that help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import filter as matching
from functools import cache
from typing import Any

from orchestrator.core.errors import OrchestratorError
from orchestrator.sandbox.faults.rules import Fault, Rule

_EVERY = "*"
_MOST = 1e9


class UnknownFault(OrchestratorError):
    """What was asked for names a service, an operation or a kind of fault that there is not."""


def read_order(order: Mapping[str, Any]) -> Rule:
    """The rule that is asked for: a target ``SERVICE[:OPERATION]``, a kind, and what narrows it down."""
    service, _, operation = str(order.get("target") or "").partition(":")
    kind = _kind(str(order.get("kind") or ""))
    service = _service(service)
    rule = Rule(fault=kind, service=service, operation=_operation(service, operation or _EVERY))
    return replace(
        rule,
        count=None if order.get("count") is None else int(_number(order, "count", least=1)),
        skip=int(_number(order, "skip")),
        rate=_number(order, "rate", most=1, otherwise=1),
        seed=int(_number(order, "seed")),
        seconds=_number(order, "delay", otherwise=rule.seconds),
        each=bool(order.get("each")),
        code=str(order.get("code") or ""),
    )


def _kind(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        raise UnknownFault(f"there is no fault {name!r}; there are: {', '.join(Fault)}") from None


def _service(name: str) -> str:
    if name == _EVERY or matching(_services(), name):
        return name
    raise UnknownFault(f"AWS has no service {name!r}; {_nearest(name, _services())}; * stands for all")


def _operation(service: str, name: str) -> str:
    meant = matching(_services(), service)
    if name == _EVERY or len(meant) != 1:
        return name
    known = _operations(meant[0])
    if matching(known, name):
        return name
    raise UnknownFault(f"{service} has no operation {name!r}; {_nearest(name, known)}; * stands for any letters")


def _nearest(name: str, known: Iterable[str]) -> str:
    spelt = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), spelt, n=3, cutoff=0.0)
    return f"the nearest are {', '.join(spelt[each] for each in near)}"


def _number(
    order: Mapping[str, Any], name: str, *, least: float = 0, most: float = _MOST, otherwise: float = 0
) -> float:
    value = order.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        allowed = f"from {least:g} to {most:g}" if most < _MOST else f"of at least {least:g}"
        raise UnknownFault(f"{name} must be a number {allowed}, found {value!r}")
    return float(value)


@cache
def _services() -> tuple[str, ...]:
    from botocore.session import get_session

    return tuple(get_session().get_available_services())


@cache
def _operations(service: str) -> tuple[str, ...]:
    from moto.core.utils import get_service_model

    return tuple(get_service_model(service).operation_names)
