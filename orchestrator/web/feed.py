"""What changed, told to everybody who listens: server-sent events, with a short memory for those who come back.

A listener that does not take what it is told is let go of, so that it costs nobody anything; it comes back and is told
to begin anew.
"""

from __future__ import annotations

import asyncio
import dataclasses as dc
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from orchestrator.daemon.views import StackView

PULSE = 0.5
HEARTBEAT = 15.0
REMEMBERED = 1000
QUEUED = 256
LISTENERS = 100

Look = Callable[[str], Awaitable[Mapping[str, Mapping[str, Any]]]]
"""The unfinished rollouts of a stack, by service."""


@dc.dataclass(frozen=True, kw_only=True)
class Message:
    """One event. ``stack`` is the key of the stack that it is about."""

    number: int
    event: str
    stack: str
    data: Mapping[str, Any]

    def lines(self, epoch: str) -> bytes:
        """As it goes over the wire."""
        return f"id: {epoch}-{self.number}\nevent: {self.event}\ndata: {_json(self.data)}\n\n".encode()


class Listener:
    """Somebody who listens, to all stacks or to one."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self.queue: asyncio.Queue[Message | None] = asyncio.Queue(QUEUED)
        self.task = asyncio.current_task()

    def tell(self, message: Message | None) -> bool:
        """Whether there was room for it."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            return False
        return True


class Feed:
    """Compares what there is to see with what was seen a moment ago, and tells the difference."""

    def __init__(self, views: Callable[[], tuple[StackView, ...]], look: Look, now: Callable[[], float]) -> None:
        self._views = views
        self._look = look
        self._now = now
        self._epoch = f"{int(now() * 1000):x}"
        self._number = 0
        self._told: deque[Message] = deque(maxlen=REMEMBERED)
        self._seen: dict[str, StackView] = {view.key: view for view in views()}
        self._standing: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        self._listeners: set[Listener] = set()
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether nobody more can be listened to."""
        return len(self._listeners) >= LISTENERS

    async def run(self) -> None:
        """Until it is closed."""
        while not self._closed:
            self.compare()
            watched = sorted({one.stack for one in self._listeners if one.stack})
            self._standing = {key: told for key, told in self._standing.items() if key in watched}
            for key in watched:
                self.compare_rollouts(key, await self._look(key))
            await asyncio.sleep(PULSE)

    def close(self) -> None:
        """Let everybody go."""
        self._closed = True
        for listener in list(self._listeners):
            if not listener.tell(None):
                self._drop(listener)

    async def listen(self, stack: str, last: str) -> AsyncIterator[bytes]:
        """What happens from now on, and since the event ``last`` where that is remembered."""
        listener = Listener(stack)
        missed = self._since(last)
        self._listeners.add(listener)
        try:
            yield b"retry: 2000\n\n"
            yield self._plain("hello" if missed is not None else "reset")
            for message in missed or ():
                if stack in ("", message.stack):
                    yield message.lines(self._epoch)
            while not (self._closed and listener.queue.empty()):
                try:
                    told = await asyncio.wait_for(listener.queue.get(), HEARTBEAT)
                except TimeoutError:
                    yield self._plain("beat")
                    continue
                if told is None:
                    return
                yield told.lines(self._epoch)
        finally:
            self._listeners.discard(listener)

    def compare(self) -> None:
        """Tell which stacks are seen differently from a moment ago."""
        now = {view.key: view for view in self._views()}
        for key, view in now.items():
            if view is not self._seen.get(key) and view != self._seen.get(key):
                self._publish("stack", key, view.as_json())
        for key in self._seen.keys() - now.keys():
            self._publish("gone", key, {"key": key})
        self._seen = now

    def compare_rollouts(self, key: str, now: Mapping[str, Mapping[str, Any]]) -> None:
        """Tell which rollouts of a stack that somebody watches have moved, whoever drives them."""
        before = self._standing.get(key, {})
        for service in sorted(now.keys() | before.keys()):
            one, known = now.get(service), before.get(service)
            if one is None:
                self._publish("rollout", key, {"key": key, "service": service, "over": True})
            elif _moving(one) != _moving(known):
                self._publish("rollout", key, {"key": key, "over": False, **_short(one)})
        self._standing[key] = now

    # -- inside ------------------------------------------------------------------------------------------------------

    def _publish(self, event: str, stack: str, data: Mapping[str, Any]) -> None:
        self._number += 1
        message = Message(number=self._number, event=event, stack=stack, data=data)
        self._told.append(message)
        for listener in list(self._listeners):
            if listener.stack in ("", stack) and not listener.tell(message):
                self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if listener.task:
            listener.task.cancel()

    def _since(self, last: str) -> list[Message] | None:
        """What was told after an event; None when that is not known any more, or is another daemon's."""
        if not last:
            return []
        epoch, _, number = last.partition("-")
        known = epoch == self._epoch and number.isdecimal() and len(number) < 16 and int(number) <= self._number
        if not known or int(number) < self._number - len(self._told):
            return None
        return [message for message in self._told if message.number > int(number)]

    def _plain(self, event: str) -> bytes:
        return f"event: {event}\ndata: {_json({'now': self._now()})}\n\n".encode()


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True, default=str)


def _moving(rollout: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A rollout without what only says that somebody is still at it."""
    return rollout and {name: value for name, value in rollout.items() if name != "driven"}


def _short(rollout: Mapping[str, Any]) -> Mapping[str, Any]:
    names = ("id", "service", "strategy", "phase", "stage", "percent", "outcome", "why", "asks", "order", "release")
    return {name: rollout[name] for name in names}
