"""From a plan to resources that refer to each other: pure, and the same for the same plan and context."""

from __future__ import annotations

from orchestrator.plan.compile.context import ColourName, Context
from orchestrator.plan.compile.plan import Compiled, compile_plan
from orchestrator.plan.compile.services import Colour, ServicePlan

__all__ = ["Colour", "ColourName", "Compiled", "Context", "ServicePlan", "compile_plan"]
