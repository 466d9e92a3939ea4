"""From the sandbox to a webhook: what a daemon finds and a command does is told, and nobody waits for a channel."""

from __future__ import annotations

import dataclasses as dc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator import lease
from orchestrator.aws.door import READS
from orchestrator.cli import notified
from orchestrator.cli.main import app
from orchestrator.cli.notified import DaemonNotified
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import LockHeld
from orchestrator.daemon.daemon import Daemon
from orchestrator.sandbox.faults import Fault, Rule
from tests.daemon.stage import BUCKET, SHOP, Stage, stage
from tests.notices.conftest import Receiver

TOLD = "notifications: {channels: {team: env:TEAM, ops: env:OPS}, lock_held: 600}\n"


@dc.dataclass
class Team:
    """A stack, whoever is told of it, and the daemons that tell."""

    stage: Stage
    receiver: Receiver
    telling: list[DaemonNotified] = dc.field(default_factory=list)

    def daemon(self, name: str = "one") -> Daemon:
        """A daemon as the command makes it."""
        self.telling.append(DaemonNotified(lambda *_: self.stage.store, self.stage.events.append, self.stage.aws.clock))
        return self.stage.daemon(name, notices=self.telling[-1])

    def told(self) -> list[str]:
        """The first lines that have arrived, now that all have."""
        for telling in self.telling:
            while telling.left():
                SystemClock().sleep(0.001)
        return self.receiver.titles

    def version(self, status: str) -> None:
        """Somebody at the console."""
        s3 = self.stage.aws.client("s3")
        (bucket,) = [b["Name"] for b in s3.list_buckets()["Buckets"]]
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


