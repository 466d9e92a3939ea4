"""What stands beside the network: the way a change comes in, and what keeps and watches it."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.plan.graph.canvas import Box, Canvas, fitted
from orchestrator.plan.graph.network import Area
from orchestrator.plan.graph.picture import Picture

SIDE, LINE, MOST_LINES = 236.0, 21.0, 9
_CHAIN = {"CodeCommit": "tells of a push", "EventBridge": "starts", "CodePipeline": "has images built"}


@dc.dataclass(frozen=True)
class Panel:
    """A heading and lines below it. ``link`` is what joins it to the services, and ``chain`` to the panel below."""

    title: str
    lines: tuple[str, ...]
    look: str
    link: str = ""
    chain: str = ""

    @property
    def height(self) -> float:
        """How much room it takes."""
        return 44 + LINE * len(self.shown) + (8 if self.lines else 0)

    @property
    def shown(self) -> tuple[str, ...]:
        """Its lines, and how many more there are than fit."""
        if len(self.lines) <= MOST_LINES:
            return self.lines
        return (*self.lines[: MOST_LINES - 1], f"and {len(self.lines) - MOST_LINES + 1} more")


def panels_of(seen: Picture) -> tuple[list[Panel], list[Panel]]:
    """Those on the left and those on the right."""
    stations = [Panel(what, (which,), "ship") for what, which in seen.delivery]
    left = [dc.replace(s, chain=_CHAIN.get(s.title, "")) for s in stations[:-1]] + [
        dc.replace(s, chain="pushes images") for s in stations[-1:]
    ]
    left = [dc.replace(s, link="deploys") if s.title == "CodePipeline" else s for s in left]
    if seen.repositories:
        left.append(Panel("Images", seen.repositories, "keep", link="run"))
    right = []
    if seen.log_groups:
        right.append(Panel("Logs", seen.log_groups, "keep", link="write"))
    if seen.alarms:
        right.append(Panel("Alarms", (f"{seen.alarms} on CPU and memory",), "keep"))
    if seen.roles:
        right.append(Panel("Roles", seen.roles, "card"))
    if seen.trail:
        right.append(Panel("CloudTrail", ("every API call, into a bucket",), "keep"))
    if seen.others:
        right.append(Panel("Also", tuple(f"{count} × {kind}" for kind, count in seen.others), "card"))
    return left, right


def draw_side(canvas: Canvas, panels: list[Panel], x: float, y: float, area: Area | None, *, inward: bool) -> float:
    """Draw panels below each other, joined to the network beside them; where the last one ends."""
    boxes = []
    for panel in panels:
        gap = 34.0 if panel.chain else 18.0
        boxes.append(Box(x, y, SIDE, panel.height))
        y += panel.height + gap
    for number, (panel, box) in enumerate(zip(panels, boxes, strict=True)):
        _panel(canvas, panel, box)
        if panel.chain and number + 1 < len(boxes):
            canvas.arrow((box.x + 28, box.bottom), (box.x + 28, boxes[number + 1].y))
            canvas.text(box.x + 40, box.bottom + 21, panel.chain, size=11.5, look="soft")
    if area is not None and area.services is not None:
        linked = [(p, b) for p, b in zip(panels, boxes, strict=True) if p.link]
        for number, (panel, box) in enumerate(linked):
            _link(canvas, panel, box, area.services, (number + 1) / (len(linked) + 1), inward=inward)
    return boxes[-1].bottom if boxes else y


def _panel(canvas: Canvas, panel: Panel, box: Box) -> None:
    canvas.rect(box, panel.look)
    canvas.text(box.x + 16, box.y + 27, panel.title, size=14, look="strong")
    for number, line in enumerate(panel.shown):
        look = "code soft" if "/" in line or "-" in line else "soft"
        y = box.y + 50 + LINE * number
        canvas.text(box.x + 16, y, fitted(line, 12, box.w - 32, code=look.startswith("code")), size=12, look=look)


def _link(canvas: Canvas, panel: Panel, box: Box, services: Box, share: float, *, inward: bool) -> None:
    """From a panel into the services, or out of them; each bends at a place of its own in the gutter."""
    at = box.middle if services.y + 24 < box.middle < services.bottom - 24 else services.y + services.h * share
    start = box.right if inward else services.right
    end = services.x if inward else box.x
    first, last = (box.middle, at) if inward else (at, box.middle)
    bend = box.right + 14 + 26 * (1 - share) if inward else box.x - 14 - 26 * (1 - share)
    corners = ((bend, first), (bend, last)) if first != last else ()
    canvas.arrow((start, first), *corners, (end, last), look="arrow faint")
    label_at = box.right + 4 if inward else box.x - 4
    above = last >= first if inward else first >= last  # where the line does not turn to
    y = box.middle - 6 if above else box.middle + 14
    canvas.text(label_at, y, panel.link, size=11, look="soft", anchor="start" if inward else "end")
