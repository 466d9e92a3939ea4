"""The picture of a rollout's weights: what was, as a stair; what is planned, dashed; where gates spoke, and people.

Only numbers are made here. A template draws them, so that the picture is there without a script.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HEIGHT = 220.0
TOP, BOTTOM = 18.0, 28.0
_SHORTEST = 60.0
_TICKS = 5
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)

Point = tuple[float, float]
"""When, and how much of the traffic."""


@dc.dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that happened: ``kind`` is pass, fail, error, inconclusive or order."""

    x: float
    kind: str
    words: str


@dc.dataclass(frozen=True, kw_only=True)
class Chart:
    """The picture: across in percent of whatever width there is, down in pixels; paths in tenths of a percent."""

    line: str
    area: str
    ahead: str
    now: float | None
    percent: float
    ticks: tuple[tuple[float, float], ...]
    """Where, and seconds since the beginning."""
    levels: tuple[tuple[float, int], ...]
    marks: tuple[Mark, ...]


def of_rollout(told: Mapping[str, Any], now: float) -> Chart:
    """A rollout under way."""
    points = _stair(told["weights"], told["started"], now)
    planned = _planned(told["stages"], points[-1], now) if told["phase"] == "forward" else []
    return _chart(points, planned, told["journal"], now)


def of_record(record: Mapping[str, Any]) -> Chart:
    """A rollout that is over."""
    points = _stair(record["weights"], record["started"], record["ended"])
    return _chart(points, [], record["journal"], None)


def _stair(weights: Iterable[Sequence[float]], began: float, end: float) -> list[Point]:
    """Shares over time, from the beginning to the end."""
    known = [(float(at), float(percent)) for at, percent in weights]
    first = min([100.0 if known and known[0][1] < 0 else 0.0, *(p for _, p in known[:1])])
    points = [(began, max(0.0, first))]
    for at, percent in known:
        points += [(at, points[-1][1]), (at, max(0.0, percent))]
    return [*points, (max(end, points[-1][0]), points[-1][1])]


def _planned(stages: Iterable[Mapping[str, Any]], last: Point, now: float) -> list[Point]:
    """What is ahead: the weights to come, and how long each is to be watched."""
    at, percent = last
    points = [last]
    for stage in stages:
        if stage["state"] not in ("now", "ahead"):
            continue
        if stage["percent"] is not None:
            percent = float(stage["percent"])
            points += [(at, points[-1][1]), (at, percent)]
        if stage["seconds"] is not None:
            passed = now - stage["since"] if stage["since"] is not None else 0.0
            at += max(0.0, stage["seconds"] - passed)
            points.append((at, percent))
    return points if len(points) > 1 else []


def _chart(points: list[Point], planned: list[Point], journal: Iterable[Mapping[str, Any]], now: float | None) -> Chart:
    began = points[0][0]
    span = max(_SHORTEST, [*points, *planned][-1][0] - began)

    def x(at: float) -> float:
        return round(100 * (at - began) / span, 2)

    def path(stair: list[Point]) -> str:
        return " ".join(f"{'L' if n else 'M'}{10 * x(at):g} {y(percent):g}" for n, (at, percent) in enumerate(stair))

    line = path(points)
    floor = y(0)
    return Chart(
        line=line,
        area=f"{line} L{10 * x(points[-1][0]):g} {floor:g} L0 {floor:g} Z",
        ahead=path(planned),
        now=x(now) if now is not None else None,
        percent=points[-1][1],
        ticks=tuple((x(began + seconds), seconds) for seconds in _ticks(span)),
        levels=tuple((y(level), level) for level in (0, 50, 100)),
        marks=tuple(_marks(journal, x)),
    )


def y(percent: float) -> float:
    """How far down a share is drawn."""
    return round(TOP + (100 - percent) / 100 * (HEIGHT - TOP - BOTTOM), 1)


def _ticks(span: float) -> Iterable[float]:
    step = next((s for s in _STEPS if span / s <= _TICKS), _STEPS[-1] * max(1, round(span / _STEPS[-1] / _TICKS)))
    return [step * n for n in range(int(span // step) + 1)]


def _marks(journal: Iterable[Mapping[str, Any]], x: Any) -> Iterable[Mark]:
    for entry in journal:
        if "gate" in entry:
            yield Mark(x=x(entry["at"]), kind=entry["judgement"], words=f"{entry['gate']}: {entry['note']}")
        elif entry["note"].startswith(("promote", "abort")):
            yield Mark(x=x(entry["at"]), kind="order", words=entry["note"])
