"""How things stand, as gauges: made anew for each scrape from what the daemon has seen, so that none can be stale."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from orchestrator import __version__
from orchestrator.app.leftovers import Standing
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.reconciler import Means
from orchestrator.daemon.views import StackView

STACK = ("stack", "plan")
"""Stacks of one name may be in several accounts and regions; the plan, a file and its environment, is one stack's."""


def stack_labels(view: StackView) -> list[str]:
    """The values of ``STACK``. A file that was never good has no name for its stack."""
    return [view.stack or view.key, view.key]


def label(text: str | None) -> str:
    """Words as a label's value: ``rolled_back``."""
    return (text or "").partition(",")[0].replace(" ", "_")


def of_daemon(daemon: Daemon, means: Means) -> Iterator[Metric]:
    """What the daemon is, what it has to do, and what keeps it from that."""
    build = _gauge("build_info", "Always 1: which version runs.", "version", "python")
    build.add_metric([__version__, platform.python_version()], 1)
    yield build
    depth = _gauge("workqueue_depth", "Stacks that are due and not worked on yet.")
    depth.add_metric([], daemon.waiting)
    yield depth
    active = _gauge("active_workers", "Stacks that are worked on.")
    active.add_metric([], daemon.active)
    yield active
    troubles = _gauge("trouble", "How many stacks have run into what is wrong at the moment, by where it is.", "where")
    for where, count in daemon.reconciler.troubles.now().items():
        troubles.add_metric([where], count)
    yield troubles
    yield _bucket_tokens(means)


def _bucket_tokens(means: Means) -> Metric:
    tokens = _gauge(
        "aws_bucket_tokens",
        "Requests that may go out at once within AWS's published limits; below zero they queue.",
        *("account", "region", "service", "bucket"),
    )
    least: dict[tuple[str, str, str, str], float] = {}
    for (access, service, bucket), level in means.doors.levels().items():
        place = (access.account or access.role or "", access.region or "", service, bucket)
        least[place] = min(level, least.get(place, level))
    for place, level in least.items():
        tokens.add_metric(place, level)
    return tokens


def of_stacks(views: Iterable[StackView], now: float) -> Iterator[Metric]:
    """A series a stack of each. ``now``: by the clock that leases are held by."""
    info = _gauge("stack_info", "Always 1: each stack, its mode and its state.", *STACK, "region", "mode", "state")
    drift = _gauge("stack_drift_fields", "Fields and things that are not as planned.", *STACK)
    alone = _gauge(
        "stack_left_alone", "Differences that three applies have not mended and that are left alone.", *STACK
    )
    looked = _gauge("stack_looked_timestamp_seconds", "When the stack was last compared with AWS.", *STACK)
    failures = _gauge("stack_failures", "How many ticks in a row have failed.", *STACK)
    held = _gauge("lease_held", "Whether this daemon holds the stack's lease.", *STACK)
    age = _gauge("lease_age_seconds", "For how long this daemon has held the stack's lease.", *STACK)
    for view in views:
        stack = stack_labels(view)
        info.add_metric([*stack, view.region, view.mode, view.state.name.lower()], 1)
        drift.add_metric(stack, sum(len(d.lines) or 1 for d in view.differences))
        alone.add_metric(stack, sum(d.left_alone for d in view.differences))
        if view.looked is not None:
            looked.add_metric(stack, view.looked)
        failures.add_metric(stack, view.failures)
        held.add_metric(stack, view.leased is not None)
        if view.leased is not None:
            age.add_metric(stack, now - view.leased)
    yield from (info, drift, alone, looked, failures, held, age)


def of_rollouts(views: Iterable[StackView]) -> Iterator[Metric]:
    """The rollouts that have not ended: where each is, and who gets the traffic."""
    phase = _gauge(
        "rollout_phase",
        "Always 1: each unfinished rollout, where it is, and why nobody drives it where nobody does.",
        *(*STACK, "service", "strategy", "phase", "stage", "outcome"),
    )
    weight = _gauge("rollout_weight_ratio", "Share of the traffic, from 0 to 1.", *STACK, "service", "colour")
    for view in views:
        stack = stack_labels(view)
        for service, standing in view.standings.items():
            if standing.over:
                continue
            place = [standing.strategy, standing.phase, standing.stage, label(standing.outcome)]
            phase.add_metric([*stack, service, *place], 1)
            for colour, share in _shares(standing).items():
                weight.add_metric([*stack, service, colour], share)
    yield from (phase, weight)


def _shares(standing: Standing) -> dict[str, float]:
    """The share of each colour; none in place, or where nothing has been weighed yet."""
    share = max(0.0, standing.percent) / 100
    if standing.old is None:
        return {standing.new: share} if share else {}
    return {standing.new: share, standing.old: 1 - share} if standing.old != standing.new else {}


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"orchestrator_{name}", about, labels=labels)