@pytest.fixture
def team(tmp_path: Path, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """A bucket that is as planned; the address of one of two channels is missing."""
    receiver = receivers()
    monkeypatch.setenv("TEAM", receiver.url)
    with stage(tmp_path) as found:
        found.write(text=BUCKET + TOLD)
        assert not found.apply().outcome
        yield Team(found, receiver)


def test_two_daemons_tell_a_drift_its_end_an_outage_and_its_end_once(team: Team) -> None:
    one, two = team.daemon("one"), team.daemon("two")

    def pass_time(seconds: float) -> None:
        for daemon in (one, two):
            team.stage.run(daemon, seconds)
            team.told()

    team.version("Suspended")
    pass_time(150)
    team.version("Enabled")
    pass_time(150)
    team.stage.aws.sandbox.faults.add(Rule(service="s3", fault=Fault.DENIED))
    pass_time(150)
    team.stage.aws.sandbox.faults.clear()
    pass_time(300)
    assert team.told() == [
        "shop: drift found: 1 thing differs from the plan",
        "shop: in sync again",
        "shop: cannot be kept as planned: AWS eu-west-1",
        "shop: can be kept as planned again",
    ]
    assert team.receiver.got[0]["message"].startswith("bucket/media: update (versioning: ")
    said = [e.message for e in team.stage.events if e.action == "notify"]
    assert said == ["channel ops: nothing can be sent: the environment variable OPS is not set"] * 2, "by each, once"


def test_a_plan_file_that_breaks_is_told_by_its_last_good_plan(team: Team) -> None:
    daemon = team.daemon()
    team.stage.run(daemon, 70)
    team.stage.write(text=BUCKET.replace("resources", "resuorces") + TOLD)
    team.stage.run(daemon, 130)
    team.stage.write(text=BUCKET + TOLD)
    team.stage.run(daemon, 70)
    assert team.told() == ["shop: cannot be kept as planned", "shop: can be kept as planned again"]
    assert "resuorces: unknown key, did you mean resources?" in team.receiver.got[0]["message"]


def test_a_lock_that_is_held_for_long_and_one_that_was_left_behind_are_told_by_the_daemon(team: Team) -> None:
    daemon, clock = team.daemon(), team.stage.aws.clock
    store = team.stage.system().store
    elsewhere = lease.Holder(owner="ann@laptop:7", pid=1, place="another machine")
    held = lease.Lease(store, clock, "shop", "apply", holder=elsewhere, ttl=1000)
    held.acquire()
    team.stage.run(daemon, 500)
    assert team.told() == []
    team.stage.run(daemon, 300)
    assert team.told() == ["shop: lock has been held for long"]
    team.stage.run(daemon, 600)
    assert team.told() == ["shop: lock has been held for long", "shop: lock was left behind"]
    with pytest.raises(LockHeld):
        held.acquire()
        lease.Lease(store, clock, "shop", "apply").acquire()
    assert "ann@laptop:7" in team.receiver.got[0]["message"]


def test_a_release_that_a_daemon_takes_back_is_told_with_the_words_of_aws(
    tmp_path: Path, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = receivers()
    monkeypatch.setenv("TEAM", receiver.url)
    with stage(tmp_path) as shop:
        shop.write(text=SHOP + TOLD)
        assert not shop.apply().outcome
        shop.aws.push("shop/mailer", "bad", "crash")
        team = Team(shop, receiver)
        shop.leave(mailer="bad")
        daemon, until = team.daemon(), shop.aws.clock.now() + 1800
        while shop.aws.clock.now() < until and "rolled back" not in "".join(titles := team.told()):
            shop.run(daemon, 20)
    assert titles[0].startswith("shop mailer: rollout started: ") and titles[-1].startswith("shop mailer: rolled back")
    message = receiver.got[-1]["message"]
    assert "exit" in message and message.endswith("Next: orchestrator history " + f"{shop.plans}/shop.yaml mailer")


def test_a_daemon_whose_only_receiver_hangs_looks_at_its_stacks_all_the_same(
    team: Team, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM", receivers(hangs=True).url)
    daemon = team.daemon()
    team.version("Suspended")
    team.stage.run(daemon, 600)
    assert daemon.views.view("shop.yaml").ticks >= 8
    assert team.receiver.titles == []


def test_an_apply_that_fails_is_told_by_the_command_and_one_that_succeeds_is_not(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = team.stage.write(text=BUCKET.replace("bucket/media: {versioning: true}", "bucket/other: {}") + TOLD)
    team.stage.aws.sandbox.faults.add(Rule(service="s3", operation="CreateBucket", fault=Fault.DENIED))
    assert app(["apply", str(plan), "--yes"], standalone_mode=False) == 1
    team.stage.aws.sandbox.faults.clear()
    assert team.receiver.titles == ["shop: apply failed: 1 step failed"]
    assert app(["apply", str(plan), "--yes"], standalone_mode=False) == 0
    assert len(team.receiver.titles) == 1
    told = "notifications: channel ops: nothing can be sent: the environment variable OPS is not set\n"
    assert capsys.readouterr().err.count(told) == 2


def test_a_command_ends_though_its_receiver_hangs_and_says_what_was_left_behind(
    team: Team,
    receivers: Callable[..., Receiver],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TEAM", receivers(hangs=True).url)
    monkeypatch.setattr(notified, "_ARRIVES_WITHIN", 0.05)
    plan = team.stage.write(text=BUCKET.replace("bucket/media: {versioning: true}", "bucket/other: {}") + TOLD)
    team.stage.aws.sandbox.faults.add(Rule(service="s3", operation="CreateBucket", fault=Fault.DENIED))
    assert app(["apply", str(plan), "--yes"], standalone_mode=False) == 1
    assert "notifications: channel team: 1 message not delivered in time\n" in capsys.readouterr().err


def test_commands_that_only_look_and_commands_on_a_sandbox_of_their_own_tell_nobody(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    team.version("Suspended")
    plan = team.stage.plans / "shop.yaml"
    before = len(team.stage.aws.sandbox.calls)
    saved = team.stage.plans / "saved"
    for command in (["plan", "--out", str(saved)], ["drift"], ["plan", "--json"]):
        app([command[0], str(plan), *command[1:]], standalone_mode=False)
    output = capsys.readouterr()
    assert (team.receiver.titles, "notifications" in output.err) == ([], False)
    assert team.receiver.url not in output.out + output.err + saved.read_text(encoding="utf-8")
    assert all(c.operation.startswith(READS) for c in team.stage.aws.sandbox.calls[before:])


def test_the_test_command_says_of_each_channel_whether_it_was_reached(
    team: Team,
    receivers: Callable[..., Receiver],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = str(team.stage.plans / "shop.yaml")
    assert app(["notify-test", plan], standalone_mode=False) == 1
    assert capsys.readouterr().out == (
        "team  delivered\nops   not delivered: the environment variable OPS is not set\n"
    )
    monkeypatch.setenv("OPS", receivers(403).url)
    assert app(["notify-test", plan, "--as", "stack-broken"], standalone_mode=False) == 1
    assert capsys.readouterr().out == "team  delivered\nops   not delivered: it answered 403\n"
    assert app(["notify-test", plan, "--channel", "team"], standalone_mode=False) == 0
    started, broken = "shop: test of rollout-started", "shop: test of stack-broken"
    assert team.receiver.titles == [started, broken, started]
    assert [got["type"] for got in team.receiver.got] == ["info", "failure", "info"]
    assert os.environ["TEAM"] not in capsys.readouterr().out
