"""What of all that happens is worth a message: events of rollouts, drift, troubles and locks, read as notices."""

from __future__ import annotations

import dataclasses as dc
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from orchestrator.app.ending import Ending, Outcome
from orchestrator.core.events import Event, State
from orchestrator.notices.notice import Lasting, Notice, Once
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.plan.model.notifications import EventName

_ENDS: Mapping[str, EventName] = {
    "succeeded": "rollout-succeeded",
    "rolled back": "rollout-rolled-back",
    "rollback failed": "rollout-rollback-failed",
}
_EVIDENCE = (("gates", 2), ("stopped", 1), ("targets", 1), ("events", 1))
"""What AWS and the gates said, and how much of it. Not what a container wrote before it died: it may be anything."""
_MOST = 4


@dc.dataclass(frozen=True, kw_only=True)
class About:
    """The stack that events are about, and how its commands are spelled."""

    stack: str
    plan: str
    environment: str | None = None
    page: str | None = None

    @classmethod
    def of(cls, loaded: LoadedPlan) -> About:
        """A plan's stack."""
        page = loaded.model.notifications.page
        return cls(stack=loaded.stack, plan=str(loaded.path), environment=loaded.environment, page=page)

    def link(self, service: str = "") -> str:
        """Where the daemon's page shows the stack, or one service's rollout; empty where the plan names no page."""
        if not self.page:
            return ""
        file = PurePath(self.plan).name
        key = quote(f"{file} -e {self.environment}" if self.environment else file, safe="")
        return f"{self.page.rstrip('/')}/stacks/{key}" + (f"/rollouts/{quote(service)}" if service else "")

    def run(self, command: str, *more: str) -> str:
        """The command line of a command on this stack."""
        chosen = ("-e", self.environment) if self.environment else ()
        return shlex.join(["orchestrator", *command.split(), self.plan, *more, *chosen])


def read(event: Event, about: About) -> Iterator[Notice]:
    """What an event tells people, if anything."""
    match event.action:
        case "roll out":
            yield from _of_rollout(event, about)
        case "drift" if "now" in event.details:
            yield _of_drift(event, about)
            yield _of_vain(event, about)
        case "trouble":
            yield _of_trouble(event, about)
        case "lock":
            yield _of_lock(event, about)


def read_ending(ending: Ending, about: About, command: str, again: str) -> Iterator[Notice]:
    """What the end of a command tells that no event has told: steps that failed, rollouts that were not begun."""
    if failed := ending.report.failed:
        count = f"{len(failed)} step{'s' if len(failed) > 1 else ''} failed"
        yield Notice(
            name="apply-failed",
            stack=about.stack,
            headline=f"{command} failed: {count}",
            why=few(f"{r.step.subject}: {r.error}" for r in failed),
            done="What did not need them was carried out.",
            next=(again,),
        )
    for service in ending.services:
        if service.outcome in (Outcome.REFUSED, Outcome.FAILED):
            yield Notice(
                name="rollout-failed",
                stack=about.stack,
                service=service.service,
                headline=f"rollout {service.outcome.words}",
                why=few([service.why, service.hint]),
                done="Nothing was changed.",
                next=(about.run("status", service.service),),
            )


def _of_rollout(event: Event, about: About) -> Iterator[Notice]:
    told = event.details
    name = _name(event)
    if name is None:
        return
    service, rollout = event.subject, str(told.get("id", ""))
    word = f"{name} {told.get('at', 0)}" if name in ("rollout-waiting", "rollout-failed") else name
    yield Notice(
        name=name,
        stack=about.stack,
        service=service,
        headline=_headline(name, told),
        why=_reasons(name, event),
        done=_done(name, told),
        next=_next(name, service, about),
        thread=f"{about.stack}/{service}/{rollout}",
        mark=Once(topic=f"rollouts/{service}", about=rollout, word=word),
    )


def _name(event: Event) -> EventName | None:
    """Which event it is. Whoever is stopped, or loses the lease, leaves a rollout to others: that is no news."""
    outcome, phase = event.details.get("outcome"), event.details.get("phase")
    if event.state is State.STARTED and phase == "forward":
        return "rollout-started"
    if event.state is State.WAITING and outcome == "paused for approval":
        return "rollout-waiting"
    if outcome == "stopped" and phase == "forward" and _why(event):
        return "rollout-failed"
    return _ENDS.get(str(outcome))


def _headline(name: EventName, told: Mapping[str, Any]) -> str:
    before, after = _image(told, "image_before"), _image(told, "image")
    goes = " → ".join(dict.fromkeys(image for image in (before, after) if image))
    match name:
        case "rollout-started":
            return f"rollout started: {goes}" if goes else "rollout started"
        case "rollout-waiting":
            share = f" at {told['percent']:g} %" if told.get("percent") else ""
            return f"waits for approval{share}: {goes}"
        case "rollout-succeeded":
            return f"rolled out {after}" if after else "rollout succeeded"
        case "rollout-rolled-back":
            return f"rolled back to {before}" if before else "rolled back"
        case "rollout-rollback-failed":
            return f"rollback failed: {goes}"
    return f"rollout stands still: {goes}"


