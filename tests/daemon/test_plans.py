"""Plan files that come, change, break and go while the daemon runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.daemon.plans import Plans

SHOP = "name: shop\nregion: eu-west-1\nresources:\n  bucket/media: {versioning: true}\n"
SEVERAL = SHOP + "daemon: {mode: enforce, interval: 60}\nenvironments:\n  dev:\n  prod: {daemon: {mode: off}}\n"


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return Plans(tmp_path)


def _write(plans: Plans, name: str, text: str) -> None:
    (plans.directory / name).write_text(text)


def _modes(plans: Plans) -> dict[str, str]:
    return {key: p.loaded.model.daemon.mode for key, p in plans.scan().items() if p.loaded}


def test_a_file_with_environments_is_a_stack_each_with_a_mode_of_its_own(plans: Plans) -> None:
    _write(plans, "shop.yaml", SEVERAL)
    assert _modes(plans) == {"shop.yaml -e dev": "enforce", "shop.yaml -e prod": "off"}


def test_new_changed_and_removed_files_are_seen_at_the_next_scan(plans: Plans) -> None:
    assert list(plans.scan()) == ["shop.yaml"]
    _write(plans, "chat.yml", SHOP.replace("shop", "chat"))
    _write(plans, "shop.yaml", SHOP + "daemon: {mode: enforce}\n")
    assert _modes(plans) == {"chat.yml": "observe", "shop.yaml": "enforce"}
    (plans.directory / "shop.yaml").unlink()
    assert list(plans.scan()) == ["chat.yml"]


def test_a_file_that_breaks_keeps_its_last_good_plan_and_harms_no_other(plans: Plans) -> None:
    _write(plans, "chat.yaml", SHOP.replace("shop", "chat"))
    good = plans.scan()
    _write(plans, "shop.yaml", SHOP.replace("region:", "regoin:"))
    broken = plans.scan()
    assert broken["chat.yaml"] == good["chat.yaml"]
    assert broken["shop.yaml"].loaded == good["shop.yaml"].loaded
    assert "shop.yaml:2:1: regoin: unknown key, did you mean region?" in broken["shop.yaml"].fault
    _write(plans, "shop.yaml", SHOP)
    assert plans.scan()["shop.yaml"].fault == ""


def test_what_is_no_yaml_any_more_keeps_every_environment_it_had(plans: Plans) -> None:
    _write(plans, "shop.yaml", SEVERAL)
    plans.scan()
    _write(plans, "shop.yaml", "name: [")
    broken = plans.scan()
    assert set(broken) == {"shop.yaml -e dev", "shop.yaml -e prod"}
    assert all(p.loaded and p.fault for p in broken.values())


def test_a_file_that_was_never_good_is_there_to_be_told_of(plans: Plans) -> None:
    _write(plans, "new.yaml", "name: [")
    found = plans.scan()["new.yaml"]
    assert (found.loaded, bool(found.fault)) == (None, True)


def test_two_files_for_one_stack_would_undo_each_other_so_only_the_first_counts(plans: Plans) -> None:
    _write(plans, "twin.yaml", SHOP)
    found = plans.scan()
    assert found["shop.yaml"].loaded
    assert found["twin.yaml"].loaded is None
    assert found["twin.yaml"].fault == "describes the stack shop, which shop.yaml describes already"


def test_a_file_that_did_not_change_is_not_read_again(plans: Plans) -> None:
    first = plans.scan()["shop.yaml"]
    assert plans.scan()["shop.yaml"] is first


def test_values_of_variables_come_from_the_daemons_environment(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(
        SHOP.replace("eu-west-1", "${var.place}") + "variables: {place: {type: text}}\n"
    )
    found = Plans(tmp_path, {"PLACE": "us-east-1"}).scan()["shop.yaml"]
    assert found.loaded and found.loaded.model.region == "us-east-1"
