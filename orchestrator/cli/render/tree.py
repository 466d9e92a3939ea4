"""A live picture of long work on a terminal: what runs, what waits and for what, and under a service its rollout."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from orchestrator.app.ecs_events import in_short
from orchestrator.cli.render.words import STYLES, bar, sentence, tasks
from orchestrator.core.clock import Clock, duration
from orchestrator.core.events import Event, State

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class LiveTree:
    """A sink and a context manager. Finished work scrolls up as ordinary lines; what is left is redrawn in place."""

    def __init__(self, console: Console, clock: Clock, title: str) -> None:
        self._console = console
        self._clock = clock
        self._title = title
        self._lock = threading.RLock()
        self._running: dict[str, Event] = {}
        self._since: dict[str, float] = {}
        self._counts: dict[State, int] = {}
        self._begun = clock.now()
        self._live = Live(get_renderable=self._draw, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.__exit__(kind, error, at)

    def __call__(self, event: Event) -> None:
        """Take the event into the picture; ends and notes become lines above it."""
        with self._lock:
            if event.state in (State.STARTED, State.WAITING, State.RETRYING):
                self._since.setdefault(event.subject, event.at)
                before = self._running.get(event.subject)
                merged = {**before.details, **event.details} if before else event.details
                self._running[event.subject] = Event(**{**vars(event), "details": merged})
                return
            self._counts[event.state] = self._counts.get(event.state, 0) + 1
            if event.state is not State.NOTE:
                self._running.pop(event.subject, None)
            self._print(event)

    def _print(self, event: Event) -> None:
        since = self._since.get(event.subject)
        took = f" ({duration(event.at - since)})" if since is not None and event.state is not State.NOTE else ""
        self._live.console.print(Text(f"  {sentence(event)}{took}", style=STYLES[event.state]), soft_wrap=True)
        if event.state is State.FAILED:
            for reason in (*event.details.get("stopped", ())[:2], *in_short(event.details.get("events", ()))[:5]):
                self._live.console.print(Text(f"      {reason}", style="red"), soft_wrap=True)

    def _draw(self) -> RenderableType:
        with self._lock:
            now = self._clock.now()
            frame = _SPINNER[int(now * 8) % len(_SPINNER)]
            finished = self._counts.get(State.DONE, 0)
            failed = self._counts.get(State.FAILED, 0)
            head = Text.assemble(
                (f"{frame} ", "cyan"),
                (self._title, "bold"),
                f"  {finished} done",
                (f", {failed} failed", "red") if failed else "",
                (f"  {duration(now - self._begun)}", "dim"),
            )
            room = max(3, self._console.height - 4)
            rows: list[RenderableType] = [head]
            for event in self._running.values():
                rows.extend(self._rows(event, now))
            hidden = len(rows) - room
            if hidden > 0:
                rows = [*rows[:room], Text(f"  … and {hidden} more lines", style="dim")]
            return Group(*rows)

    def _rows(self, event: Event, now: float) -> list[RenderableType]:
        took = duration(now - self._since.get(event.subject, event.at))
        line = Text.assemble(
            "  ", (event.subject, "bold" if event.details else ""), (f" {event.action}", "cyan"), (f" {took}", "dim")
        )
        if event.message:
            line.append(f"  {event.message}", style="dim")
        line.no_wrap, line.overflow = True, "ellipsis"
        return [line, *(_rollout_rows(event.details) if event.details else ())]


def _rollout_rows(details: Mapping[str, Any]) -> list[Text]:
    """Under a service: its stages, and for each colour its share of the traffic and its tasks; then what AWS says."""
    rows: list[Text] = []
    if stages := details.get("stages"):
        rows.append(_stages(stages, int(details.get("at", 0))))
    shares = {
        details.get("new"): int(details.get("percent", 0)),
        details.get("old"): 100 - int(details.get("percent", 0)),
    }
    for colour, counts in (details.get("tasks") or {}).items():
        row = Text(f"      {colour:6}", style=colour if colour in ("blue", "green") else "")
        if details.get("old"):
            row.append(f"{bar(shares.get(colour, 0))} {shares.get(colour, 0):3}%  ")
        rows.append(row.append(tasks(counts), style="dim"))
    rows += [Text(f"      ✗ {reason}", style="red") for reason in details.get("stopped", ())[:2]]
    rows += [Text(f"      {text}", style="dim") for text in in_short(details.get("events", ()))[:5]]
    for line in rows:
        line.no_wrap, line.overflow = True, "ellipsis"
    return rows


def _stages(names: Sequence[str], at: int) -> Text:
    text = Text("      ")
    for place, name in enumerate(names):
        style = "green" if place < at else "bold cyan" if place == at else "dim"
        text.append(name, style=style).append(" › " if place + 1 < len(names) else "", style="dim")
    return text
