"""Pictures of a system as planned: for a README (Mermaid), for Graphviz (DOT), and to look at (SVG)."""

from __future__ import annotations

from orchestrator.plan.graph.svg import svg
from orchestrator.plan.graph.text import dot, mermaid

__all__ = ["dot", "mermaid", "svg"]
