"""The store of files: what every store does, and what files do besides."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import OrchestratorError
from orchestrator.core.store import Store
from orchestrator.stores.file import FileStore
from tests.stores.conformance import Conformance

_ADD = """
import sys
from pathlib import Path
from orchestrator.core.errors import Conflict
from orchestrator.stores.file import FileStore
store = FileStore(Path(sys.argv[1]))
for _ in range(20):
    while True:
        now = store.load("counter")
        try:
            store.save("counter", {"n": now.value["n"] + 1}, now.version)
            break
        except Conflict:
            pass
"""


class TestFileStore(Conformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return FileStore(tmp_path / "state")


def test_another_store_on_the_same_directory_sees_the_same(tmp_path: Path) -> None:
    saved = FileStore(tmp_path).save("key", {"n": 1}, None)
    assert FileStore(tmp_path).load("key") == saved


def test_several_processes_lose_no_write(tmp_path: Path) -> None:
    FileStore(tmp_path).save("counter", {"n": 0}, None)
    processes = [subprocess.Popen([sys.executable, "-c", _ADD, str(tmp_path)]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    counted = FileStore(tmp_path).load("counter")
    assert counted is not None
    assert counted.value == {"n": 40}


def test_a_file_that_is_not_what_was_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.save("forum/rollout", {"n": 1}, None)
    [path] = tmp_path.glob("forum/*.json")
    for text in ('{"version": 1, "val', "[]", '{"value": {}}', "\x00"):
        path.write_text(text)
        with pytest.raises(OrchestratorError, match=r"cannot read .*rollout\.json") as error:
            store.load("forum/rollout")
        assert "backup" in error.value.hint


def test_a_full_disk_is_said_and_leaves_the_old_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path)
    first = store.save("key", {"n": 1}, None)

    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OrchestratorError, match="No space left on device; what was there is untouched"):
            store.save("key", {"n": 2}, first.version)
    assert store.load("key") == first
    assert [p.name for p in tmp_path.iterdir() if p.name != ".lock"] == ["key.json"]
    assert store.save("key", {"n": 2}, first.version).value == {"n": 2}


def test_a_process_that_dies_while_writing_leaves_the_old_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    store = FileStore(tmp_path)
    first = store.save("key", {"n": 1}, None)

    def die(*_: Any) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(Died):
            store.save("key", {"n": 2}, first.version)
    assert store.load("key") == first
    assert list(store.keys("")) == ["key"]
    assert store.save("key", {"n": 2}, first.version).value == {"n": 2}


def test_only_the_owner_can_read_what_is_saved(tmp_path: Path) -> None:
    FileStore(tmp_path / "state").save("forum/key", {}, None)
    assert [(tmp_path / "state" / p).stat().st_mode & 0o077 for p in ("forum", "forum/key.json")] == [0, 0]
