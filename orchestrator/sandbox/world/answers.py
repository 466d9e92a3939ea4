"""Operations that the world answers alone, where moto's answer is of no use or moto has none."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.sandbox.repairs.operations import Call, Reply, repair

Answer = Callable[[Call], Reply]


def answer(service: str, *operations: str) -> Callable[[Answer], Answer]:
    """Register a function as the whole answer to these operations."""

    def register(function: Answer) -> Answer:
        repair(service, *operations)(lambda call, _: function(call))
        return function

    return register
