"""What a daemon counts and measures, in the form in which Prometheus reads it.

Counters are fed by ticks and events; all else is read from the daemon's views at the moment of a scrape, so that a
scrape asks neither AWS nor the store, and what is gone from the plans is gone from the exposition. Names follow Argo
Rollouts and controller-runtime where these have one for the same thing.
"""

from __future__ import annotations

import dataclasses as dc
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric

from orchestrator.app.leftovers import Standing
from orchestrator.core.events import STEPS, Event, State
from orchestrator.daemon import gauges
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.gauges import STACK, label, stack_labels
from orchestrator.daemon.reconciler import Means, Result, Ticked
from orchestrator.daemon.views import StackView

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_TICKS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_ROLLOUTS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dc.dataclass
class _Totals:
    """What has been counted of one stack."""

    results: Counter[str] = dc.field(default_factory=Counter)
    steps: Counter[tuple[str, str]] = dc.field(default_factory=Counter)
    rollouts: Counter[str] = dc.field(default_factory=Counter)
    found: int = 0
    put_back: int = 0


class Metrics:
    """The metrics of one daemon, in a registry of their own.

    ``sink`` and ``ticked`` belong into its ``Means``; ``watch`` is told of the daemon once it is made.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: dict[str, _Totals] = {}
        self._watched: tuple[Daemon, Means] | None = None
        self._registry = CollectorRegistry()
        self._tick = Histogram(
            "orchestrator_reconcile_time_seconds",
            "How long a tick of one stack took, the driving of a rollout for up to five minutes included.",
            registry=self._registry,
            buckets=_TICKS,
        )
        self._rollout = Histogram(
            "orchestrator_rollout_duration_seconds",
            "How long rollouts took from their beginning to their outcome, less what they waited for people.",
            ["outcome"],
            registry=self._registry,
            buckets=_ROLLOUTS,
        )
        self._waiting = Histogram(
            "orchestrator_rollout_waiting_seconds",
            "For how long rollouts that have ended waited for people: for approvals, and while frozen.",
            ["outcome"],
            registry=self._registry,
            buckets=_ROLLOUTS,
        )
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def watch(self, daemon: Daemon, means: Means) -> None:
        """Read from this daemon, which works with these means, at each scrape."""
        self._watched = daemon, means

    def render(self) -> tuple[bytes, str]:
        """The exposition, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE

    # -- counting ----------------------------------------------------------------------------------------------------

    def ticked(self, ticked: Ticked) -> None:
        """Count a tick, and the rollouts that it found ended."""
        self._tick.observe(ticked.seconds)
        with self._lock:
            totals = self._of(ticked.key)
            totals.results[ticked.result.value] += 1
            totals.rollouts.update(label(standing.outcome) for standing in ticked.ended)
        for standing in ticked.ended:
            self._ended(standing)

    def sink(self, event: Event) -> None:
        """Count what happened in a stack."""
        key = event.details.get("plan")
        if not isinstance(key, str):
            return
        with self._lock:
            totals = self._of(key)
            if event.action == "drift" and event.state is State.NOTE:
                totals.found += 1
            elif event.action == "put back" and event.state is State.DONE:
                totals.put_back += 1
            elif event.action in STEPS and event.state in (State.DONE, State.FAILED):
                totals.steps[event.action, event.state.value] += 1

    def _of(self, key: str) -> _Totals:
        """The totals of a stack. The lock is held."""
        return self._totals.setdefault(key, _Totals())

    def _ended(self, standing: Standing) -> None:
        outcome = label(standing.outcome)
        self._rollout.labels(outcome).observe(standing.seconds)
        if standing.waited:
            self._waiting.labels(outcome).observe(standing.waited)

    # -- being read --------------------------------------------------------------------------------------------------

    def collect(self) -> Iterator[Metric]:
        """All but the histograms and the process, for the registry."""
        if self._watched is None:
            return
        daemon, means = self._watched
        views = daemon.views.all()
        yield from self._counters(views, self._known(views))
        yield _aws_requests(daemon)
        yield from gauges.of_daemon(daemon, means)
        yield from gauges.of_stacks(views, means.wall.now())
        yield from gauges.of_rollouts(views)

    def _known(self, views: Iterable[StackView]) -> dict[str, _Totals]:
        """Copies of the totals of stacks that there still are; those of others are forgotten."""
        keys = {view.key for view in views}
        with self._lock:
            self._totals = {key: totals for key, totals in self._totals.items() if key in keys}
            return {
                key: dc.replace(totals, results=+totals.results, steps=+totals.steps, rollouts=+totals.rollouts)
                for key, totals in self._totals.items()
            }

    def _counters(self, views: Iterable[StackView], known: Mapping[str, _Totals]) -> Iterator[Metric]:
        ticks = _counter("reconcile", "Ticks of a stack, by result.", *STACK, "result")
        errors = _counter("reconcile_errors", "Ticks of a stack that could not do what they were to do.", *STACK)
        steps = _counter(
            "steps", "Steps that put AWS right, by what they did and how they ended.", *STACK, "action", "result"
        )
        found = _counter("drift_found", "Looks that found differences which were not there before.", *STACK)
        healed = _counter("drift_healed", "Times that what differed was put back.", *STACK)
        rollouts = _counter("rollouts", "Rollouts that ended, whoever drove them, by outcome.", *STACK, "outcome")
        for view in views:
            stack, totals = stack_labels(view), known.get(view.key, _Totals())
            for result, count in totals.results.items():
                ticks.add_metric([*stack, result], count)
            errors.add_metric(stack, totals.results[Result.ERROR.value])
            for (action, state), count in totals.steps.items():
                steps.add_metric([*stack, action, state], count)
            found.add_metric(stack, totals.found)
            healed.add_metric(stack, totals.put_back)
            for outcome, count in totals.rollouts.items():
                rollouts.add_metric([*stack, outcome], count)
        yield from (ticks, errors, steps, found, healed, rollouts)


def _aws_requests(daemon: Daemon) -> Metric:
    requests = _counter(
        "aws_requests", "Attempts at AWS calls, by result: ok or AWS's error code.", "service", "operation", "result"
    )
    for call, count in daemon.calls.items():
        requests.add_metric([call.service, call.operation, call.result], count)
    return requests


def _counter(name: str, about: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"orchestrator_{name}", about, labels=labels)
