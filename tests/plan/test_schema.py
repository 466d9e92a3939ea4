"""The JSON Schema for editors: it takes what is right, refuses what is mistyped, and knows every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from orchestrator.kinds.catalogue import KINDS
from orchestrator.plan.load.reader import read_file, read_text
from orchestrator.plan.schema import plan_schema
from tests.plan.conftest import SMALL

PLANS = Path(__file__).parents[2] / "plans"


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json(value: Any) -> Any:
    match value:
        case dict():
            return {key: as_json(item) for key, item in value.items()}
        case tuple():
            return [as_json(item) for item in value]
    return value


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.yaml")), ids=lambda p: p.name)
def test_every_plan_that_we_ship_fits(validator: Any, path: Path) -> None:
    validator.validate(as_json(read_file(path).plain()))


@pytest.mark.parametrize(
    "text",
    [
        "environments: {dev: {services: {cart: null}, defaults: {cpu: 512}}, prod: null}",
        "variables: {port: 80}\ndefaults: {port: '${var.port}', health: }",
        "resources: {bucket/media: {versioning: true, encryption: {key: '${role/x.arn}'}}}",
    ],
)
def test_what_defaults_environments_and_variables_leave_open_fits(validator: Any, text: str) -> None:
    validator.validate(as_json(read_text(f"{SMALL}{text}", "plan.yaml").plain()))


@pytest.mark.parametrize(
    "text",
    [
        "entri: {}",
        "defaults: {prot: 80}",
        "defaults: {port: 70000}",
        "environments: {dev: {name: other}}",
        "resources: {bukket/media: {}}",
        "resources: {bucket/media: {versionin: true}}",
    ],
)
def test_what_is_mistyped_does_not(validator: Any, text: str) -> None:
    assert not validator.is_valid(as_json(read_text(f"{SMALL}{text}", "plan.yaml").plain()))


def test_every_kind_is_in_it() -> None:
    assert set(plan_schema()["properties"]["resources"]["patternProperties"]) == {f"^{kind}/" for kind in KINDS}


def test_every_section_and_field_is_described() -> None:
    schema = plan_schema()
    sections = {"Plan": schema, **{n: d for n, d in schema["$defs"].items() if n != "Environment"}}
    nameless = [
        f"{section}.{name}"
        for section, definition in sections.items()
        for name, field in definition.get("properties", {}).items()
        if "description" not in field
    ]
    assert nameless == []
