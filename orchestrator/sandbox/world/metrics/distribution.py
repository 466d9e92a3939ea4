"""What was measured in a span of time: values, and how often each of them was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable

STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")


class Distribution:
    """Values with their weights; every statistic of CloudWatch is computed from these."""

    def __init__(self, values: Iterable[tuple[float, float]] = ()) -> None:
        self._weights: dict[float, float] = {}
        for value, weight in values:
            self.add(value, weight)

    def add(self, value: float, weight: float = 1.0) -> None:
        """Note that a value was seen so many times, or for so long."""
        self._weights[value] = self._weights.get(value, 0.0) + weight

    def merge(self, other: Distribution) -> None:
        """Note all that the other has seen."""
        for value, weight in other._weights.items():
            self.add(value, weight)

    @property
    def count(self) -> float:
        """How many values were seen."""
        return sum(self._weights.values())

    @property
    def sum(self) -> float:
        """All values together."""
        return sum(value * weight for value, weight in self._weights.items())

    def statistic(self, name: str) -> float | None:
        """A statistic by its name on the wire; ``None`` where nothing was seen."""
        if not self._weights:
            return None
        if (asked := _PERCENTILE.fullmatch(name)) is not None:
            return self._percentile(float(asked[1]))
        return {
            "Average": lambda: self.sum / self.count,
            "Sum": lambda: self.sum,
            "Minimum": lambda: min(self._weights),
            "Maximum": lambda: max(self._weights),
            "SampleCount": lambda: self.count,
        }[name]()

    def _percentile(self, percent: float) -> float:
        """The lowest value that so many percent of all do not exceed."""
        wanted, seen = self.count * percent / 100.0, 0.0
        for value in sorted(self._weights):
            seen += self._weights[value]
            if seen >= wanted - 1e-9:
                return value
        return max(self._weights)


def known(statistic: str) -> bool:
    """Whether the world can compute a statistic of that name."""
    return statistic in STATISTICS or _PERCENTILE.fullmatch(statistic) is not None
