"""Pictures of a system: everything that a person looks for is in them, nothing lies upon anything else."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orchestrator.plan.compile import Compiled, Context, compile_plan
from orchestrator.plan.graph import dot, mermaid, svg
from orchestrator.plan.load.loader import load_plan
from tests.plan.conftest import SMALL, Load

FORUM = Path(__file__).parents[2] / "plans" / "forum.yaml"
MANY = SMALL + "".join(f"  worker-{n}: {{port: {9000 + n}, needs: [cart]}}\n" for n in range(11))
THREE = MANY.replace("b: 10.0.1.0/24", "b: 10.0.1.0/24, c: 10.0.4.0/24").replace(
    "private:", "database: {internet: none, zones: {a: 10.0.9.0/24}}\n    private:"
)
PUBLIC = """\
name: shop
region: eu-west-1
network: {subnets: {public: {a: 10.0.0.0/24, b: 10.0.1.0/24}}}
entry: {subnets: public}
defaults: {port: 3000, subnets: public, public_ip: true}
services:
  posts: {paths: [/api/posts*]}
  users: {paths: [/api/users*]}
"""
SHAPES = {"rect": ("x", "y", "width", "height")}


def system(load: Load | None, text: str = "") -> Compiled:
    loaded = load(text) if load else load_plan(FORUM)
    return compile_plan(loaded.model, Context(stack=loaded.stack, account="123456789012", region=loaded.model.region))


@pytest.fixture(scope="module")
def forum() -> Compiled:
    return system(None)


@pytest.mark.parametrize("draw", [svg, mermaid, dot])
@pytest.mark.parametrize(
    "sought",
    ["forum", "10.0.0.0/16", "10.0.100.0/24", "/api/posts*", "threads", "2–10 tasks", "0.25 vCPU · 512 MB",
     "NAT gateway", "ecr.dkr", "CodePipeline", "forum/users", "/forum/users"],
)  # fmt: skip
def test_what_a_person_looks_for_is_there(draw: object, sought: str, forum: Compiled) -> None:
    assert sought in draw(forum)  # type: ignore[operator]


@pytest.mark.parametrize("draw", [svg, mermaid, dot])
def test_a_service_inside_is_shown_with_the_name_it_is_found_by(draw: object, load: Load) -> None:
    text = SMALL.replace("network:", "network:\n  namespace: shop.local") + "  stock: {port: 9000}\n"
    drawing = draw(system(load, text))  # type: ignore[operator]
    assert "stock.shop.local" in drawing
    assert "discovery-service" not in drawing


def boxes(drawing: str, look: str) -> list[tuple[float, float, float, float]]:
    root = ElementTree.fromstring(drawing)
    found = [e for e in root.iter() if e.tag.endswith("rect") and e.get("class") == look and e.get("x")]
    return [tuple(float(e.get(k, "0")) for k in SHAPES["rect"]) for e in found]  # type: ignore[misc]


@pytest.mark.parametrize("text", ["", SMALL, MANY, THREE], ids=["forum", "small", "many", "three zones"])
@pytest.mark.parametrize("look", ["card", "keep", "ship", "entry"])
def test_no_box_lies_upon_another(load: Load, text: str, look: str) -> None:
    found = boxes(svg(system(load if text else None, text)), look)
    for (x, y, w, h), (u, v, s, t) in combinations(found, 2):
        apart = x + w <= u or u + s <= x or y + h <= v or v + t <= y
        inside = u >= x and v >= y and u + s <= x + w and v + t <= y + h  # a listener in the load balancer
        assert apart or inside


def test_services_beside_their_load_balancer_stand_below_it(load: Load) -> None:
    drawing = svg(system(load, PUBLIC))
    ((_, top, _, high),) = boxes(drawing, "entry")
    services = [box for box in boxes(drawing, "card") if box[3] == 98]
    assert len(services) == 2 and all(y > top + high for _, y, _, _ in services)


@pytest.mark.parametrize(
    "text", ["", SMALL, MANY, THREE, PUBLIC], ids=["forum", "small", "many", "three zones", "public"]
)
def test_everything_lies_on_the_page(load: Load, text: str) -> None:
    drawing = svg(system(load if text else None, text))
    root = ElementTree.fromstring(drawing)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for look in ("card", "keep", "ship", "entry", "net", "open", "closed"):
        assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes(drawing, look))


def test_a_drawing_has_colours_for_light_and_dark_pages(forum: Compiled) -> None:
    drawing = svg(forum)
    light, _, dark = drawing.partition("@media (prefers-color-scheme: dark)")
    names = set(re.findall(r"var\((--[a-z-]+)\)", drawing))
    assert names
    assert all(f"{name}:" in light and f"{name}:" in dark for name in names)


def test_a_drawing_needs_nothing_from_elsewhere(forum: Compiled) -> None:
    assert set(re.findall(r"https?://[^\s\"'<]+", svg(forum))) == {"http://www.w3.org/2000/svg"}


def test_every_arrow_of_the_text_forms_joins_what_they_declare(load: Load) -> None:
    found = system(load, THREE)
    declared = set(re.findall(r"^\s*(?:subgraph )?([a-z][a-z0-9_]*)(?=[\[({])", mermaid(found), re.MULTILINE))
    joined = set(re.findall(r"^\s+(\w+) -\.?->(?:\|[a-z ]+\|)? (\w+)$", mermaid(found), re.MULTILINE))
    assert joined
    assert {end for pair in joined for end in pair} <= declared


def test_a_system_without_network_is_drawn_too(load: Load) -> None:
    bare = system(load, "name: shop\nregion: eu-west-1\nresources: {bucket/media: {}}\n")
    assert "1 × bucket" in svg(bare)
    assert mermaid(bare).startswith("flowchart TB\n")
    assert dot(bare).startswith('digraph "shop" {\n')
