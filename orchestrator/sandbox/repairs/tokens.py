"""Client tokens: a repeated request gets the answer of the first, so a lost reply costs nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from typing import Any

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair

_TOKENS = "_client_tokens"


def idempotent(
    service: str, operation: str, *, backend: Callable[[Call], Any], lives: Callable[[Call, Reply], bool]
) -> None:
    """Honour ``ClientToken`` of a create that moto repeats; ``lives`` tells whether what it made is still there.

    How long AWS answers with something deleted since is not documented: here the token is free again at once.
    """

    @repair(service, operation)
    def replay(call: Call, proceed: Proceed) -> Reply:
        token = call.params.get("ClientToken")
        if not token:
            return proceed()
        answered: dict[tuple[str, str], tuple[Any, Reply]] = vars(backend(call)).setdefault(_TOKENS, {})
        asked = copy.deepcopy(call.params)
        params, reply = answered.get((operation, token), (None, None))
        if reply is None or not lives(call, reply):
            reply = proceed()
            answered[operation, token] = asked, copy.deepcopy(reply)
            return reply
        if params != asked:
            message = f"The request with client token {token} differs from an earlier one in its parameters."
            raise AwsError("IdempotentParameterMismatch", message)
        return copy.deepcopy(reply)


def alive(model: Any, gone: Collection[str] = ("deleting", "deleted", "failed")) -> bool:
    """Whether a moto model exists in a state that is not on its way out."""
    return model is not None and getattr(model, "state", "available") not in gone
