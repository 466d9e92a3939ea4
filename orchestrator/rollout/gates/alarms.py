"""No alarm rings. One that has no data yet proves nothing.

An alarm about one colour cannot see the other one: the service's own alarms follow the traffic only when a rollout is
nearly over. So such an alarm is asked about the new side by its own terms: same metric, periods and threshold.
"""

from __future__ import annotations

import dataclasses as dc
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from orchestrator.aws.door import Aws
from orchestrator.rollout import datapoints
from orchestrator.rollout.gates.base import Judgement, Limits, Means, Reading, Window
from orchestrator.rollout.sides import seconds

_ALARMS_A_CALL = 100
_BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dc.dataclass(frozen=True, kw_only=True)
class Alarms:
    """CloudWatch alarms by name."""

    name: ClassVar[str] = "alarms"
    actions: ClassVar[tuple[str, ...]] = ("cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData")
    names: tuple[str, ...]
    limits: Limits = dc.field(default_factory=Limits)

    @property
    def title(self) -> str:
        return f"alarms {', '.join(self.names)}"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        alarms = described(means.aws, self.names)
        missing = sorted(set(self.names) - set(alarms))
        if missing:
            judgement = Judgement.ERROR if window.old else Judgement.INCONCLUSIVE  # a first release brings its own
            return Reading(judgement=judgement, words=f"there is no alarm {', '.join(missing)}")
        own = {name: turned for name, alarm in alarms.items() if (turned := _turned(alarm, window))}
        told = [_state(alarm, window, own=name in own) for name, alarm in sorted(alarms.items())]
        told += _terms(means, window, alarms, own)
        for judgement in (Judgement.FAIL, Judgement.INCONCLUSIVE):
            if words := dict.fromkeys(reading.words for reading in told if reading.judgement is judgement):
                return Reading(judgement=judgement, words="; ".join(words))
        return Reading(judgement=Judgement.PASS, words="none rings")


def described(aws: Aws, names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Each alarm that exists, composite ones too."""
    listed = sorted(set(names))
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(listed), _ALARMS_A_CALL):
        wanted = listed[start : start + _ALARMS_A_CALL]
        alarms = aws.pages(
            "cloudwatch",
            "describe_alarms",
            "[MetricAlarms, CompositeAlarms][]",
            AlarmNames=wanted,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        found.update({alarm["AlarmName"]: alarm for alarm in alarms if alarm and alarm["AlarmName"] in wanted})
    return found


def ringing(alarm: Mapping[str, Any]) -> str:
    """The alarm with AWS's reason, if it rings."""
    return f"{alarm['AlarmName']}: {alarm.get('StateReason', '')}" if alarm["StateValue"] == "ALARM" else ""


def _state(alarm: Mapping[str, Any], window: Window, *, own: bool) -> Reading:
    """What CloudWatch makes of it. An own one that rang before the rollout began is what the release may be to mend."""
    since = seconds(alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp"))
    if (words := ringing(alarm)) and not (own and since and since < window.began):
        return Reading(judgement=Judgement.FAIL, words=words)
    if not own and alarm["StateValue"] != "OK":
        return Reading(judgement=Judgement.INCONCLUSIVE, words=f"no data for {alarm['AlarmName']}")
    return Reading(judgement=Judgement.PASS, words="")


# -- by its own terms ----------------------------------------------------------------------------------------


def _turned(alarm: Mapping[str, Any], window: Window) -> dict[str, str]:
    """The dimensions of an alarm about either colour, turned to the new one; empty for any other alarm.

    Before the new side serves, nothing is to be seen there: then each alarm counts by its state.
    """
    if not window.serving:
        return {}
    if not alarm.get("MetricName") or alarm["ComparisonOperator"] not in _BREACHES:
        return {}  # metric math, anomaly detection
    found = {d["Name"]: d["Value"] for d in alarm.get("Dimensions", ())}
    groups = {colour: arn.rpartition(":")[2] for colour, arn in window.groups.items()}
    if found.get("TargetGroup") in groups.values():
        return {**found, "TargetGroup": groups[window.new]}
    if found.get("ClusterName") == window.cluster and found.get("ServiceName") in window.services.values():
        return {**found, "ServiceName": window.services[window.new]}
    return {}


def _terms(means: Means, window: Window, alarms: Mapping[str, Any], own: Mapping[str, Any]) -> list[Reading]:
    """What each of the service's own alarms would say about the new side, had it watched that since the stage began."""
    readings = []
    for period in sorted({int(alarms[name]["Period"]) for name in own}):
        named = dict(enumerate(name for name in sorted(own) if int(alarms[name]["Period"]) == period))
        starts = range(math.ceil(window.since / period) * period, int(window.now) - period + 1, period)
        stats = {f"own{n}": _stat(alarms[name], own[name]) for n, name in named.items()}
        found = datapoints.read(means.aws, stats, starts.start, window.now - window.now % period)
        readings += [_evaluated(alarms[name], found[f"own{n}"], starts) for n, name in named.items()]
    return readings


def _stat(alarm: Mapping[str, Any], dimensions: Mapping[str, str]) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())]
    return {
        "Metric": {"Namespace": alarm["Namespace"], "MetricName": alarm["MetricName"], "Dimensions": named},
        "Period": int(alarm["Period"]),
        "Stat": alarm.get("Statistic") or alarm["ExtendedStatistic"],
    }


def _evaluated(alarm: Mapping[str, Any], values: Mapping[float, float], starts: range) -> Reading:
    """As CloudWatch evaluates: so many of the newest periods beyond the threshold; what is missing, as it says."""
    name, missing = alarm["AlarmName"], alarm.get("TreatMissingData", "missing")
    periods = int(alarm["EvaluationPeriods"])
    looked_at = starts[-periods:]
    beyond = [values[at] for at in looked_at if at in values and _beyond(alarm, values[at])]
    bad = len(beyond) + (sum(at not in values for at in looked_at) if missing == "breaching" else 0)
    if bad >= int(alarm.get("DatapointsToAlarm") or periods):
        last = f", lastly with {beyond[-1]:g}" if beyond else ""
        words = f"{name}: the new side is beyond {alarm['Threshold']:g} in {bad} of {periods} periods{last}"
        return Reading(judgement=Judgement.FAIL, words=words)
    if len(looked_at) < periods:
        words = f"{len(looked_at)} of {periods} periods of {alarm['Period']} s seen"
        return Reading(judgement=Judgement.INCONCLUSIVE, words=words)
    if missing in ("missing", "ignore") and not any(at in values for at in looked_at):
        return Reading(judgement=Judgement.INCONCLUSIVE, words=f"no data for {name}")
    return Reading(judgement=Judgement.PASS, words="")


def _beyond(alarm: Mapping[str, Any], value: float) -> bool:
    return _BREACHES[alarm["ComparisonOperator"]](value, float(alarm["Threshold"]))
