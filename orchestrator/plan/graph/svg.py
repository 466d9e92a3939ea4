"""The picture drawn: what ships it on the left, the network in the middle, what watches it on the right.

Requests run downwards and cross nothing: labels stand above the load balancer and below the services.
"""

from __future__ import annotations

from orchestrator.plan.compile import Compiled
from orchestrator.plan.graph.canvas import Box, Canvas, width
from orchestrator.plan.graph.network import draw_network, network_size
from orchestrator.plan.graph.panels import SIDE, draw_side, panels_of
from orchestrator.plan.graph.picture import Picture, picture

MARGIN, GUTTER, TOP = 36.0, 56.0, 148.0


def svg(compiled: Compiled) -> str:
    """A drawing for light and dark pages."""
    seen = picture(compiled)
    left, right = panels_of(seen)
    wide, _ = network_size(seen)
    beside = SIDE + GUTTER if left else 0.0
    canvas = Canvas()
    area = draw_network(canvas, seen, Box(MARGIN + beside, TOP, wide, 0)) if seen.vpc else None
    centre = area.box.right if area else MARGIN + beside
    heights = [area.box.bottom if area else TOP]
    heights.append(draw_side(canvas, left, MARGIN, TOP, area, inward=True))
    heights.append(draw_side(canvas, right, centre + GUTTER, TOP, area, inward=False))
    total = centre + (GUTTER + SIDE if right else 0.0) + MARGIN
    _header(canvas, seen)
    if area and seen.internet:
        _internet(canvas, area.way_in, area.entry, TOP)
    return canvas.drawn(total, max(heights) + MARGIN, f"{seen.stack} in {seen.region}")


def _header(canvas: Canvas, seen: Picture) -> None:
    services = sum(len(tier.services) for tier in seen.tiers)
    canvas.text(MARGIN, 58, seen.stack, size=30, look="strong")
    parts = [
        seen.region,
        _count(services, "service"),
        _count(len(seen.zones), "zone"),
        _count(seen.resources, "resource"),
    ]
    canvas.text(MARGIN, 82, " · ".join(p for p in parts if p), size=14, look="soft")


def _internet(canvas: Canvas, x: float, end: float, top: float) -> None:
    label = "Internet"
    half = width(label, 14) / 2 + 22
    pill = Box(x - half, 40, 2 * half, 36)
    canvas.rect(pill, "card", 18)
    canvas.text(x, pill.middle + 5, label, size=14, look="strong", anchor="middle")
    canvas.arrow((x, pill.bottom), (x, end))
    gate = "Internet gateway"
    wide = width(gate, 11.5) + 18
    canvas.chip(x - wide / 2, top - 11, gate, "net")


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""
