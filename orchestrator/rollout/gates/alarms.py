"""No alarm rings. One that has no data yet proves nothing."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable
from typing import ClassVar

from orchestrator.aws.door import Aws
from orchestrator.rollout.gates.base import Judgement, Limits, Means, Reading, Window

_ALARMS_A_CALL = 100


@dc.dataclass(frozen=True, kw_only=True)
class Alarms:
    """CloudWatch alarms by name."""

    name: ClassVar[str] = "alarms"
    names: tuple[str, ...]
    limits: Limits = dc.field(default_factory=Limits)

    @property
    def title(self) -> str:
        return f"alarms {', '.join(self.names)}"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        states = states_of(means.aws, self.names)
        missing = sorted(set(self.names) - set(states))
        if missing:
            return Reading(judgement=Judgement.ERROR, words=f"there is no alarm {', '.join(missing)}")
        ringing = [f"{n}: {why}" for n, (state, why) in sorted(states.items()) if state == "ALARM"]
        if ringing:
            return Reading(judgement=Judgement.FAIL, words="; ".join(ringing))
        unknown = sorted(n for n, (state, _) in states.items() if state != "OK")
        if unknown:
            return Reading(judgement=Judgement.INCONCLUSIVE, words=f"no data for {', '.join(unknown)}")
        return Reading(judgement=Judgement.PASS, words="none rings")


def states_of(aws: Aws, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """State and reason of each alarm that exists, composite ones too."""
    listed = sorted(set(names))
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(listed), _ALARMS_A_CALL):
        wanted = listed[start : start + _ALARMS_A_CALL]
        alarms = aws.pages(
            "cloudwatch",
            "describe_alarms",
            "[MetricAlarms, CompositeAlarms][]",
            AlarmNames=wanted,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        for alarm in alarms:
            if alarm and alarm["AlarmName"] in wanted:
                found[alarm["AlarmName"]] = alarm["StateValue"], alarm.get("StateReason", "")
    return found
