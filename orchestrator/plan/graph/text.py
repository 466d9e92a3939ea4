"""The picture as text for other programs to draw: Mermaid and Graphviz."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from orchestrator.plan.compile import Compiled
from orchestrator.plan.graph.picture import Picture, Service, Tier, picture

_MERMAID_LOOKS = (
    "classDef entry fill:#fff4e5,stroke:#d9822b,color:#1d2433",
    "classDef service fill:#eef3fd,stroke:#4a78d0,color:#1d2433",
    "classDef network fill:#f6f3ff,stroke:#7c5cd6,color:#1d2433",
    "classDef delivery fill:#fdf0f7,stroke:#c2418e,color:#1d2433",
    "classDef store fill:#eaf6ef,stroke:#3e9b6a,color:#1d2433",
)


def mermaid(compiled: Compiled) -> str:
    """A flowchart that GitHub and most wikis draw."""
    seen = picture(compiled)
    lines = ["flowchart TB", *_indent(_mermaid_network(seen)), *_indent(_mermaid_around(seen))]
    lines += [
        f"  {start} {'-.->' if label else '-->'}{f'|{label}|' if label else ''} {end}"
        for start, end, label in _arrows(seen)
    ]
    return "\n".join([*lines, *(f"  {look}" for look in _MERMAID_LOOKS)]) + "\n"


def _mermaid_network(seen: Picture) -> Iterator[str]:
    if seen.internet:
        yield 'internet(("Internet"))'
    if not seen.vpc:
        return
    yield f'subgraph vpc["VPC {seen.vpc}"]'
    for tier in seen.tiers:
        yield f'  subgraph {_id("tier", tier.name)}["{tier.name}: {tier.reach}"]'
        for zone, place in tier.places.items():
            nat = "<br/>NAT gateway" if place.nat else ""
            yield f'    {_id("subnet", place.name)}["zone {zone}<br/>{place.cidr}{nat}"]:::network'
        if tier.balanced and seen.balancer:
            yield f'    alb["Load balancer<br/>{", ".join(seen.balancer)}"]:::entry'
        yield from (f'    {_id("service", s.name)}["{"<br/>".join(_about(s))}"]:::service' for s in tier.services)
        yield "  end"
    if seen.endpoints:
        yield f'  endpoints["Endpoints<br/>{", ".join(seen.endpoints)}"]:::network'
    yield "end"


def _mermaid_around(seen: Picture) -> Iterator[str]:
    for number, (station, name) in enumerate(seen.delivery):
        yield f'station{number}["{station}<br/>{name}"]:::delivery'
    if seen.repositories:
        yield f'images[("Repositories<br/>{"<br/>".join(seen.repositories)}")]:::store'
    if seen.log_groups:
        yield f'logs[("Logs, {seen.alarms} alarms<br/>{"<br/>".join(seen.log_groups)}")]:::store'


def dot(compiled: Compiled) -> str:
    """A graph for Graphviz."""
    seen = picture(compiled)
    lines = [
        f'digraph "{seen.stack}" {{',
        "  compound=true; rankdir=TB; fontname=Helvetica;",
        "  node [shape=box, style=rounded, fontname=Helvetica]; edge [fontname=Helvetica];",
        *_indent(_dot_network(seen)),
        *_indent(_dot_around(seen)),
    ]
    lines += [f"  {_dot_arrow(seen, *arrow)};" for arrow in _arrows(seen)]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_arrow(seen: Picture, start: str, end: str, label: str) -> str:
    """Graphviz joins nodes only: an arrow to a tier goes to its first service, and is cut at the tier's edge."""
    first = {_id("tier", t.name): _id("service", t.services[0].name) for t in seen.tiers if t.services}
    about = [f"label={_quoted(label)}", "style=dashed"] if label else []
    about += [f"lhead=cluster_{end}"] if end in first else []
    about += [f"ltail=cluster_{start}"] if start in first else []
    joined = f"{first.get(start, start)} -> {first.get(end, end)}"
    return f"{joined} [{', '.join(about)}]" if about else joined


def _dot_network(seen: Picture) -> Iterator[str]:
    if seen.internet:
        yield "internet [label=Internet, shape=ellipse];"
    if not seen.vpc:
        return
    yield f"subgraph cluster_vpc {{ label={_quoted(f'VPC {seen.vpc}')};"
    for tier in seen.tiers:
        yield f"  subgraph cluster_{_id('tier', tier.name)} {{ label={_quoted(f'{tier.name}: {tier.reach}')};"
        yield from (f"    {line}" for line in _dot_tier(seen, tier))
        yield "  }"
    if seen.endpoints:
        yield f"  endpoints [label={_quoted('Endpoints', *seen.endpoints)}];"
    yield "}"


def _dot_tier(seen: Picture, tier: Tier) -> Iterator[str]:
    for zone, place in tier.places.items():
        nat = ("NAT gateway",) if place.nat else ()
        yield f"{_id('subnet', place.name)} [label={_quoted(f'zone {zone}', place.cidr, *nat)}];"
    if tier.balanced and seen.balancer:
        yield f"alb [label={_quoted('Load balancer', ', '.join(seen.balancer))}];"
    for service in tier.services:
        yield f"{_id('service', service.name)} [label={_quoted(*_about(service))}];"


def _dot_around(seen: Picture) -> Iterator[str]:
    for number, (station, name) in enumerate(seen.delivery):
        yield f"station{number} [label={_quoted(station, name)}];"
    if seen.repositories:
        yield f"images [shape=cylinder, label={_quoted('Repositories', *seen.repositories)}];"
    if seen.log_groups:
        yield f"logs [shape=cylinder, label={_quoted(f'Logs, {seen.alarms} alarms', *seen.log_groups)}];"


def _arrows(seen: Picture) -> Iterator[tuple[str, str, str]]:
    """From, to, and a label; one with a label is about delivery and operation, one without about requests."""
    services = [s for tier in seen.tiers for s in tier.services]
    if seen.internet and seen.balancer:
        yield "internet", "alb", ""
    for service in services:
        if seen.balancer and service.routes:
            yield "alb", _id("service", service.name), ""
        yield from ((_id("service", service.name), _id("service", need), "needs") for need in service.needs)
    for number in range(1, len(seen.delivery)):
        yield f"station{number - 1}", f"station{number}", "starts"
    if seen.delivery and seen.repositories:
        yield f"station{len(seen.delivery) - 1}", "images", "pushes"
    for tier in seen.tiers:
        if tier.services and seen.repositories:
            yield "images", _id("tier", tier.name), "run"
        if tier.services and seen.log_groups:
            yield _id("tier", tier.name), "logs", "write"


def _about(service: Service) -> tuple[str, ...]:
    port = f":{service.port}" if service.port else ""
    found = service.routes or ((service.host,) if service.host else ())
    return (f"{service.name}{port}", *found, service.count, service.size)


def _id(what: str, name: str) -> str:
    return f"{what}_{re.sub(r'[^a-z0-9]', '_', name)}"


def _quoted(*lines: str) -> str:
    text = "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return f'"{text}"'


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
