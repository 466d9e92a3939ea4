"""What the daemon does with a stack in each mode, on the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.app import reports
from orchestrator.cli import flags
from orchestrator.cli.render import plans
from orchestrator.cli.session import Session
from orchestrator.core.events import Event, State
from orchestrator.daemon.views import State as Seen
from orchestrator.sandbox.faults import Fault, Rule
from tests.daemon.stage import BUCKET, Stage, stage


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    """A bucket that is as planned."""
    with stage(tmp_path) as found:
        found.write(text=BUCKET)
        assert not found.apply().outcome
        yield found


def _suspend(shop: Stage) -> None:
    """Somebody at the console."""
    s3 = shop.aws.client("s3")
    (bucket,) = [b["Name"] for b in s3.list_buckets()["Buckets"]]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def test_observe_tells_a_drift_once_shows_it_and_changes_nothing(shop: Stage) -> None:
    daemon = shop.daemon()
    shop.run(daemon, 120)
    assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC
    _suspend(shop)
    with shop.writes() as writes:
        shop.run(daemon, 600)
    view = daemon.views.view("shop.yaml")
    assert writes == []
    assert (view.state, [d.subject for d in view.differences]) == (Seen.DRIFTED, ["bucket/media"])
    assert view.ticks >= 8
    drifts = [e for e in shop.events if e.action == "drift" and e.state is State.NOTE]
    assert len(drifts) == 1, shop.told()
    assert drifts[0].details["stack"] == "shop"


def test_what_was_put_right_by_hand_is_told_as_in_sync_again(shop: Stage) -> None:
    daemon = shop.daemon()
    _suspend(shop)
    shop.run(daemon, 120)
    shop.apply()
    shop.run(daemon, 120)
    assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC
    assert shop.told(State.DONE) == ["shop: in sync"]


def test_each_change_of_what_differs_is_kept_as_a_report_and_told_from_it_without_asking_aws(
    shop: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path))
    shop.run(shop.daemon(), 300)
    _suspend(shop)
    for daemon in (shop.daemon(), shop.daemon()):
        shop.run(daemon, 300)
    kept = reports.kept(shop.system().store, "shop")
    assert [[d.subject for d in report.differences] for report in kept] == [["bucket/media"], []]
    session = Session("drift", flags.options(shop.plans / "shop.yaml", None, []))
    assert plans.show_reports(session, kept) == 3
    told = capsys.readouterr().out.splitlines()
    assert "not as planned:" in told[0] and kept[0].by in told[0]
    assert told[1] == "    bucket/media: update (versioning: false -> true)"
    assert "in sync" in told[2]
    shop.apply()
    shop.run(daemon, 300)
    assert plans.show_reports(session, reports.kept(shop.system().store, "shop")) == 0


def test_enforce_puts_it_back_and_says_so(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    daemon = shop.daemon()
    before = shop.versioning()
    _suspend(shop)
    shop.run(daemon, 120)
    assert shop.versioning() == before
    assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC
    assert "shop: succeeded: 1 steps, 0 services" in shop.told(State.DONE)
    with shop.writes() as writes:
        shop.run(daemon, 300)
    assert writes == []


def test_enforce_comes_up_from_nothing(tmp_path: Path) -> None:
    with stage(tmp_path) as found:
        found.write(text=BUCKET, mode="enforce")
        daemon = found.daemon()
        found.run(daemon, 120)
        assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC


def test_what_is_undone_as_soon_as_it_is_put_back_is_left_alone_after_three_times(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    _suspend(shop)

    def sink(event: Event) -> None:
        shop.events.append(event)
        if event.action == "put back":
            _suspend(shop)

    daemon = shop.daemon(sink=sink)
    shop.run(daemon, 1200)
    assert len([e for e in shop.events if e.action == "put back"]) == 3
    assert len([e for e in shop.events if "left alone from now on" in e.message]) == 1
    (difference,) = daemon.views.view("shop.yaml").differences
    assert (difference.left_alone, daemon.views.view("shop.yaml").state) == (True, Seen.DRIFTED)
    shop.apply()
    shop.run(daemon, 120)
    _suspend(shop)
    shop.run(shop.daemon("two"), 120)
    assert shop.versioning() == "Enabled", "what was gone once is put back again"


def test_what_is_changed_again_later_is_put_back_each_time(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    daemon = shop.daemon()
    for _ in range(5):
        _suspend(shop)
        shop.run(daemon, 200)
        assert shop.versioning() == "Enabled"


def test_writes_that_fail_for_an_hour_are_told_once_and_carried_out_in_the_end(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    _suspend(shop)
    shop.aws.sandbox.faults.add(Rule(fault=Fault.DENIED, operation="PutBucketVersioning"))
    daemon = shop.daemon()
    shop.run(daemon, 3600)
    assert len(shop.told(State.FAILED)) <= 2, shop.told(State.FAILED)
    assert daemon.views.view("shop.yaml").state is Seen.FAILED
    shop.aws.sandbox.faults.clear()
    shop.run(daemon, 1000)
    assert (daemon.views.view("shop.yaml").state, shop.versioning()) == (Seen.IN_SYNC, "Enabled")
    assert "shop: is well again" in shop.told(State.DONE)


def test_off_makes_no_call_at_all(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="off")
    daemon = shop.daemon()
    before = len(shop.aws.sandbox.calls)
    shop.run(daemon, 300)
    assert len(shop.aws.sandbox.calls) == before
    assert daemon.views.view("shop.yaml").state is Seen.OFF


def test_enforce_asks_nobody_and_so_deletes_no_more_than_an_apply_may_unasked(shop: Stage) -> None:
    names = "".join(f"  bucket/b{n}: {{}}\n" for n in range(8))
    shop.write(text=BUCKET + names)
    assert not shop.apply().outcome
    shop.write(text=BUCKET, mode="enforce")
    daemon = shop.daemon()
    with shop.writes() as writes:
        shop.run(daemon, 300)
    assert writes == []
    refused = [said for said in shop.told(State.FAILED) if "nothing was changed" in said]
    assert len(refused) == 1, shop.told()
    assert daemon.views.view("shop.yaml").state is Seen.FAILED


def test_a_stack_that_somebody_holds_is_left_to_them_and_put_back_when_they_are_done(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    daemon = shop.daemon()
    _suspend(shop)
    with shop.system().hold("apply"):
        with shop.writes() as writes:
            shop.run(daemon, 120)
        assert writes == []
        assert "is held by" in daemon.views.view("shop.yaml").held
        assert shop.told(State.FAILED) == []
    shop.run(daemon, 120)
    view = daemon.views.view("shop.yaml")
    assert (view.state, view.held) == (Seen.IN_SYNC, "")
