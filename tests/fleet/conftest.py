"""Tells at the end of a run what the fleet has been through."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.fleet.ordeal")

from tests.figures import figures  # noqa: E402  (asserts tell values only if rewritten)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sum of what the tests have recorded."""
    figures(terminalreporter, "fleet")
