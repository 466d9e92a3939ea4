"""What an alarm makes of its datapoints: enough of them beyond the threshold, too few to say, or all well.

AWS looks at a few periods more than it evaluates, takes the newest datapoints that are there, and only if these are
too few does it treat the missing ones as the alarm says.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

EXTRA_PERIODS = 2
"""Periods beyond the evaluated ones that are looked at for datapoints."""
OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
_BEYOND: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
}


@dataclass(frozen=True)
class Condition:
    """When an alarm rings."""

    comparison: str
    threshold: float
    evaluated: int
    """Periods that are evaluated."""
    needed: int
    """How many of these have to be beyond the threshold."""
    missing: str = "missing"
    """What a missing datapoint counts as."""

    @property
    def known(self) -> bool:
        """Whether the comparison is with a fixed threshold; a band of expected values is not modelled."""
        return self.comparison in _BEYOND

    def beyond(self, value: float) -> bool:
        """Whether a datapoint breaches the threshold."""
        return _BEYOND[self.comparison][0](value, self.threshold)

    @property
    def words(self) -> str:
        """The comparison as a reason says it."""
        return f"{_BEYOND[self.comparison][1]} the threshold ({self.threshold})"


def judge(condition: Condition, values: Sequence[float | None]) -> tuple[str | None, str]:
    """The state, ``None`` for as before, and its reason, from the datapoints that were looked at, the newest first."""
    there = [(age, value) for age, value in enumerate(values) if value is not None][: condition.evaluated]
    lacking = condition.evaluated - len(there)
    breaching = [age for age, value in there if condition.beyond(value)]
    if lacking and condition.missing in ("breaching", "notBreaching"):
        ringing = len(breaching) + (lacking if condition.missing == "breaching" else 0) >= condition.needed
        return (ALARM if ringing else OK), _reason(condition, there, ringing=ringing, lacking=lacking)
    if len(breaching) >= condition.needed:
        return ALARM, _reason(condition, there, ringing=True)
    if not there:
        if condition.missing == "ignore":
            return None, ""
        return INSUFFICIENT_DATA, f"Insufficient Data: {_datapoints(condition.evaluated)} unknown."
    if not lacking or len(breaching) < len(there):
        return OK, _reason(condition, there, ringing=False)
    if condition.missing == "missing" and breaching[-1] + 1 >= condition.needed:
        return ALARM, _reason(condition, there, ringing=True)
    return None, ""


def _reason(condition: Condition, there: Sequence[tuple[int, float]], *, ringing: bool, lacking: int = 0) -> str:
    shown = ", ".join(str(value) for _, value in there)
    treated = ""
    if lacking:
        word = "Breaching" if condition.missing == "breaching" else "NonBreaching"
        treated = f" and {_datapoints(lacking, 'missing ')} treated as [{word}]"
    if not there:
        return f"Threshold Crossed: no datapoints were received for {lacking} period(s){treated}."
    if ringing:
        number = sum(condition.beyond(value) for _, value in there)
        of = f"{number} out of the last {_listed(condition.evaluated)} [{shown}] was {condition.words}{treated}"
        return f"Threshold Crossed: {of} (minimum {_listed(condition.needed)} for OK -> ALARM transition)."
    return f"Threshold Crossed: {_listed(len(there))} [{shown}] was not {condition.words}{treated}."


def _listed(number: int, kind: str = "") -> str:
    return f"{number} {kind}datapoint" + ("" if number == 1 else "s")


def _datapoints(number: int, kind: str = "") -> str:
    return _listed(number, kind) + (" was" if number == 1 else " were")
