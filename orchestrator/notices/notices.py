"""Who is told of what happens to one stack: a sink that reads events, and sends what is news by the plan's routes."""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Callable

from orchestrator.app.ending import Ending
from orchestrator.core.events import Event
from orchestrator.core.store import Store
from orchestrator.notices.channel import Channel
from orchestrator.notices.channels import Channels
from orchestrator.notices.marks import Marks
from orchestrator.notices.notice import Lasting, Notice
from orchestrator.notices.reading import About, few, read, read_ending
from orchestrator.notices.words import Message, message
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
        letter = _Letter(notice, self._marks, self.about.link(notice.service))
        if notice.name == "stack-recovered":
            self._well()
        told = self._plan.channels_for(notice.name, notice.severity)
        for name in told:
            channel = self._open(name)
            if channel and (not notice.shared or channel.first(notice.shared, self._place)):
                channel.put(letter)
        if not told and isinstance(
            notice.mark, Lasting
        ):  # the end of what somebody was told of, or else its next beginning would be no news
            self._note(letter)

    def _well(self) -> None:
        """The stack is in nothing any more that others may be in, too."""
        for channel in filter(None, map(self._open, self._plan.channels)):
            channel.over(self._place)

    def _note(self, letter: _Letter) -> None:
        """Have a mark kept of what nobody is told, by the thread of whichever channel there is."""
        channel = next(filter(None, map(self._open, self._plan.channels)), None)
        if channel:
            channel.put(letter.unsent)

    def _open(self, name: str) -> Channel | None:
        return self._channels.channel(name, self._plan.channels[name].url)


class _Letter:
    """A notice to several channels, of which the first to come to it asks whether it is news."""

    def __init__(self, notice: Notice, marks: Marks, link: str) -> None:
        self._notice = notice
        self._marks = marks
        self._link = link
        self._lock = threading.Lock()
        self._written: list[Message | None] = []

    def __call__(self) -> Message | None:
        with self._lock:
            if not self._written:
                self._written.append(self._write())
            return self._written[0]

    def unsent(self) -> None:
        """Ask whether it is news, and let that be all."""
        self()

    def _write(self) -> Message | None:
        notice = self._notice
        if notice.mark is None:
            return message(notice, self._link)
        news = self._marks.take(notice.mark)
        if not news:
            return None
        if notice.listed:
            notice = dc.replace(notice, why=few(sorted(news)))
        return message(notice, self._link)
