"""Just enough SVG: boxes, text that fits, arrows with corners, and colours for light and dark."""

from __future__ import annotations

import dataclasses as dc
from html import escape

_LIGHT = {
    "page": "#fafbfd", "ink": "#1b2333", "soft": "#5f6b83", "edge": "#b9c2d3", "card": "#ffffff",
    "net": "#6f5bd0", "net-fill": "#f6f4fe", "open": "#2f9366", "open-fill": "#e9f6ef",
    "closed": "#4674cf", "closed-fill": "#ebf1fd", "entry": "#b8650f", "entry-fill": "#fff3e2",
    "ship": "#b83a85", "ship-fill": "#fdeff7", "keep": "#1f8593", "keep-fill": "#e6f5f7",
}  # fmt: skip
_DARK = {
    "page": "#10141d", "ink": "#e7ecf6", "soft": "#9aa6bd", "edge": "#47536a", "card": "#1b2230",
    "net": "#a594ff", "net-fill": "#181729", "open": "#58c795", "open-fill": "#12271f",
    "closed": "#7fa7f5", "closed-fill": "#14203a", "entry": "#f0a95a", "entry-fill": "#2f2214",
    "ship": "#ec86c0", "ship-fill": "#2d1726", "keep": "#5fc3d1", "keep-fill": "#11272b",
}  # fmt: skip
_FILLED = ("net", "open", "closed", "entry", "ship", "keep")
_SANS = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
_MONO = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'


def _style() -> str:
    def colours(palette: dict[str, str]) -> str:
        return "svg { " + " ".join(f"--{name}: {value};" for name, value in palette.items()) + " }"

    looks = [
        f".{n} {{ fill: var(--{n}-fill); stroke: var(--{n}); }} .{n}-text {{ fill: var(--{n}); }}" for n in _FILLED
    ]
    return "\n".join(
        [
            colours(_LIGHT),
            f"@media (prefers-color-scheme: dark) {{ {colours(_DARK)} }}",
            f"text {{ font-family: {_SANS}; fill: var(--ink); }} .code {{ font-family: {_MONO}; }}",
            ".page { fill: var(--page); } .soft { fill: var(--soft); } .strong { font-weight: 600; }",
            ".card { fill: var(--card); stroke: var(--edge); }",
            ".cell { fill: none; stroke: var(--edge); stroke-dasharray: 4 4; }",
            ".arrow { fill: none; stroke: var(--soft); stroke-width: 1.6; marker-end: url(#tip); }",
            ".faint { stroke-dasharray: 5 4; } .tip { fill: var(--soft); }",
            *looks,
        ]
    )


_WIDE, _NARROW = "MWmw@%", "iljtfrI.,:;|!'() "


@dc.dataclass(frozen=True)
class Box:
    """A rectangle, by its upper left corner."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.h

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.h / 2

    @property
    def centre(self) -> float:
        """Half way across."""
        return self.x + self.w / 2


def width(text: str, size: float, *, code: bool = False) -> float:
    """About how wide a text is: fonts differ, so on the safe side."""
    if code:
        return len(text) * size * 0.62
    return sum(0.92 if c in _WIDE else 0.36 if c in _NARROW else 0.6 for c in text) * size


def fitted(text: str, size: float, room: float, *, code: bool = False) -> str:
    """As much of a text as there is room for."""
    if width(text, size, code=code) <= room:
        return text
    while text and width(f"{text}…", size, code=code) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


class Canvas:
    """Collects shapes; later ones lie upon earlier ones."""

    def __init__(self) -> None:
        self._shapes: list[str] = []

    def rect(self, box: Box, look: str, radius: float = 10) -> None:
        """A rectangle with round corners."""
        size = f'x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}"'
        self._shapes.append(f'<rect {size} rx="{radius:g}" class="{look}"/>')

    def text(self, x: float, y: float, text: str, *, size: float = 13, look: str = "", anchor: str = "start") -> None:
        """One line of text; ``y`` is its base line."""
        about = f'x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}"'
        self._shapes.append(f'<text {about} class="{look}">{escape(text)}</text>')

    def upright(self, x: float, y: float, text: str, *, size: float = 13, look: str = "") -> None:
        """A text turned to run upwards, centred on a point."""
        about = f'transform="translate({x:g} {y:g}) rotate(-90)" font-size="{size:g}" text-anchor="middle"'
        self._shapes.append(f'<text {about} class="{look}">{escape(text)}</text>')

    def chip(self, x: float, y: float, text: str, look: str, *, code: bool = False, size: float = 11.5) -> Box:
        """A small label in a pill, as wide as its text."""
        box = Box(x, y, width(text, size, code=code) + 18, 22)
        self.rect(box, look, 11)
        self.text(box.centre, box.middle + 4, text, size=size, look="code" if code else "", anchor="middle")
        return box

    def arrow(self, *points: tuple[float, float], look: str = "arrow") -> None:
        """A line through points, with a tip at its end."""
        path = " ".join(f"{'M' if n == 0 else 'L'}{x:g} {y:g}" for n, (x, y) in enumerate(points))
        self._shapes.append(f'<path d="{path}" class="{look}"/>')

    def drawn(self, w: float, h: float, title: str) -> str:
        """The whole as a document."""
        tip = (
            '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0.5 L7.5 4 L0 7.5 Z" class="tip"/></marker>'
        )
        size = f'viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        page = f'<rect width="{w:g}" height="{h:g}" class="page"/>'
        about = f"<title>{escape(title)}</title><style>{_style()}</style><defs>{tip}</defs>"
        return "\n".join([head, about, page, *self._shapes, "</svg>"]) + "\n"
