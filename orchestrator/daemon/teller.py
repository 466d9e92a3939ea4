"""Tells what happens in a stack, with the stack's name: each change once, not each tick.

Rollouts are driven in turns and steps are repeated; who reads along is told what began, what changed and what ended.
"""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Sequence

from orchestrator.app.ending import Ending, Outcome
from orchestrator.app.keeping import Difference
from orchestrator.app.leftovers import Standing
from orchestrator.core.clock import Clock, iso
from orchestrator.core.events import Event, Sink, State, each_of, silent
from orchestrator.daemon.views import Views
from orchestrator.lease import Holder, Holding

_IN_TURNS = "timed out, still in progress"
_MOST = 5
_SEEN = frozenset({"id", "tasks", "stopped", "events", "targets", "logs"})


class Teller:
    """A sink for the engines, and the words for what a tick finds."""

    def __init__(self, sink: Sink, clock: Clock, views: Views, key: str, stack: str, notices: Sink = silent) -> None:
        """``notices`` is told the same, and, at each look, all that differs."""
        self._sink = each_of(sink, notices)
        self._notices = notices
        self._clock = clock
        self._views = views
        self._key = key
        self._stack = stack
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Pass it on, unless it only says that a rollout's turn is over, or that a step fails as it did before."""
        with self._lock:
            news = self._rollout_news(event) if event.action == "roll out" else self._step_news(event)
        if news:
            self._sink(dc.replace(event, details={**event.details, "stack": self._stack, "plan": self._key}))

    def _step_news(self, event: Event) -> bool:
        """See whether a step fails; what is only tried again is no news."""
        failing = self._views.view(self._key).failing
        known = failing.get(event.subject)
        if event.state is State.FAILED:
            self._views.update(self._key, failing={**failing, event.subject: event.message})
            return known != event.message
        if event.state is State.DONE and known is not None:
            self._views.update(self._key, failing={k: v for k, v in failing.items() if k != event.subject})
            return True
        return known is None

    def _rollout_news(self, event: Event) -> bool:
        """See how far a rollout is; whether anybody wants to be told."""
        before = self._views.view(self._key)
        seen = {"at": event.at, "said": event.message} | {k: v for k, v in event.details.items() if k in _SEEN}
        self._views.update(
            self._key,
            standings={**before.standings, event.subject: Standing.told(event.details)},
            sights={**before.sights, event.subject: seen},
        )
        outcome, release = event.details.get("outcome"), str(event.details.get("release", {}).get("hash", ""))
        if outcome == _IN_TURNS:
            return False
        view = self._views.view(self._key)
        going = {**view.going, event.subject: "" if outcome else release}
        self._views.update(self._key, rollouts={**view.rollouts, event.subject: event.message}, going=going)
        return not (event.state is State.STARTED and view.going.get(event.subject) == release)

    def compared(self, found: Sequence[Difference]) -> None:
        """The differences of a look; what was there at the look before is known."""
        before = self._views.update(self._key, differences=tuple(found), looked=self._clock.now())
        known = {(d.subject, d.mark, d.left_alone) for d in before.differences}
        news = [d for d in found if (d.subject, d.mark, d.left_alone) not in known]
        for alone in (d for d in news if d.left_alone):
            said = f"{alone}: still there after {alone.applied} applies, left alone from now on"
            self._tell(alone.subject, State.BLOCKED, said)
        fresh = [str(d) for d in news if not d.left_alone and not d.applied]
        if fresh:
            more = f"; and {len(fresh) - _MOST} more" if len(fresh) > _MOST else ""
            self._tell(self._stack, State.NOTE, "; ".join(fresh[:_MOST]) + more, differences=fresh)
        if not found and (before.differences or before.looked is None):
            self._tell(self._stack, State.DONE, "in sync")
        rolling = {f"service/{name}" for name in before.rollouts}  # on their way to be as planned
        drift = [d for d in found if d.subject not in rolling]
        told = {"now": [str(d) for d in drift], "left_alone": [str(d) for d in drift if d.left_alone]}
        self._notices(Event(at=self._clock.now(), subject=self._stack, action="drift", state=State.NOTE, details=told))

    def locked(self, holding: Holding, now: float, longest: float) -> None:
        """Who held the stack last: whether that is for too long, or is over without having been given back."""
        blocks = holding.blocks(now, Holder.here().place)
        gone = holding.until > 0 and not blocks
        stuck = gone or (blocks and now - holding.since > longest)
        said = f"{'left behind' if gone else 'held'} by {holding.owner} since {iso(holding.since)}: {holding.doing}"
        known = self._views.view(self._key).stuck
        self._views.update(self._key, stuck=said if stuck else "")
        if stuck and said != known:
            self._tell(self._stack, State.BLOCKED, said, action="lock", fence=holding.fence, gone=gone)

    def applied(self, ending: Ending) -> None:
        """How putting it back ended; why it failed was told by its steps, and is told as a trouble."""
        if ending.outcome is Outcome.FAILED:
            return
        good = ending.outcome is Outcome.SUCCEEDED
        done = len([r for r in ending.report.results if r.outcome.good])
        said = f"{ending.outcome.words}: {done} steps, {len(ending.services)} services"
        self._tell(self._stack, State.DONE if good else State.NOTE, said, action="put back")

    def _tell(self, subject: str, state: State, message: str, *, action: str = "drift", **details: object) -> None:
        told = {**details, "stack": self._stack, "plan": self._key}
        self._sink(
            Event(at=self._clock.now(), subject=subject, action=action, state=state, message=message, details=told)
        )
