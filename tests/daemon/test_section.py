"""The plan's ``daemon`` section: its defaults, and what it says of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.errors import PlanError
from orchestrator.plan.load.loader import load_plan
from orchestrator.plan.schema import plan_schema

SHOP = "name: shop\nregion: eu-west-1\n"


def _daemon(tmp_path: Path, text: str, environment: str | None = None) -> tuple[str, int]:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP + text)
    found = load_plan(path, environment).model.daemon
    return found.mode, found.interval


def test_nothing_said_is_to_observe_every_five_minutes(tmp_path: Path) -> None:
    assert _daemon(tmp_path, "") == ("observe", 300)


def test_off_is_a_mode_and_no_flag(tmp_path: Path) -> None:
    assert _daemon(tmp_path, "daemon: {mode: off}\n") == ("off", 300)


def test_an_environment_changes_what_it_says_and_keeps_the_rest(tmp_path: Path) -> None:
    text = "daemon: {mode: enforce, interval: 60}\nenvironments:\n  dev:\n  prod: {daemon: {mode: observe}}\n"
    assert _daemon(tmp_path, text, "dev") == ("enforce", 60)
    assert _daemon(tmp_path, text, "prod") == ("observe", 60)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "daemon: {mode: enforced}\n",
            "3:16: daemon.mode: found 'enforced', allowed: one of observe, enforce, off, did you mean enforce?",
        ),
        ("daemon: on\n", "3:9: daemon: found 'on', allowed: a mapping of mode, interval"),
        ("daemon: {interval: 5}\n", "3:20: daemon.interval: found 5, allowed: a whole number from 30 to 86400"),
        ("daemon: {every: 60}\n", "3:10: daemon.every: unknown key, allowed: mode, interval"),
    ],
)
def test_a_mistake_is_told_at_its_place_with_what_is_allowed(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PlanError) as caught:
        _daemon(tmp_path, text)
    assert caught.value.message.endswith(told)


def test_editors_are_told_of_it() -> None:
    section = plan_schema()["$defs"]["Daemon"]
    assert set(section["properties"]) == {"mode", "interval"}