def _image(told: Mapping[str, Any], which: str) -> str:
    """An image as people call it: its tag where it has one."""
    image = str(told.get("release", {}).get(which, ""))
    return image.partition("@")[0] or image


def _why(event: Event) -> str:
    return event.message.partition(": ")[2]


def _reasons(name: EventName, event: Event) -> tuple[str, ...]:
    """Why, in the words of whoever found it and of AWS; for whoever approves, what gates measured."""
    match name:
        case "rollout-started" | "rollout-succeeded":
            return ()
        case "rollout-waiting":
            return few(f"{reading['gate']}: {reading['note']}" for reading in event.details.get("readings", ()))
    why = _why(event)
    said = [f"{of}: {line}" for of, most in _EVIDENCE for line in event.details.get(of, ())[:most]]
    return (why, *(line for line in said if line.partition(": ")[2] not in why))


def _done(name: EventName, told: Mapping[str, Any]) -> str:
    match name:
        case "rollout-started":
            return f"Strategy: {told.get('strategy', '')}."
        case "rollout-rolled-back":
            return "It runs what it ran before." if _image(told, "image_before") else "Nothing of it runs any more."
        case "rollout-rollback-failed":
            return f"The new side has {told.get('percent', 0):g} % of the traffic. Going back is tried again."
        case "rollout-failed":
            return f"Nothing more is changed; the new side has {told.get('percent', 0):g} % of the traffic."
    return ""


def _next(name: EventName, service: str, about: About) -> tuple[str, ...]:
    match name:
        case "rollout-started":
            return (about.run("status", service, "--watch"),)
        case "rollout-waiting" | "rollout-failed":
            return about.run("promote", service), about.run("abort", service)
        case "rollout-rolled-back":
            return (about.run("history", service),)
        case "rollout-rollback-failed":
            return (about.run("status", service),)
    return ()


def _of_drift(event: Event, about: About) -> Notice:
    """What differs, of which each look tells all; the mark knows what of it is news."""
    now = frozenset(map(str, event.details["now"]))
    found = f"{len(now)} thing{'s differ' if len(now) != 1 else ' differs'} from the plan"
    return Notice(
        name="drift-found" if now else "drift-healed",
        stack=about.stack,
        headline=f"drift found: {found}" if now else "in sync again",
        done="" if now else "This differed, and is as planned again.",
        next=(about.run("drift"),) if now else (),
        thread=f"{about.stack}/drift",
        mark=Lasting(topic="drift", now=now),
        listed=True,
    )


def _of_vain(event: Event, about: About) -> Notice:
    """What was put back in vain; that it is gone is told with all that differed."""
    return Notice(
        name="drift-left-alone",
        stack=about.stack,
        headline="drift is left alone",
        done="It was put back three times, and was as before. Nobody touches it any more.",
        next=(about.run("drift"),),
        thread=f"{about.stack}/drift",
        mark=Lasting(topic="left-alone", now=frozenset(map(str, event.details["left_alone"])), told_when_over=False),
        listed=True,
    )


def _of_trouble(event: Event, about: About) -> Notice:
    over = event.state is State.DONE
    shared = "" if event.subject == about.stack else event.subject
    return Notice(
        name="stack-recovered" if over else "stack-broken",
        stack=about.stack,
        headline="can be kept as planned again"
        if over
        else f"cannot be kept as planned{f': {shared}' if shared else ''}",
        why=() if over else (event.message,),
        done="" if over else "It is tried again and again, with longer and longer pauses.",
        next=() if over else (about.run("plan"),),
        thread=f"{about.stack}/trouble",
        mark=Lasting(topic="trouble", now=frozenset() if over else frozenset({event.subject}), growing=True),
        shared=shared,
    )


def _of_lock(event: Event, about: About) -> Notice:
    fence, gone = str(event.details["fence"]), event.details["gone"]
    freeing = f'orchestrator lock release {about.stack} --force --reason "..."'
    return Notice(
        name="lock-stuck",
        stack=about.stack,
        headline="lock was left behind" if gone else "lock has been held for long",
        why=(event.message,),
        done="Whoever comes next takes it." if gone else "Nobody else can change the stack meanwhile.",
        next=(about.run("apply"),) if gone else ("orchestrator lock ls", freeing),
        thread=f"{about.stack}/lock",
        mark=Once(topic="lock", about=fence, word="gone" if gone else "held"),
    )


def few(lines: Iterable[str]) -> tuple[str, ...]:
    """The first of many lines, and how many more there are."""
    said = [line for line in dict.fromkeys(map(str, lines)) if line]
    more = [f"and {len(said) - _MOST} more"] if len(said) > _MOST else []
    return (*said[:_MOST], *more)
