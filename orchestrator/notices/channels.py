"""All channels of a process, one an address, however many stacks speak through it; and the desk where it is written.

What is to be told passes one desk, in order: that something is over must not overtake that it began.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from orchestrator.core.clock import Clock
from orchestrator.notices.channel import Channel
from orchestrator.notices.errands import Errands
from orchestrator.notices.marks import Memory
from orchestrator.notices.post import Post, Unusable, deliver

_LOOK_EVERY = 0.02
_WAITING = 1000


class Channels:
    """Opens channels when they are first needed, and waits for them at the end."""

    def __init__(
        self, environ: Mapping[str, str], clock: Clock, say: Callable[[str], None], *, post: Post = deliver
    ) -> None:
        """``environ`` holds the addresses that plans name; ``clock`` is real time; ``say`` tells the operator."""
        self.memory = Memory()
        self._environ = environ
        self._clock = clock
        self._say = say
        self._post = post
        self._lock = threading.Lock()
        self._open: dict[str, Channel] = {}
        self._said: set[str] = set()
        self._desk: Errands[Callable[[], None]] = Errands("notices", _WAITING, self._write)

    def later(self, write: Callable[[], None]) -> None:
        """Have something written and put into channels, after what was to be written before it."""
        self._desk.put(write)

    def channel(self, name: str, address: str) -> Channel | None:
        """The channel of a plan at an address; None, which is said once, when the environment does not have it."""
        try:
            url = resolved(address, self._environ)
        except Unusable as missing:
            self._say_once(f"channel {name}: nothing can be sent: {missing.message}")
            return None
        with self._lock:
            if url not in self._open:
                self._open[url] = Channel(name, url, post=self._post, clock=self._clock, say=self._say)
            return self._open[url]

    def close(self, within: float) -> None:
        """Let what is on its way arrive, for so many seconds; what did not is said."""
        until = self._clock.now() + within
        while self.left() and self._clock.now() < until:
            self._clock.sleep(_LOOK_EVERY)
        if left := self._desk.close():
            self._say(f"{_messages(left)} not written in time: the store did not answer")
        for channel in tuple(self._open.values()):
            if left := channel.close():
                self._say(f"channel {channel.name}: {_messages(left)} not delivered in time")

    def left(self) -> int:
        """How many messages are on their way."""
        return self._desk.left() + sum(channel.left() for channel in tuple(self._open.values()))

    def _write(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:  # a defect: of what one message says no other may suffer
            self._say(f"a message could not be written: {type(error).__name__}")

    def _say_once(self, text: str) -> None:
        with self._lock:
            known = text in self._said
            self._said.add(text)
        if not known:
            self._say(text)


def _messages(count: int) -> str:
    return f"{count} message{'s' if count > 1 else ''}"


def resolved(address: str, environ: Mapping[str, str]) -> str:
    """The address that a plan means. Raises ``Unusable`` when the variable that it names is not set."""
    name = address.removeprefix("env:")
    if name == address:
        return address
    if not environ.get(name, "").strip():
        raise Unusable(f"the environment variable {name} is not set")
    return environ[name].strip()
