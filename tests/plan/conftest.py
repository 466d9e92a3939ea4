"""A small plan to break, one line at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.core.errors import PlanError
from orchestrator.plan.load.loader import LoadedPlan, load_plan

SMALL = """\
name: shop
region: eu-west-1
network:
  subnets:
    public: {a: 10.0.0.0/24, b: 10.0.1.0/24}
    private: {a: 10.0.2.0/24, b: 10.0.3.0/24}
entry: {}
services:
  cart:
    port: 8080
    paths: [/cart*]
"""

Load = Callable[..., LoadedPlan]
Refusal = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a text as a plan file."""

    def from_text(text: str, environment: str | None = None, **variables: str) -> LoadedPlan:
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return load_plan(path, environment, variables)

    return from_text


@pytest.fixture
def refusal(load: Load, tmp_path: Path) -> Refusal:
    """What a text is refused with: one line a fault, without the directory of the file."""

    def of(text: str, environment: str | None = None, **variables: str) -> list[str]:
        with pytest.raises(PlanError) as caught:
            load(text, environment, **variables)
        return caught.value.message.replace(f"{tmp_path}/", "").splitlines()

    return of
