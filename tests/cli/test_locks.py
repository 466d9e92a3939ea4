"""``lock ls`` and ``lock release`` as they are typed, over the locks of two accounts in one store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.main import _guarded, app
from orchestrator.core.clock import SystemClock
from orchestrator.core.store import Scoped
from orchestrator.lease import Holder, Lease
from orchestrator.stores.file import FileStore

ADA = Holder(owner="ada@ci-1:77", pid=77, place="elsewhere")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path))
    return FileStore(tmp_path)


def typed(*words: str) -> int:
    return _guarded(lambda: app(["lock", *words], standalone_mode=False))


def hold(store: FileStore, place: str, stack: str = "forum") -> Lease:
    """Ada works on a stack of an account and region."""
    lease = Lease(Scoped(store, place), SystemClock(), stack, "apply plans/forum.yaml", holder=ADA)
    lease.acquire()
    return lease


def test_where_nothing_is_held_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("ls") == 0
    assert capsys.readouterr().out == "no stack is held\n"


def test_a_lock_is_told_with_place_work_owner_age_expiry_and_fence(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(store, "123456789012.eu-west-1").release()
    hold(store, "123456789012.eu-west-1")
    assert typed("ls") == 0
    [line] = capsys.readouterr().out.splitlines()
    stack, doing, owner, age, until, fence = line.split("  ")
    assert (stack, doing) == ("forum in 123456789012.eu-west-1", "apply plans/forum.yaml")
    assert (owner, fence) == ("by ada@ci-1:77", "fence 2")
    assert age.startswith("for ")
    assert until.startswith("until 20")


def test_for_programs_each_lock_is_an_object(store: FileStore, capsys: pytest.CaptureFixture[str]) -> None:
    hold(store, "123456789012.eu-west-1")
    assert typed("release", "forum", "--force", "--reason", "ci-1 was deleted") == 0
    hold(store, "123456789012.eu-west-1")
    capsys.readouterr()
    assert typed("ls", "--json") == 0
    version, lock = map(json.loads, capsys.readouterr().out.splitlines())
    assert (version["type"], lock["type"]) == ("version", "lock")
    assert (lock["stack"], lock["place"], lock["owner"]) == ("forum", "123456789012.eu-west-1", ADA.owner)
    assert (lock["doing"], lock["fence"]) == ("apply plans/forum.yaml", 3)
    assert lock["since"] < lock["expires"]
    [taken] = lock["taken_before"]
    assert (taken["owner"], taken["reason"], taken["fence"]) == (ADA.owner, "ci-1 was deleted", 1)


def test_force_needs_a_reason_and_what_may_be_alive_needs_force(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(store, "123456789012.eu-west-1")
    assert typed("release", "forum", "--force") == 1
    assert typed("release", "forum") == 15
    assert "forum is held by ada@ci-1:77" in capsys.readouterr().err


def test_of_a_stack_in_two_accounts_the_one_that_is_held_is_meant(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(store, "123456789012.eu-west-1").release()
    hold(store, "210987654321.eu-west-1")
    hold(store, "210987654321.eu-west-1", "forum-prod")
    assert typed("release", "forum", "--force", "--reason", "ci-1 was deleted") == 0
    capsys.readouterr()
    typed("ls")
    assert capsys.readouterr().out.startswith("forum-prod in 210987654321.eu-west-1  ")


def test_a_stack_that_is_held_in_two_accounts_has_to_be_told_apart(
    store: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(store, "123456789012.eu-west-1")
    hold(store, "210987654321.eu-west-1")
    assert typed("release", "forum", "--force", "--reason", "ci-1 was deleted") == 1
    assert "forum@123456789012.eu-west-1, forum@210987654321.eu-west-1" in capsys.readouterr().err
    assert typed("release", "forum@210987654321.eu-west-1", "--force", "--reason", "ci-1 was deleted") == 0
