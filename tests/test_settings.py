"""Where a setting comes from, in the documented order, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.settings import SettingsError, SharedStore, load_settings, user_file


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path), **more}


def write(tmp_path: Path, text: str) -> None:
    path = user_file(environ(tmp_path))
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_flag_beats_variable_beats_file_beats_default(tmp_path: Path) -> None:
    write(tmp_path, "workers = 3\nprofile = 'team'\n")
    settings = load_settings(environ(tmp_path, ORCHESTRATOR_WORKERS="5", ORCHESTRATOR_CLOCK_SPEED="2"), {"workers": 9})
    assert (settings.workers, settings.origins["workers"]) == (9, "flag")
    assert (settings.clock_speed.factor, settings.origins["clock_speed"]) == (2.0, "ORCHESTRATOR_CLOCK_SPEED")
    assert (settings.profile, settings.origins["profile"]) == ("team", str(user_file(environ(tmp_path))))
    assert (settings.state_dir, settings.origins["state_dir"]) == (tmp_path / ".local/state/orchestrator", "default")


@pytest.mark.parametrize("wrong", ["0", "65", "many"])
def test_a_wrong_value_names_variable_found_and_allowed(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(
        SettingsError, match=f"ORCHESTRATOR_WORKERS: found '{wrong}', allowed: a whole number from 1 to 64"
    ):
        load_settings(environ(tmp_path, ORCHESTRATOR_WORKERS=wrong))


def test_an_unknown_name_in_the_users_file_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, "worker = 3\n")
    with pytest.raises(SettingsError, match=r"found 'worker', allowed: .*workers"):
        load_settings(environ(tmp_path))


@pytest.mark.parametrize(
    ("text", "store"),
    [
        ("dynamodb://team-locks", SharedStore("team-locks")),
        ("dynamodb://Team_Locks.1?region=eu-west-1", SharedStore("Team_Locks.1", region="eu-west-1")),
        (
            "dynamodb://locks?profile=ops&role=arn:aws:iam::123456789012:role/locks",
            SharedStore("locks", profile="ops", role="arn:aws:iam::123456789012:role/locks"),
        ),
        ("file", None),
    ],
)
def test_a_store_is_a_table_or_the_state_directory(tmp_path: Path, text: str, store: SharedStore | None) -> None:
    write(tmp_path, f'store = "{text}"\n')
    assert load_settings(environ(tmp_path)).store == store
    assert load_settings(environ(tmp_path, ORCHESTRATOR_STORE=text)).store == store
    assert str(store or "file") == text


def test_without_a_word_on_it_the_store_is_the_state_directory(tmp_path: Path) -> None:
    settings = load_settings(environ(tmp_path))
    assert (settings.store, settings.values["store"]) == (None, "file")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "locks",
        "s3://locks",
        "dynamodb://",
        "dynamodb://ab",
        "dynamodb://locks/forum",
        "dynamodb://lo cks",
        "dynamodb://locks?zone=a",
        "dynamodb://locks?region",
        "dynamodb://locks?region=",
        "dynamodb://[locks",
    ],
)
def test_a_store_that_is_none_says_what_may_be_said(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"ORCHESTRATOR_STORE: found .* allowed: file, or dynamodb://TABLE"):
        load_settings(environ(tmp_path, ORCHESTRATOR_STORE=wrong))
