"""A daemon lives on: through changed plan files, lost leases, outages, expired credentials and full disks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator import lease
from orchestrator.app import reports
from orchestrator.aws.door import Aws as Door
from orchestrator.core.errors import CredentialsError, OrchestratorError
from orchestrator.core.events import State
from orchestrator.core.store import Store, Stored
from orchestrator.daemon.views import State as Seen
from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.stores.memory import MemoryStore
from tests.daemon.stage import BUCKET, Stage, stage


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    """An empty account and one plan that a daemon is to enforce."""
    with stage(tmp_path, patience=0.1) as found:  # a thread that waits for another one's retry holds time still
        found.write(text=BUCKET, mode="enforce")
        yield found


def _lose(shop: Stage, bucket: str = "media") -> None:
    s3 = shop.aws.client("s3")
    (name,) = [b["Name"] for b in s3.list_buckets()["Buckets"] if bucket in b["Name"]]
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})


def test_plan_files_come_change_and_go_without_a_restart(shop: Stage) -> None:
    daemon = shop.daemon()
    shop.run(daemon, 90)
    shop.write("chat", BUCKET, mode="enforce")
    shop.write(text=BUCKET + "  bucket/logs: {}\n", mode="enforce")
    shop.run(daemon, 90)
    assert {v.stack: v.state for v in daemon.views.all()} == {"chat": Seen.IN_SYNC, "shop": Seen.IN_SYNC}
    assert shop.aws.client("s3").list_buckets()["Buckets"].__len__() == 3
    (shop.plans / "shop.yaml").unlink()
    before = len(shop.aws.sandbox.calls)
    shop.run(daemon, 30)
    assert [v.stack for v in daemon.views.all()] == ["chat"]
    assert not [c for c in shop.aws.sandbox.calls[before:] if c.operation.startswith("Delete")]
    assert "shop.yaml: the plan is gone; what it described is left as it is" in shop.told()


def test_a_broken_plan_file_degrades_only_its_own_stack_which_is_still_reported_on(shop: Stage) -> None:
    shop.write("chat", BUCKET, mode="enforce")
    daemon = shop.daemon()
    shop.run(daemon, 90)
    shop.write(text=BUCKET.replace("resources", "resorces"), mode="enforce")
    shop.run(daemon, 30)
    for stack in ("shop", "chat"):
        _lose(shop, stack)
    shop.run(daemon, 300)
    broken, fine = daemon.views.view("shop.yaml"), daemon.views.view("chat.yaml")
    assert (broken.state, [d.subject for d in broken.differences]) == (Seen.BROKEN, ["bucket/media"])
    assert (fine.state, shop.versioning("chat"), shop.versioning("shop")) == (Seen.IN_SYNC, "Enabled", "Suspended")
    assert len([e for e in shop.events if "did you mean resources?" in e.message]) == 1
    shop.write(text=BUCKET, mode="enforce")
    shop.run(daemon, 90)
    assert (daemon.views.view("shop.yaml").state, shop.versioning("shop")) == (Seen.IN_SYNC, "Enabled")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Rule(fault=Fault.ERROR), "AWS"),
        (Rule(fault=Fault.DENIED, code="ExpiredToken", message="The security token has expired"), "credentials"),
    ],
)
def test_an_outage_and_expired_credentials_are_told_once_for_all_stacks_and_recovered_from(
    shop: Stage, rule: Rule, told: str
) -> None:
    shop.write("chat", BUCKET, mode="enforce")
    shop.aws.sandbox.faults.add(rule)
    daemon = shop.daemon()
    shop.run(daemon, 3600)
    failed = shop.told(State.FAILED)
    assert len(failed) == 1 and told in failed[0], failed
    assert {v.state for v in daemon.views.all()} == {Seen.FAILED}
    assert max(v.failures for v in daemon.views.all()) >= 4
    shop.aws.sandbox.faults.clear()
    shop.run(daemon, 1200)
    assert {v.state for v in daemon.views.all()} == {Seen.IN_SYNC}
    assert [said for said in shop.told(State.DONE) if said.endswith("is well again")] == [
        "AWS eu-west-1: is well again"
    ]


def test_a_full_disk_is_told_once_and_the_daemon_goes_on_when_there_is_room_again(shop: Stage) -> None:
    full = _Full(shop.store)
    daemon = shop.daemon(stores=lambda _plan, _door: full)
    full.now = True
    shop.run(daemon, 1800)
    assert shop.told(State.FAILED) == ["store: cannot save shop/drift; make room"]
    full.now = False
    shop.run(daemon, 1000)
    assert "store: is well again" in shop.told(State.DONE)
    assert [len(report.differences) for report in reports.kept(shop.system().store, "shop")] == [0, 1]
    assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC


def test_a_shared_table_whose_credentials_have_expired_is_reached_by_a_new_door(shop: Stage) -> None:
    doors: list[Door] = []

    class Expired(MemoryStore):
        def load(self, key: str) -> Stored | None:
            raise CredentialsError("the table's credentials have expired")

    def stores(_plan: object, door: Door) -> Store:
        doors.append(door)
        return Expired() if len(doors) < 4 else shop.store

    daemon = shop.daemon(stores=stores)
    shop.run(daemon, 300)
    assert len({id(door) for door in doors[:4]}) == 4
    assert shop.told(State.FAILED) == ["store: the table's credentials have expired"]
    assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC


class _Full:
    def __init__(self, store: Store) -> None:
        self._store, self.now = store, False
        self.load, self.keys = store.load, store.keys

    def save(self, key, value, expected):  # type: ignore[no-untyped-def]
        if self.now:
            raise OrchestratorError(f"cannot save {key.partition('@')[0]}", hint="make room")
        return self._store.save(key, value, expected)


def test_a_lease_lost_half_way_stops_the_steps_is_told_and_is_taken_again(shop: Stage) -> None:
    more = "".join(f"  bucket/b{n}: {{after: [bucket/{f'b{n - 1}' if n else 'media'}]}}\n" for n in range(4))
    shop.write(text=BUCKET + more, mode="enforce")
    daemon = shop.daemon()
    taken = threading.Event()

    def steal(event: object) -> None:
        shop.events.append(event)  # type: ignore[arg-type]
        if getattr(event, "action", "") == "create" and not taken.is_set():
            taken.set()
            store = shop.system().store
            lease.release(store, shop.aws.clock, "shop", force=True, reason="a test")

    thief = shop.daemon(sink=steal)
    shop.run(thief, 60)
    assert any("no longer ours" in said for said in shop.told(State.FAILED)), shop.told()
    shop.aws.sandbox.faults.clear()
    shop.run(daemon, 300)
    assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC


def test_an_unexpected_defect_is_told_without_ending_the_daemon_or_its_other_stacks(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("chat", BUCKET, mode="enforce")
    from orchestrator.app import outlook

    real = outlook.look

    def broken(system, images=None):  # type: ignore[no-untyped-def]
        if system.stack == "shop":
            raise ZeroDivisionError("password=hunter2000")
        return real(system, images)

    monkeypatch.setattr(outlook, "look", broken)
    daemon = shop.daemon()
    shop.run(daemon, 900)
    assert shop.told(State.FAILED) == ["shop: ZeroDivisionError: password=***; please report it"]
    assert daemon.views.view("chat.yaml").state is Seen.IN_SYNC


def test_the_directory_of_plans_may_be_gone_for_a_while(shop: Stage) -> None:
    daemon = shop.daemon()
    shop.run(daemon, 90)
    away = shop.plans.rename(shop.plans.with_name("away"))
    shop.run(daemon, 120)
    assert [v.stack for v in daemon.views.all()] == ["shop"]
    away.rename(shop.plans)
    shop.run(daemon, 30)
    assert [s.partition(":")[0] for s in shop.told(State.FAILED)] == ["plans"]
    assert "plans: is well again" in shop.told(State.DONE)
