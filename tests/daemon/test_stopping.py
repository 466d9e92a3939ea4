"""Processes of their own: a daemon that gets SIGTERM, as systemd, ECS and Kubernetes send it, and its commands."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.daemon.stage import BUCKET, SHOP
from tests.system.commands import finish, terminal

LONG = SHOP.replace("bake: 120", "bake: 80000")


def _lines(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout
    for line in process.stdout:
        yield dict(json.loads(line))


def test_sigterm_in_a_rollout_saves_it_lets_go_of_the_stack_and_exits_with_0(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    plan = plans / "shop.yaml"
    plan.write_text(LONG.replace("MODE", "observe").replace("bake: 80000", "bake: 30"))
    with terminal(tmp_path / "home") as typed:
        assert typed.run("apply", str(plan), "--yes").code == 0
        plan.write_text(LONG.replace("MODE", "observe"))
        typed.sandbox.push("shop/mailer", "v2", "ok")
        assert typed.run("deploy", str(plan), "--image", "mailer=v2", "--no-wait").code == 14
        process = typed.start("daemon", "--plans", str(plans), "--no-web", "--json")
        baking = next(line for line in _lines(process) if line.get("stage") == "bake")
        assert (baking["stack"], baking["subject"], baking["action"]) == ("shop", "mailer", "roll out")
        process.send_signal(signal.SIGTERM)
        ended = finish(process)
        assert (ended.code, ended.err) == (0, "")
        assert ended.lines[-1]["event"] == "stopped"
        assert typed.run("lock", "ls").out == "no stack is held\n"
        assert "bake" in typed.run("status", str(plan)).out


def test_a_person_can_read_the_log_and_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "shop.yaml").write_text("name: shop\nregion: eu-west-1\ndaemon: {mode: off}\n")
    with terminal(tmp_path / "home") as typed:
        assert typed.run("daemon", "--plans", str(tmp_path / "nothing")).code == 1
        process = typed.start("daemon", "--plans", str(plans), "--no-web")
        assert process.stdout
        first = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        assert finish(process).code == 0
    assert first[0].endswith(f"info    daemon watch started: watches {plans}\n")
    assert first[1].endswith("info    shop.yaml watch note: found: shop, off every 300 s\n")


def test_pause_and_resume_are_kept_for_every_daemon_with_who_and_why(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    plan = plans / "shop.yaml"
    plan.write_text(BUCKET.replace("MODE", "enforce").replace("NAME", "shop"))
    with terminal(tmp_path / "home") as typed:
        said = typed.run("pause", str(plan), "--reason", "audit")
        assert said.code == 0 and said.out.startswith("shop is paused by ") and said.out.endswith(": audit\n")
        process = typed.start("daemon", "--plans", str(plans), "--no-web", "--json")
        drift = next(line for line in _lines(process) if line["action"] == "drift")
        process.send_signal(signal.SIGTERM)
        rest = finish(process)
        assert (drift["event"].startswith("bucket/media: create"), rest.code) == (True, 0)
        assert not [line for line in rest.lines if line["action"] == "create"]
        assert typed.run("resume", str(plan)).out == "shop goes on\n"
        assert typed.run("resume", str(plan)).out == "shop was not paused\n"
