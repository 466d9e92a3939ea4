"""Work that blocks, beside the event loop: in threads that keep no process alive, with an end to waiting for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def begin(work: Callable[[], T], name: str) -> Future[T]:
    """Begin it in a thread of its own. A pool's threads would be waited for when the process ends."""
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()

    def run() -> None:
        try:
            answer.set_result(work())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return answer


async def beside(work: Callable[[], T], name: str, patience: float) -> T:
    """Its answer. Raises ``TimeoutError`` when there is none in so many seconds; the work goes on then."""
    return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(begin(work, name))), patience)
