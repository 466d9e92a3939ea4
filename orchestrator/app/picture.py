"""A picture of the system as planned. Needs no AWS: the account is the plan's, or twelve zeros."""

from __future__ import annotations

from orchestrator.plan import graph
from orchestrator.plan.compile import Context, compile_plan
from orchestrator.plan.load.loader import LoadedPlan


def draw(loaded: LoadedPlan, form: str) -> str:
    """The system as ``mermaid``, ``dot`` or ``svg``."""
    model = loaded.model
    context = Context(stack=loaded.stack, account=model.account or "0" * 12, region=model.region)
    drawing = {"mermaid": graph.mermaid, "dot": graph.dot, "svg": graph.svg}[form]
    return drawing(compile_plan(model, context))
