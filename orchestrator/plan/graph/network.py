"""The network drawn: a band for each tier, a cell for each zone, and across the zones what runs in all of them."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.plan.graph.canvas import Box, Canvas, fitted, width
from orchestrator.plan.graph.picture import Picture, Service, Tier

PAD, STRIP, GAP = 24.0, 34.0, 18.0
CELL, CARD_W = 250.0, 226.0
LABELS, BALANCER, BUS = 30.0, 60.0, 18.0
MOST_COLUMNS = 3


@dc.dataclass(frozen=True)
class Area:
    """Where the network came to lie, for what points at it."""

    box: Box
    way_in: float
    """The x at which requests come in."""
    entry: float
    """The y at which they arrive."""
    services: Box | None
    """The band of the first tier with services."""


def network_size(seen: Picture) -> tuple[float, float]:
    """How wide the network is, and how wide a band of it inside."""
    columns = max((_columns(tier) for tier in seen.tiers), default=1)
    inside = max(len(seen.zones) * (CELL + 12) + 12, columns * (CARD_W + BUS) + BUS, 480.0)
    return inside + STRIP + 2 * PAD, inside


def draw_network(canvas: Canvas, seen: Picture, at: Box) -> Area:
    """Draw it with its upper left corner at a place."""
    _, inside = network_size(seen)
    tiers = sorted(seen.tiers, key=lambda t: (not t.balanced, not t.services))
    heights = [_height(tier) for tier in tiers]
    chips = _rows(seen.endpoints, inside + STRIP - 110)
    foot = 16.0 + len(chips) * 30 if chips else 0.0
    box = Box(at.x, at.y, at.w, 58 + sum(h + GAP for h in heights) + foot)
    canvas.rect(box, "net", 16)
    canvas.text(box.x + PAD, box.y + 34, "VPC", size=15, look="strong net-text")
    canvas.text(box.x + PAD + 38, box.y + 34, seen.vpc, size=13, look="code soft")
    way_in, entry, bands, y = box.centre, box.y, {}, box.y + 52.0
    for tier, height in zip(tiers, heights, strict=True):
        bands[tier.name] = Box(box.x + PAD, y, box.w - 2 * PAD, height)
        _band(canvas, tier, bands[tier.name], seen.zones)
        y += height + GAP
    top = next((t for t in tiers if t.balanced), None)
    if top is not None and seen.balancer:
        balancer = _balancer(canvas, seen, bands[top.name], above=bool(top.services))
        way_in, entry = _boundary(bands[top.name], len(seen.zones)), balancer.y
        for tier in tiers:
            _requests(canvas, tier, bands[tier.name], balancer)
    for tier in tiers:
        _services(canvas, tier, bands[tier.name])
    _endpoints(canvas, chips, box.x + PAD, y)
    return Area(box, way_in, entry, next((bands[t.name] for t in tiers if t.services), None))


def _columns(tier: Tier) -> int:
    return min(MOST_COLUMNS, len(tier.services))


def _card_height(tier: Tier) -> float:
    return 114.0 if any(service.needs for service in tier.services) else 98.0


def _height(tier: Tier) -> float:
    columns = _columns(tier)
    rows = -(-len(tier.services) // columns) if columns else 0
    content = (BALANCER + 14 if tier.balanced else 0) + rows * (_card_height(tier) + 14)
    return max(LABELS + 24 + content, width(tier.name, 13) + 24)


def _inner(band: Box) -> Box:
    return Box(band.x + STRIP, band.y, band.w - STRIP, band.h)


def _boundary(band: Box, zones: int) -> float:
    """Between the first two zones, where no label stands."""
    inner = _inner(band)
    return inner.x + inner.w / zones if zones > 1 else inner.right - 60


def _band(canvas: Canvas, tier: Tier, band: Box, zones: tuple[str, ...]) -> None:
    look = "open" if tier.reach == "to and from the internet" else "closed"
    canvas.rect(band, look, 12)
    canvas.upright(band.x + 22, band.middle, fitted(tier.name, 13, band.h - 12), size=13, look=f"strong {look}-text")
    inner = _inner(band)
    cell = (inner.w - 12) / max(1, len(zones))
    for number, zone in enumerate(zones):
        place = tier.places.get(zone)
        if place is None:
            continue
        box = Box(inner.x + number * cell, band.y + 10, cell - 8, band.h - 20)
        canvas.rect(box, "cell", 8)
        y = box.y + 20 if tier.balanced or not tier.services else box.bottom - 10
        canvas.text(box.x + 12, y, f"zone {zone}", size=12, look="strong")
        canvas.text(box.x + 62, y, place.cidr, size=11.5, look="code soft")
        if place.nat:
            wide = width("NAT gateway", 11.5) + 18
            canvas.chip(box.right - wide - 8, y - 15, "NAT gateway", "card")
    if tier.reach == "no way to the internet":
        canvas.text(band.right - 24, band.bottom - 18, tier.reach, size=11.5, look="soft", anchor="end")


def _balancer(canvas: Canvas, seen: Picture, band: Box, *, above: bool) -> Box:
    """``above``: there are services in the same tier, below it."""
    inner = _inner(band)
    y = band.y + LABELS + 6 if above else band.bottom - BALANCER - 18
    box = Box(inner.x + 8, y, inner.w - 28, BALANCER)
    canvas.rect(box, "entry", 10)
    canvas.text(box.x + 18, box.y + 26, "Application load balancer", size=14, look="strong")
    canvas.text(box.x + 18, box.y + 46, "what no rule takes is answered 404", size=12, look="soft")
    x = box.right - 14
    for listener in reversed(seen.balancer):
        x -= width(listener, 11.5) + 18
        canvas.chip(x, box.y + 19, listener, "card")
        x -= 8
    return box


def _cards(tier: Tier, band: Box) -> list[Box]:
    columns = _columns(tier)
    if not columns:
        return []
    inner = _inner(band)
    room = (inner.w - 20 - BUS) / columns
    top = band.y + 20 + (BALANCER + LABELS + 14 if tier.balanced else 0)
    high = _card_height(tier)
    return [
        Box(inner.x + 8 + BUS * 0.7 + (n % columns) * room, top + (n // columns) * (high + 14), room - BUS, high)
        for n in range(len(tier.services))
    ]


def _services(canvas: Canvas, tier: Tier, band: Box) -> None:
    for service, box in zip(tier.services, _cards(tier, band), strict=True):
        _card(canvas, service, box)


def _card(canvas: Canvas, service: Service, box: Box) -> None:
    canvas.rect(box, "card")
    room = box.w - 32
    canvas.text(box.x + 16, box.y + 26, fitted(service.name, 15, room - 54), size=15, look="strong")
    if service.port:
        canvas.text(box.right - 16, box.y + 26, f":{service.port}", size=12, look="code soft", anchor="end")
    routes = " ".join(service.routes) or service.host or "inside only"
    canvas.text(
        box.x + 16,
        box.y + 45,
        fitted(routes, 12, room, code=True),
        size=12,
        look="code entry-text" if service.routes else "soft",
    )
    canvas.text(box.x + 16, box.y + 66, fitted(service.count, 12.5, room), size=12.5)
    canvas.text(box.x + 16, box.y + 85, fitted(service.size, 12.5, room), size=12.5, look="soft")
    if service.needs:
        needs = f"needs {', '.join(service.needs)}"
        canvas.text(box.x + 16, box.y + 103, fitted(needs, 11, room), size=11, look="soft")


def _requests(canvas: Canvas, tier: Tier, band: Box, balancer: Box) -> None:
    """Straight down to the first row of services; beside the cards to those below it."""
    cards, columns = _cards(tier, band), _columns(tier)
    for number, (service, card) in enumerate(zip(tier.services, cards, strict=True)):
        if not service.routes:
            continue
        if number < columns:
            canvas.arrow((card.centre, balancer.bottom), (card.centre, card.y))
        else:
            x = card.x - BUS * 0.55
            canvas.arrow((x, balancer.bottom), (x, card.middle), (card.x, card.middle))


def _rows(words: tuple[str, ...], room: float) -> list[list[str]]:
    """Words in as many rows as they need."""
    rows: list[list[str]] = []
    left = 0.0
    for word in words:
        wide = width(word, 11.5, code=True) + 26
        if not rows or wide > left:
            rows.append([])
            left = room
        rows[-1].append(word)
        left -= wide
    return rows


def _endpoints(canvas: Canvas, rows: list[list[str]], x: float, y: float) -> None:
    if rows:
        canvas.text(x, y + 20, "Endpoints", size=12.5, look="strong net-text")
    for number, row in enumerate(rows):
        left = x + 92
        for word in row:
            left = canvas.chip(left, y + 4 + number * 30, word, "card", code=True).right + 8
