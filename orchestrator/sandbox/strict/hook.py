"""The one place where every call passes: parse it, ask the rules, answer a refusal in the protocol of the caller.

Moto calls ``BaseResponse.call_action`` for each request of each service, except S3, which has two entries of its own.
At those points account, region and raw request are known and no model has been touched yet. What cannot be parsed is
not ours to judge and goes through untouched. Moto is imported when the layer is installed and in ``wire.py``: the
list of rules is printed without it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from orchestrator.core.clock import SystemClock
from orchestrator.sandbox.strict import constraints
from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.lingering import Lingering
from orchestrator.sandbox.strict.quotas import reset_quotas
from orchestrator.sandbox.strict.registry import MODEL, Refusal, Rule, enabled, notes_for, rules_for

log = logging.getLogger(__name__)

_MARK = "_strict_original"


class Layer:
    """The state of the installed layer: whose time it uses, what lingers, and which rules broke."""

    def __init__(self) -> None:
        self.active = False
        self.now: Callable[[], float] = SystemClock().now
        self.lingering = Lingering()
        self.broken: list[str] = []

    def judge(self, response: Any, operation: str, uri: dict[str, Any]) -> None:
        """Raise the refusal of the first rule that refuses this call; tell the notes when none does."""
        service = response.boto3_service_name
        asked, notes, checked = _plan(service, operation)
        if not asked and not notes and not checked:
            return
        from orchestrator.sandbox.strict.wire import parse

        params = parse(response, service, operation, uri)
        if params is None:
            return
        if enabled(MODEL):
            constraints.enforce(service, operation, params)
        call = Call(
            service=service,
            operation=operation,
            params=params,
            account=response.current_account,
            region=response.region,
            access_key=response.access_key,
            now=self.now(),
            lingering=self.lingering,
        )
        for rule in asked:
            if enabled(rule.id):
                self._enforce(rule, call)
        for take in notes:
            take(call)

    def _enforce(self, rule: Rule, call: Call) -> None:
        try:
            rule.enforce(call)
        except Refusal:
            raise
        except Exception:
            # A rule that trips over an unforeseen model must not cost the caller a legal call; tests see ``broken``.
            log.exception("strict rule %s broke on %s.%s", rule.id, call.service, call.operation)
            self.broken.append(rule.id)


layer = Layer()


def install(now: Callable[[], float] | None = None) -> None:
    """Put the strict layer in front of moto, in this process. ``now`` is the time that lingering things use."""
    if now is not None:
        layer.now = now
    from moto.core.responses import BaseResponse
    from moto.s3.responses import S3Response

    layer.active = True
    warnings.filterwarnings("ignore", message=r"Exception\(Refused\)")  # some of AWS's codes are in no service model
    for owner, name, wrap in (
        (BaseResponse, "call_action", _guard_action),
        (S3Response, "_bucket_response", _guard_s3),
        (S3Response, "_key_response", _guard_s3),
    ):
        original = getattr(owner, name)
        if not hasattr(original, _MARK):
            guarded = wrap(original)
            setattr(guarded, _MARK, original)
            setattr(owner, name, guarded)


def uninstall() -> None:
    """Let every call through again; a sandbox without the strict layer may follow one with it in the same process."""
    layer.active = False


def reset() -> None:
    """Forget what lingers and which quotas were raised, as when the account is emptied."""
    layer.lingering.forget()
    reset_quotas()
    layer.broken.clear()


def _guard_action(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from orchestrator.sandbox.strict.wire import answer

    @wraps(original)
    def call_action(response: Any) -> Any:
        operation = response._get_action()
        try:
            if operation and layer.active:
                layer.judge(response, operation, response.uri_match)
        except Refusal as refusal:
            return answer(response, refusal)
        return original(response)

    return call_action


def _guard_s3(original: Callable[[Any, Any, str], Any]) -> Callable[[Any, Any, str], Any]:
    from moto.core.routing import get_service_router

    from orchestrator.sandbox.strict.wire import answer

    @wraps(original)
    def respond(response: Any, request: Any, full_url: str) -> Any:
        if not layer.active:
            return original(response, request, full_url)
        try:
            operation, uri = get_service_router("s3").match(response.normalized_request)
        except Exception:
            return original(response, request, full_url)
        response._get_action = lambda: operation.name
        try:
            layer.judge(response, operation.name, uri)
        except Refusal as refusal:
            return answer(response, refusal)
        del response._get_action
        return original(response, request, full_url)

    return respond


@cache
def _plan(service: str, operation: str) -> tuple[tuple[Rule, ...], tuple[Any, ...], bool]:
    """What there is to do for an operation; nothing for one that the service's model does not know."""
    from orchestrator.sandbox.strict.wire import operations_of

    if operation not in operations_of(service):
        return (), (), False
    asked = rules_for(service, operation)
    return asked, notes_for(service, operation), constraints.constraint_of(service, operation) is not None
