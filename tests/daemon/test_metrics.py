"""The exposition that Prometheus scrapes: what it tells of a daemon's work, and what it must not cost."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.app import steering
from orchestrator.app.keeping import Difference
from orchestrator.app.leftovers import Standing
from orchestrator.core.clock import SystemClock
from orchestrator.core.events import Event, State, each_of
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.metrics import Metrics
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Result, Ticked
from orchestrator.rollout.orders import Word
from orchestrator.sandbox.faults import Fault, Rule
from tests.daemon.stage import BUCKET, SHOP, Stage, stage

_ROOT = Path(__file__).parents[2]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Scraped:
    """One scrape, read as Prometheus reads it."""

    def __init__(self, metrics: Metrics) -> None:
        body, kind = metrics.render()
        assert kind.startswith("text/plain; version=0.0.4")
        self.text = body.decode()
        self.families = {family.name: family for family in text_string_to_metric_families(self.text)}
        self.samples: Samples = {}
        for family in self.families.values():
            for sample in family.samples:
                key = (sample.name.removeprefix("orchestrator_"), frozenset(sample.labels.items()))
                assert key not in self.samples, f"told twice: {key}"
                self.samples[key] = sample.value

    def all(self, name: str, **labels: str) -> dict[frozenset[tuple[str, str]], float]:
        """The samples of a name that bear these labels."""
        wanted = frozenset(labels.items())
        return {found: value for (known, found), value in self.samples.items() if known == name and wanted <= found}

    def one(self, name: str, **labels: str) -> float:
        """The only such sample."""
        (value,) = self.all(name, **labels).values()
        return value

    def labels(self, name: str, label: str, **labels: str) -> set[str]:
        """The values of a label."""
        return {dict(found)[label] for found in self.all(name, **labels)}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        yield found


def _daemon(shop: Stage) -> tuple[Daemon, Metrics]:
    metrics = Metrics()
    sink, ticked = each_of(shop.events.append, metrics.sink), metrics.ticked
    daemon = shop.daemon(sink=sink, ticked=ticked)
    metrics.watch(daemon, shop.means(doors=daemon._means.doors))
    return daemon, metrics


def test_a_daemon_that_has_only_just_begun_can_be_scraped(shop: Stage) -> None:
    _, metrics = _daemon(shop)
    found = Scraped(metrics)
    assert found.one("build_info") == 1
    assert found.all("stack_info") == {}
    assert found.one("workqueue_depth") == 0


def test_drift_is_seen_counted_healed_and_leaves_with_its_stack(shop: Stage) -> None:
    path = shop.write(text=BUCKET, mode="enforce")
    shop.write("tidy", text=BUCKET)
    daemon, metrics = _daemon(shop)
    shop.run(daemon, 200)
    found = Scraped(metrics)
    mine = {"stack": "shop", "plan": "shop.yaml"}
    assert found.one("drift_found_total", **mine) == found.one("drift_healed_total", **mine) == 1
    assert found.one("steps_total", action="create", result="done", **mine) >= 1
    assert found.labels("stack_info", "state", **mine) == {"in_sync"}
    assert found.one("stack_drift_fields", **mine) == 0
    assert found.one("stack_drift_fields", stack="tidy") >= 1
    assert found.labels("stack_info", "state", stack="tidy") == {"drifted"}
    assert found.one("reconcile_total", result="requeue", **mine) == 1, "what was changed is looked at again at once"
    assert found.one("reconcile_total", result="success", **mine) >= 2
    assert found.one("reconcile_errors_total", **mine) == 0
    assert found.one("reconcile_time_seconds_count") == sum(found.all("reconcile_total").values())
    path.unlink()
    shop.run(daemon, 30)
    assert Scraped(metrics).labels("reconcile_total", "stack") == {"tidy"}
    assert all(("stack", "shop") not in labels for _, labels in Scraped(metrics).samples)


def test_requests_are_counted_by_result_and_a_scrape_makes_none(shop: Stage) -> None:
    shop.write(text=BUCKET)
    daemon, metrics = _daemon(shop)
    shop.run(daemon, 200)
    before = len(shop.aws.sandbox.calls)
    found = Scraped(metrics)
    assert len(shop.aws.sandbox.calls) == before
    assert sum(found.all("aws_requests_total").values()) == before
    assert found.one("aws_requests_total", service="sts", operation="GetCallerIdentity", result="ok") == 1
    assert found.labels("aws_bucket_tokens", "region") == {"eu-west-1"}
    assert all(0 < tokens <= 100 for tokens in found.all("aws_bucket_tokens").values())


def test_a_stack_that_cannot_be_looked_at_counts_as_an_error_and_says_where(shop: Stage) -> None:
    shop.write(text=BUCKET)
    daemon, metrics = _daemon(shop)
    shop.run(daemon, 90)
    shop.aws.sandbox.faults.add(Rule(fault=Fault.DENIED, operation="ListBuckets"))
    shop.run(daemon, 300)
    found = Scraped(metrics)
    assert found.one("reconcile_errors_total", stack="shop") == found.one("reconcile_total", result="error") > 0
    assert found.one("stack_failures", stack="shop") > 0
    assert found.all("trouble")
    assert found.labels("stack_info", "state") == {"failed"}


def test_rollouts_are_followed_and_counted_once_whoever_drives_them_with_the_wait_for_people_apart(shop: Stage) -> None:
    shop.write()
    assert not shop.apply().outcome
    daemon, metrics = _daemon(shop)
    shop.run(daemon, 60)
    assert Scraped(metrics).all("rollouts_total") == {}, "what ended before the daemon began is not its to tell"

    shop.aws.push("shop/mailer", "bad", "crash")
    shop.leave(patience=3000.0, mailer="bad")
    shop.run(daemon, 150)
    assert Scraped(metrics).one("rollouts_total", stack="shop", outcome="rolled_back") == 1, "a pipeline's is seen"
    assert Scraped(metrics).one("rollout_duration_seconds_count", outcome="rolled_back") == 1

    shop.write(text=SHOP.replace("{bake: 120}", "{bake: 120, approve: true}"))
    shop.aws.push("shop/mailer", "v2")
    shop.leave(mailer="v2")
    shop.run(daemon, 300)
    found = Scraped(metrics)
    mine = {"stack": "shop", "plan": "shop.yaml", "service": "mailer"}
    assert found.one("rollout_phase", **mine, phase="forward", stage="approve", outcome="paused_for_approval") == 1
    assert found.all("rollout_weight_ratio") == {}, "in place there is nothing to weigh"
    assert found.labels("stack_info", "state") == {"waiting"}
    shop.aws.sleep(1800)
    steering.order(shop.system(), "mailer", Word.PROMOTE, "looks good")
    shop.run(daemon, 600)
    found = Scraped(metrics)
    assert found.one("rollouts_total", stack="shop", outcome="succeeded") == 1
    assert found.all("rollout_phase") == {}
    assert found.one("rollout_waiting_seconds_sum", outcome="succeeded") >= 1800
    assert 120 <= found.one("rollout_duration_seconds_sum", outcome="succeeded") < 900


def test_a_stack_is_shown_as_held_while_it_is_worked_on(shop: Stage) -> None:
    shop.write(text=BUCKET, mode="enforce")
    held: list[tuple[float, float]] = []
    metrics = Metrics()

    def look(event: Event) -> None:
        if event.action == "create" and event.state is State.STARTED:
            shop.aws.sleep(7)
            found = Scraped(metrics)
            held.append((found.one("lease_held", stack="shop"), found.one("lease_age_seconds", stack="shop")))

    daemon = shop.daemon(sink=look)
    metrics.watch(daemon, shop.means())
    shop.run(daemon, 120)
    assert held[0][0] == 1
    assert held[0][1] >= 7
    assert Scraped(metrics).one("lease_held", stack="shop") == 0
    assert Scraped(metrics).all("lease_age_seconds") == {}


# -- without an account ------------------------------------------------------------------------------------------------


def _crowd(shop: Stage, stacks: int) -> tuple[Daemon, Metrics]:
    """A daemon that has seen much of many stacks."""
    daemon = Daemon(Plans(shop.plans), shop.means())
    metrics = Metrics()
    metrics.watch(daemon, shop.means())
    for number in range(stacks):
        _seen(daemon, metrics, f"s{number}.yaml", f"s{number}")
    return daemon, metrics


def _seen(daemon: Daemon, metrics: Metrics, key: str, stack: str) -> None:
    standing = Standing(
        id="1", strategy="canary", phase="forward", stage="bake", old="blue", new="green", percent=10.0, outcome=None,
        started=0.0, ended=0.0, waited=0.0,
    )  # fmt: skip
    differences = (Difference(subject="bucket/media", action="update", lines=("a: 1 -> 2", "b: 1 -> 2"), applied=3),)
    daemon.views.update(
        key, stack=stack, region="eu-west-1", mode="enforce", looked=1.0, differences=differences,
        standings={"web": standing},
    )  # fmt: skip
    metrics.ticked(Ticked(key=key, stack=stack, result=Result.SUCCESS, seconds=0.5))
    told = {"stack": stack, "plan": key}
    metrics.sink(Event(at=0.0, subject="bucket/media", action="update", state=State.FAILED, details=told))


def test_both_colours_fields_and_what_is_left_alone_are_told(shop: Stage) -> None:
    _, metrics = _crowd(shop, 1)
    found = Scraped(metrics)
    assert found.one("rollout_weight_ratio", colour="green") == 0.1
    assert found.one("rollout_weight_ratio", colour="blue") == 0.9
    assert (found.one("stack_drift_fields"), found.one("stack_left_alone")) == (2, 1)
    assert found.one("steps_total", action="update", result="failed") == 1


def test_stacks_of_one_name_in_two_regions_are_two_series(shop: Stage) -> None:
    daemon, metrics = _crowd(shop, 0)
    _seen(daemon, metrics, "a.yaml", "forum")
    _seen(daemon, metrics, "b.yaml", "forum")
    assert Scraped(metrics).labels("stack_info", "plan", stack="forum") == {"a.yaml", "b.yaml"}


def test_no_name_that_a_plan_may_bear_breaks_the_exposition(shop: Stage) -> None:
    daemon, metrics = _crowd(shop, 0)
    _seen(daemon, metrics, 'x"y\\z\n.yaml', 'a"b\\c\nd')
    assert Scraped(metrics).labels("stack_info", "stack") == {'a"b\\c\nd'}


def test_every_name_has_its_help_its_unit_and_no_id_of_a_resource(shop: Stage) -> None:
    _, metrics = _crowd(shop, 2)
    found = Scraped(metrics)
    ours = {name: family for name, family in found.families.items() if name.startswith("orchestrator_")}
    assert len(ours) > 20
    assert [name for name, family in ours.items() if not family.documentation.endswith(".")] == []
    allowed = {
        "stack",
        "plan",
        "region",
        "account",
        "mode",
        "state",
        "result",
        "action",
        "outcome",
        "service",
        "colour",
    }
    allowed |= {"strategy", "phase", "stage", "operation", "bucket", "where", "version", "python", "le"}
    labels = {label for family in ours.values() for sample in family.samples for label in sample.labels}
    assert labels <= allowed
    assert [
        n for n in ours if re.search("duration|time|age|waiting", n) and not re.search("_seconds(_created)?$", n)
    ] == []


def test_two_hundred_stacks_are_a_bounded_number_of_series(shop: Stage) -> None:
    _, few = _crowd(shop, 100)
    _, many = _crowd(shop, 200)
    assert (len(Scraped(many).samples) - len(Scraped(few).samples)) / 100 <= 20


def test_ticks_events_and_scrapes_at_once_lose_nothing(shop: Stage) -> None:
    daemon, metrics = _crowd(shop, 20)

    def work(number: int) -> None:
        for _ in range(50):
            _seen(daemon, metrics, f"s{number}.yaml", f"s{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        Scraped(metrics)
    assert sum(Scraped(metrics).all("reconcile_total").values()) == 20 + 4 * 50


def test_a_daemon_of_real_time_can_be_scraped_while_its_loop_turns(shop: Stage) -> None:
    shop.write(text=BUCKET)
    metrics, stop, clock = Metrics(), threading.Event(), SystemClock(speed=50.0)
    means = shop.means(clock=clock, wall=clock, stop=stop, sink=metrics.sink, ticked=metrics.ticked)
    daemon = Daemon(Plans(shop.plans), means)
    metrics.watch(daemon, means)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    while not Scraped(metrics).all("reconcile_total", result="success"):
        clock.sleep(0.5)
    stop.set()
    thread.join()
    assert Scraped(metrics).labels("stack_info", "state") == {"drifted"}


def test_what_the_guide_and_the_alerts_speak_of_is_what_is_told_and_nothing_is_left_unsaid(shop: Stage) -> None:
    _, metrics = _crowd(shop, 1)
    told = {name for name in Scraped(metrics).families if name.startswith("orchestrator_")}
    told |= {f"{name}_total" for name in told} | {f"{name}_bucket" for name in told}
    guide = (_ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    alerts = (_ROOT / "examples/prometheus/alerts.yaml").read_text(encoding="utf-8")
    spoken = set(re.findall(r"orchestrator_[a-z_]+", guide + alerts))
    assert spoken <= told
    helped = set(re.findall(r"# HELP (orchestrator_[a-z_]+)", Scraped(metrics).text))
    assert {name for name in helped if not name.endswith("_created")} <= spoken
