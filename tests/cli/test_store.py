"""``store copy`` as it is typed: from one machine's directory into the table that is shared from now on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.aws.door import Access
from orchestrator.aws.door import Aws as Door
from orchestrator.cli.main import _guarded, app
from orchestrator.core.clock import SystemClock
from orchestrator.lease import Holder, Lease
from orchestrator.stores.dynamodb import DynamoDbStore, make_table
from orchestrator.stores.file import FileStore
from tests.world import REGION, world

STORE = f"dynamodb://team-locks?region={REGION}"
ADA = Holder(owner="ada@ci-1:77", pid=77, place="elsewhere")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDbStore]:
    with world() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path))
        door = Door(Access(region=REGION), aws.clock)
        make_table(door, "team-locks")
        yield DynamoDbStore(door, "team-locks", "test")


def typed(*words: str) -> int:
    return _guarded(lambda: app(["store", *words], standalone_mode=False))


def test_what_was_kept_in_files_is_taken_along_and_what_the_table_has_stays(
    table: DynamoDbStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = FileStore(tmp_path)
    for key in ("forum/history/posts/1", "forum/history/posts/2", "forum/rollouts/posts"):
        files.save(key, {"from": "files"}, None)
    table.save("forum/rollouts/posts", {"from": "the table"}, None)
    assert typed("copy", STORE) == 0
    assert "2 copied" in capsys.readouterr().out
    found = {key: stored.value["from"] for key in table.keys("forum/") if (stored := table.load(key))}
    assert found == {
        "forum/history/posts/1": "files",
        "forum/history/posts/2": "files",
        "forum/rollouts/posts": "the table",
    }
    assert typed("copy", STORE) == 0
    assert "0 copied" in capsys.readouterr().out


def test_fences_go_on_from_where_they_were(table: DynamoDbStore, tmp_path: Path) -> None:
    lease = Lease(FileStore(tmp_path), SystemClock(), "forum", "apply", holder=ADA)
    lease.acquire()
    lease.release()
    assert typed("copy", STORE) == 0
    after = Lease(table, SystemClock(), "forum", "apply", holder=ADA)
    after.acquire()
    assert after.fence == 2


def test_what_somebody_works_on_is_not_copied(
    table: DynamoDbStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = FileStore(tmp_path)
    files.save("forum/history/posts/1", {}, None)
    Lease(files, SystemClock(), "forum", "apply", holder=ADA).acquire()
    assert typed("copy", STORE) == 15
    assert "forum is held by ada@ci-1:77: apply" in capsys.readouterr().err
    assert list(table.keys("")) == []


@pytest.mark.parametrize(
    ("address", "said"), [("s3://locks", "allowed: file, or dynamodb://"), ("file", "name a table")]
)
def test_an_address_that_is_no_table_is_refused(capsys: pytest.CaptureFixture[str], address: str, said: str) -> None:
    for command in ("init", "copy"):
        assert typed(command, address) == 1
        assert said in capsys.readouterr().err
