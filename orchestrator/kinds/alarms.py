"""CloudWatch alarms on one metric. Those that scaling policies make for themselves are not looked at."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Join, Link, Ref
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.scope import Scope

_STATISTICS = frozenset({"Average", "Maximum", "Minimum", "SampleCount", "Sum"})
_NAMES_A_CALL = 100


def _parse_dimensions(dimensions: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {d["Name"]: d["Value"] for d in dimensions}


@dc.dataclass(frozen=True, kw_only=True)
class Alarm(Named):
    """An alarm. ``statistic`` may be a percentile (``p99``); ``datapoints`` of 0 means all of the periods.

    ``missing`` says what a period without data counts as: missing, ignore, breaching, notBreaching.
    """

    kind: ClassVar[str] = "alarm"
    name_limit: ClassVar[int] = 255
    aws_name: str = attr("AlarmName", immutable=True)
    namespace: str = attr("Namespace")
    metric: str = attr("MetricName")
    dimensions: Mapping[str, str | Ref[Any] | Join] = attr("Dimensions || `[]`", parse=_parse_dimensions, factory=dict)
    statistic: str = attr("Statistic || ExtendedStatistic", default="Average")
    unit: str = attr("Unit || ''", default="")
    period: int = attr("Period", default=60)
    periods: int = attr("EvaluationPeriods", default=3)
    datapoints: int = attr("DatapointsToAlarm || `0`", default=0)
    threshold: float = attr("Threshold")
    comparison: str = attr("ComparisonOperator", default="GreaterThanThreshold")
    missing: str = attr("TreatMissingData || 'missing'", default="missing")
    description: str = attr("AlarmDescription || ''", default="")
    alarm_actions: frozenset[Link[Any]] = attr("AlarmActions || `[]`", parse=frozenset, default=frozenset())
    ok_actions: frozenset[Link[Any]] = attr("OKActions || `[]`", parse=frozenset, default=frozenset())
    no_data_actions: frozenset[Link[Any]] = attr(
        "InsufficientDataActions || `[]`", parse=frozenset, default=frozenset()
    )
    acts: bool = attr("ActionsEnabled", default=True)


class AlarmKind(NamedKind[Alarm]):
    """Putting an alarm replaces all of it but its tags, which count only when it is new."""

    resource = Alarm
    service = "cloudwatch"
    outputs: ClassVar[Mapping[str, str]] = {"id": "AlarmArn", "arn": "AlarmArn", "name": "AlarmName"}
    actions = Actions(
        read=("cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"),
        create=("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"),
        update=("cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"),
        delete=("cloudwatch:DeleteAlarms",),
    )
    arns: ClassVar[Mapping[str, str]] = {"cloudwatch:alarm": "alarm:{aws_name}"}

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By the stack's prefix in one call; by name only what is called otherwise."""
        prefix = f"{scope.stack}-"
        wanted = {w.aws_name for w in scope.of(Alarm.kind) if isinstance(w, Alarm)}
        proposed = {arn.rpartition(":alarm:")[2] for arn in scope.proposed(aws, Alarm.kind)}
        others = sorted(name for name in wanted | proposed if not name.startswith(prefix))
        asks: list[dict[str, Any]] = [{"AlarmNamePrefix": prefix}]
        asks += [{"AlarmNames": others[i : i + _NAMES_A_CALL]} for i in range(0, len(others), _NAMES_A_CALL)]
        listed = (
            item
            for ask in asks
            for item in aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmTypes=["MetricAlarm"], **ask)
        )
        return self.candidates(aws, scope, listed)

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """One alarm's."""
        return tags.as_map(aws.client("cloudwatch").list_tags_for_resource(ResourceARN=arn)["Tags"])

    def predict(self, want: Alarm, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its ARN is made of its name."""
        arn = f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: Alarm) -> Item:
        """AWS answers nothing, so what it is known by is told from its name."""
        aws.client("cloudwatch").put_metric_alarm(**_input(want), Tags=tags.as_list(want.tags))
        known = self.predict(want, aws.account, aws.region, aws.partition)
        return {"AlarmArn": known["arn"], "AlarmName": known["name"]}

    def update(self, aws: Aws, want: Alarm, live: Live[Alarm], changed: frozenset[str]) -> None:
        """All of it at once; its state stays."""
        if changed - {"tags"}:
            aws.client("cloudwatch").put_metric_alarm(**_input(want))
        if "tags" in changed:
            aws.client("cloudwatch").tag_resource(ResourceARN=live.outputs["arn"], Tags=tags.as_list(want.tags))

    def delete(self, aws: Aws, live: Live[Alarm]) -> None:
        """One that is gone already is no error to AWS."""
        aws.client("cloudwatch").delete_alarms(AlarmNames=[live.outputs["name"]])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """CPU of a service."""
        return [
            Alarm(
                name="posts-cpu",
                aws_name="contract-posts-cpu-high",
                namespace="AWS/ECS",
                metric="CPUUtilization",
                dimensions={"ClusterName": "contract", "ServiceName": "posts-blue"},
                threshold=85.0,
            )
        ]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Everything otherwise."""
        topic = "arn:aws:sns:us-east-1:123456789012:contract"
        return {
            "namespace": "AWS/ApplicationELB",
            "metric": "TargetResponseTime",
            "dimensions": {"ClusterName": "contract", "ServiceName": "posts-green"},
            "statistic": "p99",
            "unit": "Percent",
            "period": 300,
            "periods": 5,
            "datapoints": 2,
            "threshold": 90.5,
            "comparison": "GreaterThanOrEqualToThreshold",
            "missing": "notBreaching",
            "description": "tasks are short of CPU",
            "alarm_actions": frozenset({topic}),
            "ok_actions": frozenset({topic}),
            "no_data_actions": frozenset({topic}),
        }


def _input(want: Alarm) -> dict[str, Any]:
    statistic = "Statistic" if want.statistic in _STATISTICS else "ExtendedStatistic"
    optional = {"Unit": want.unit, "DatapointsToAlarm": want.datapoints, "AlarmDescription": want.description}
    return {
        "AlarmName": want.aws_name,
        "Namespace": want.namespace,
        "MetricName": want.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(want.dimensions.items())],
        statistic: want.statistic,
        "Period": want.period,
        "EvaluationPeriods": want.periods,
        "Threshold": want.threshold,
        "ComparisonOperator": want.comparison,
        "TreatMissingData": want.missing,
        "AlarmActions": sorted(map(str, want.alarm_actions)),
        "OKActions": sorted(map(str, want.ok_actions)),
        "InsufficientDataActions": sorted(map(str, want.no_data_actions)),
        "ActionsEnabled": want.acts,
        **{key: value for key, value in optional.items() if value},
    }
