"""The page about plan files says what is true: its examples load, and it names every section."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from orchestrator.plan.model.gates import Gate
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.model.strategy import StrategyType
from tests.plan.conftest import SMALL, Load, Refusal

PAGE = (Path(__file__).parents[2] / "docs" / "plan-file.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
WHOLE, NETWORK, RELEASES, ENVIRONMENTS, NOTIFICATIONS, RESOURCES = BLOCKS


def test_the_first_example_is_a_whole_plan(load: Load) -> None:
    assert load(WHOLE).model.services["cart"].paths == ("/cart*",)


def test_the_example_of_a_network_loads(load: Load) -> None:
    indented = "".join(f"  {line}\n" for line in NETWORK.splitlines())
    network = load(f"name: shop\nregion: eu-west-1\nnetwork:\n{indented}").model.network
    assert network is not None and network.subnets["database"].internet == "none"


def test_the_example_of_a_release_loads_and_knows_every_gate_in_its_table(load: Load) -> None:
    indented = "".join(f"    {line}\n" for line in RELEASES.splitlines())
    strategy = load(SMALL + indented).model.services["cart"].strategy
    assert (strategy.type, [step.weight for step in strategy.steps]) == ("canary", [10, 50])
    told = PAGE.partition("| gate |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)`", told, re.MULTILINE) == list(Gate.model_fields)


def test_the_types_of_strategy_on_it_are_those_that_there_are() -> None:
    told = PAGE.partition("| type |")[2].partition("\n\n")[0]
    assert tuple(re.findall(r"^\| `([\w-]+)`", told, re.MULTILINE)) == get_args(StrategyType)


def test_the_example_of_environments_loads(load: Load) -> None:
    text = SMALL.replace("services:", "services:\n  debugger: {}") + ENVIRONMENTS
    prod, dev = load(text, "prod").model, load(text, "dev", tag="7").model
    assert (list(prod.services), prod.services["cart"].cpu, prod.services["cart"].image) == (["cart"], 1024, "latest")
    assert (dev.services["debugger"].capacity, dev.services["cart"].image) == ("FARGATE_SPOT", "7")


def test_the_example_of_notifications_loads(load: Load) -> None:
    assert list(load(f"{SMALL}{NOTIFICATIONS}").model.notifications.channels) == ["team", "ops"]


def test_the_example_of_resources_loads(load: Load) -> None:
    assert set(load(f"name: shop\nregion: eu-west-1\n{RESOURCES}").model.resources) == {"bucket/media", "role/reports"}


def test_every_section_is_named_on_it() -> None:
    table = PAGE.partition("| section |")[2].partition("\n\n")[0]
    sections = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(sections))) == set(Plan.model_fields)


def test_its_error_messages_are_those_that_are_printed(refusal: Refusal) -> None:
    told = refusal(SMALL.replace("port: 8080", "port: 70000").replace("paths:", "pathes:"))
    shown = [line.partition(": ")[2] for line in PAGE.splitlines() if line.startswith("plans/shop.yaml:")]
    assert [line.partition(": ")[2] for line in told] == shown
