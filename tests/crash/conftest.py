"""Tells at the end of a run at how many points processes died, and what came of it."""

from __future__ import annotations

import pytest

from tests.figures import figures


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sum of what the tests have recorded."""
    figures(terminalreporter, "crash")
