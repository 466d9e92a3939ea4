"""Tells at the end of a run what the systems have been through."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.chaos.ordeal", "tests.scenarios.chat.oracle")

from tests.figures import figures  # noqa: E402  (asserts tell values only if rewritten)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sum of what the tests have recorded."""
    figures(terminalreporter, "chaos")
