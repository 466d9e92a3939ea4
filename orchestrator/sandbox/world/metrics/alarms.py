"""Alarms, evaluated every minute as long as there are any, by the world's clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair
from orchestrator.sandbox.world.ecs.model import stamp
from orchestrator.sandbox.world.metrics import reading
from orchestrator.sandbox.world.metrics.expressions import Points
from orchestrator.sandbox.world.metrics.judgement import EXTRA_PERIODS, Condition, judge
from orchestrator.sandbox.world.metrics.reading import Metric, Window
from orchestrator.sandbox.world.metrics.sources import Scope
from orchestrator.sandbox.world.traffic.ledger import MINUTE
from orchestrator.sandbox.world.world import present

if TYPE_CHECKING:
    from orchestrator.sandbox.world.world import World


@repair("cloudwatch", "PutMetricAlarm")
def alarm_is_watched(call: Call, proceed: Proceed) -> Reply:
    """An alarm is evaluated from now on, and its instants are the sandbox's; moto never looks at one."""
    alarms, name = cloudwatch_backends[call.account][call.region].alarms, call.params["AlarmName"]
    new = name not in alarms
    reply = proceed()
    alarms[name].configuration_updated_timestamp = _instant(call.now)
    if new:
        alarms[name].state_updated_timestamp = _instant(call.now)
    present().alarms.watch()
    return reply


@repair("cloudwatch", "SetAlarmState")
def state_is_set_now(call: Call, proceed: Proceed) -> Reply:
    """A state that is set holds until the next evaluation."""
    reply = proceed()
    alarm = cloudwatch_backends[call.account][call.region].alarms[call.params["AlarmName"]]
    alarm.state_updated_timestamp = _instant(call.now)
    return reply


class Alarms:
    """Evaluates every alarm of every account at the turn of each minute."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._watching = False
        self._follower: Callable[[], None] | None = None

    def followed_by(self, follower: Callable[[], None]) -> None:
        """Have somebody act on what the alarms say, after each evaluation."""
        self._follower = follower
        self.watch()

    def watch(self) -> None:
        """Begin to evaluate, at the next turn of a minute."""
        if not self._watching:
            self._watching = True
            now = self._world.now()
            self._world.after(MINUTE - now % MINUTE, self._evaluate)

    def _evaluate(self) -> None:
        self._watching = False
        for account, regions in list(cloudwatch_backends.items()):
            for region, backend in list(regions.items()):
                scope = Scope(self._world, account, region)
                for alarm in list(backend.alarms.values()):
                    self._look_at(scope, alarm)
                    self.watch()
        if self._follower is not None:
            self._follower()

    def _look_at(self, scope: Scope, alarm: Any) -> None:
        condition = condition_of(alarm)
        if alarm.rule is not None or not condition.known:
            return
        try:
            values = datapoints(scope, alarm, condition.evaluated + EXTRA_PERIODS)
        except AwsError:  # an expression that can not be computed: AWS has no data either
            values = [None]
        state, reason = judge(condition, values)
        if state is not None and state != alarm.state_value:
            alarm.update_state(reason, "{}", state)
            alarm.state_updated_timestamp = _instant(self._world.now())


def condition_of(alarm: Any) -> Condition:
    """When an alarm rings, as it was told."""
    evaluated = int(alarm.evaluation_periods)
    return Condition(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold or 0.0),
        evaluated=evaluated,
        needed=int(alarm.datapoints_to_alarm or evaluated),
        missing=alarm.treat_missing_data or "missing",
    )


def datapoints(scope: Scope, alarm: Any, periods: int) -> Sequence[float | None]:
    """What an alarm watches in the periods up to now, the newest first."""
    queries = [_query(each) for each in alarm.metric_data_queries]
    told = [float(query["MetricStat"]["Period"]) for query in queries if "MetricStat" in query]
    period = max([float(alarm.period or 0.0), *told]) or MINUTE
    now = scope.world.now()
    end = now - now % MINUTE
    window = Window(end - periods * period, end, period)
    found: Points
    if queries:
        shown = next((query["Id"] for query in queries if query["ReturnData"]), queries[-1]["Id"])
        found = reading.answered(scope, queries, window)[shown]
    else:
        dimensions = {each.name: each.value for each in alarm.dimensions}
        metric = Metric(alarm.namespace, alarm.metric_name, dimensions)
        statistic = alarm.statistic or alarm.extended_statistic
        found = reading.points(scope, metric, statistic, window, alarm.unit)
    return [found.get(start) for start in reversed(window.starts)]


def _query(told: Any) -> Mapping[str, Any]:
    """A metric of an alarm as ``GetMetricData`` takes it."""
    query: dict[str, Any] = {"Id": told.id, "ReturnData": told.return_data in (None, True, "true")}
    if told.metric_stat is None:
        return {**query, "Expression": told.expression, "Period": told.period}
    metric = told.metric_stat.metric
    named = {
        "Namespace": metric.namespace,
        "MetricName": metric.metric_name,
        "Dimensions": [{"Name": each.name, "Value": each.value} for each in metric.dimensions],
    }
    stat = {"Metric": named, "Period": told.metric_stat.period, "Stat": told.metric_stat.stat}
    return {**query, "MetricStat": {**stat, "Unit": told.metric_stat.unit}}


def _instant(at: float) -> Any:
    """As moto keeps instants, without a zone."""
    aware = stamp(at)
    return None if aware is None else aware.replace(tzinfo=None)
