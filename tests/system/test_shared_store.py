"""Two machines whose commands share a table: one waits for the other, takes over from it, and tells of it."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.system.commands import PLAN, Terminal, terminal
from tests.system.test_interruptions import ENOUGH, _after

APPLY = ("apply", str(PLAN), "--yes")
STORE = "dynamodb://team-locks?region=us-east-1"


class Sharing(Terminal):
    """A machine of the team's."""

    @property
    def env(self) -> dict[str, str]:
        return {**super().env, "ORCHESTRATOR_STORE": STORE}


def test_a_table_is_made_on_request_and_named_when_it_is_not_there(tmp_path: Path) -> None:
    with terminal(tmp_path) as typed:
        one = Sharing(typed.sandbox, tmp_path)
        missing = one.run("lock", "ls")
        assert missing.code == 1
        assert f"orchestrator store init '{STORE}'" in missing.err
        made = one.run("store", "init")
        assert (made.code, made.err) == (0, "")
        assert "team-locks in us-east-1, account 123456789012: created, point-in-time recovery turned on" in made.out
        [_, again] = one.run("store", "init", "--json").lines
        assert again["done"] == []
        assert one.run("lock", "ls").out == "no stack is held\n"
        assert f"store = {STORE}  (ORCHESTRATOR_STORE)" in one.run("config", "--origin").out
        assert "export ORCHESTRATOR_STORE=" in typed.run("store", "init", STORE).out
        directory = typed.run("store", "init")
        assert directory.code == 1
        assert "orchestrator store init dynamodb://TABLE" in directory.err


def test_a_lock_is_seen_and_taken_away_from_another_machine_which_then_stops_and_is_told_of(tmp_path: Path) -> None:
    with terminal(tmp_path / "one") as typed:
        one, other = (Sharing(typed.sandbox, tmp_path / name) for name in ("one", "other"))
        assert one.run("store", "init").code == 0
        first = _after(one, ENOUGH, *APPLY)
        first.send(signal.SIGSTOP)
        assert other.run(*APPLY).code == 15
        [_, held] = other.run("lock", "ls", "--json").lines
        assert (held["stack"], held["fence"]) == ("forum", 1)
        assert held["owner"].endswith(f":{first.process.pid}")
        assert held["place"].startswith("123456789012.us-east-1")
        freed = other.run("lock", "release", "forum", "--force", "--reason", "its runner was deleted")
        assert (freed.code, freed.out) == (0, "forum is free\n")
        first.send(signal.SIGCONT)
        ended = first.end()
        assert ended.code != 0
        assert "its runner was deleted" in ended.out + ended.err
        second = other.run(*APPLY)
        assert second.code == 0, second.err
        told = one.run("history", str(PLAN))
        assert f"lock taken from {held['owner']} (apply" in told.out
        assert told.out.rstrip().endswith("its runner was deleted")
