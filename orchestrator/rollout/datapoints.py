"""CloudWatch's data points, of whole periods only: of a part of one, sums would be too small."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orchestrator.aws.door import Aws


def read(aws: Aws, stats: Mapping[str, Mapping[str, Any]], start: float, end: float) -> dict[str, dict[float, float]]:
    """Values of each metric by the instant at which their period begins. One call, whatever is asked for."""
    found: dict[str, dict[float, float]] = {key: {} for key in stats}
    if end <= start or not stats:
        return found
    results = aws.pages(
        "cloudwatch",
        "get_metric_data",
        "MetricDataResults",
        MetricDataQueries=[{"Id": key, "MetricStat": dict(stat), "ReturnData": True} for key, stat in stats.items()],
        StartTime=datetime.fromtimestamp(start, UTC),
        EndTime=datetime.fromtimestamp(end, UTC),
    )
    for result in results:
        if result["Id"] in found:
            instants = (at.timestamp() for at in result.get("Timestamps", ()))
            found[result["Id"]].update(zip(instants, result.get("Values", ()), strict=False))
    return found
