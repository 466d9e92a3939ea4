"""Who is told of what happens to one stack: a sink that reads events, and sends what is news by the plan's routes."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable

from orchestrator.app.ending import Ending
from orchestrator.core.events import Event
from orchestrator.core.store import Store
from orchestrator.notices.channel import Channel
from orchestrator.notices.channels import Channels
from orchestrator.notices.marks import Marks
from orchestrator.notices.notice import Lasting, Notice
from orchestrator.notices.reading import About, few, read, read_ending
from orchestrator.notices.words import message
from orchestrator.plan.load.loader import LoadedPlan

_STOPS = ("rollout-failed", "rollout-rollback-failed")


class Notices:
    """The notices of a plan. One a run of a command, or a tick of a daemon; the channels outlive it."""

    def __init__(self, loaded: LoadedPlan, channels: Channels, store: Callable[[], Store]) -> None:
        """``store`` opens what is kept for the stack's account and region."""
        self.about = About.of(loaded)
        self._plan = loaded.model.notifications
        self._channels = channels
        model = loaded.model
        self._place = f"{loaded.stack} {model.account} {model.role} {model.region}"
        self._marks = Marks(loaded.stack, store, channels.memory, self._place)
        self._stopped = False

    def __call__(self, event: Event) -> None:
        """Take notice."""
        for notice in read(event, self.about):
            if notice.name == "stack-broken" and self._stopped:
                continue  # a rollout that stands still is all that is broken, and was told with more words
            self._stopped = self._stopped or notice.name in _STOPS
            self.send(notice)

    def ended(self, ending: Ending, command: str, again: str) -> None:
        """Tell what of a command's end no event has told; ``again``: how it is run again."""
        for notice in read_ending(ending, self.about, command, again):
            self.send(notice)

    def check(self) -> None:
        """Open every channel, so that one whose address is missing is told of before it is needed."""
        for name in self._plan.channels:
            self._open(name)

    def send(self, notice: Notice) -> None:
        """Put it on its way to everybody whom it concerns."""
        if isinstance(notice.mark, Lasting) and not self._channels.memory.changed(self._place, notice.mark):
            return
        self._channels.later(lambda: self._write(notice))

    def _write(self, notice: Notice) -> None:
        """Keep its mark, also where nobody is told: the end of what was told makes its next beginning news."""
        if notice.name == "stack-recovered":
            self._well()
        told = [c for n in self._plan.channels_for(notice.name, notice.severity) if (c := self._open(n))]
        if notice.shared:
            told = [channel for channel in told if channel.first(notice.shared, self._place)]
            if not told:
                return  # another stack has told it, and will tell when it is over
        if notice.mark:
            news = self._marks.take(notice.mark)
            if not news:
                return
            if notice.listed:
                notice = dc.replace(notice, why=few(sorted(news)))
        written = message(notice, self.about.link(notice.service))
        for channel in told:
            channel.put(written)

    def _well(self) -> None:
        """The stack is in nothing any more that others may be in, too."""
        for channel in filter(None, map(self._open, self._plan.channels)):
            channel.over(self._place)

    def _open(self, name: str) -> Channel | None:
        return self._channels.channel(name, self._plan.channels[name].url)
