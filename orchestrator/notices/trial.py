"""Messages sent to see whether they arrive: one attempt a channel, all at once, each with its answer."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from orchestrator.core.clock import Clock
from orchestrator.notices.channels import resolved
from orchestrator.notices.notice import Notice
from orchestrator.notices.post import Post, Undelivered, Unusable, deliver
from orchestrator.notices.reading import About
from orchestrator.notices.words import Message, message
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.plan.model.notifications import EventName

WITHIN = 20.0
_LOOK_EVERY = 0.02


def sample(loaded: LoadedPlan, event: EventName) -> Notice:
    """A notice that says of itself that nothing has happened."""
    about = About.of(loaded)
    return Notice(
        name=event,
        stack=about.stack,
        headline=f"test of {event}",
        why=("Nothing has happened: somebody tries who is told of what.",),
        next=(about.run("status"),),
        thread=f"{about.stack}/test",
    )


def attempt(
    loaded: LoadedPlan,
    notice: Notice,
    names: Iterable[str],
    environ: Mapping[str, str],
    clock: Clock,
    post: Post = deliver,
) -> dict[str, str]:
    """What became of a notice in each of these channels, by name: empty where it was delivered."""
    told = loaded.model.notifications
    written = message(notice, About.of(loaded).link())
    answers: dict[str, str] = {}
    wanted = tuple(names)
    for name in wanted:
        work = (answers, name, told.channels[name].url, environ, written, post)
        threading.Thread(target=_one, args=work, name=f"notices-{name}", daemon=True).start()
    until = clock.now() + WITHIN
    while len(answers) < len(wanted) and clock.now() < until:
        clock.sleep(_LOOK_EVERY)
    return {name: answers.get(name, f"no answer within {WITHIN:.0f} s") for name in wanted}


def _one(
    answers: dict[str, str], name: str, address: str, environ: Mapping[str, str], written: Message, post: Post
) -> None:
    try:
        post(resolved(address, environ), written)
        answers[name] = ""
    except (Undelivered, Unusable) as error:
        answers[name] = error.message
    except Exception as error:  # it is told, too, and without its words, which may hold the address
        answers[name] = f"failed with {type(error).__name__}"
