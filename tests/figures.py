"""What tests count as they go, told at the end of a run: each records a mapping of numbers under a name."""

from __future__ import annotations

from collections import Counter

import pytest


def figures(reporter: pytest.TerminalReporter, name: str) -> None:
    """Print the sum of what was recorded under a name; by its teardown a test has recorded all."""
    recorded = [
        dict(value)
        for reports in reporter.stats.values()
        for report in reports
        for key, value in getattr(report, "user_properties", ())
        if key == name and report.when == "teardown"
    ]
    if recorded:
        total = sum((Counter(each) for each in recorded), Counter())
        told = {"runs": len(recorded), **{key: total[key] for each in recorded[:1] for key in each}}
        reporter.section(name)
        reporter.line(", ".join(f"{value} {key}" for key, value in told.items()))
