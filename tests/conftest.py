"""Cuts every test off from the machine it runs on: its AWS account, its proxies, its settings, its terminal."""

import functools
import os
from pathlib import Path

import botocore.session
import hypothesis
import pytest

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_TERMINAL = ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "PY_COLORS")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test, and before any fixture of a wider scope than a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_", "ORCHESTRATOR_")) or name.lower() in _PROXIES or name in _TERMINAL:
            del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="127.0.0.1,localhost",
        TZ="UTC",
    )
    # Sessions share what they read: EC2's model alone is megabytes of JSON, and nearly every test has a session.
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    # How fast a loaded machine is says nothing about the code; and a failure must come back on the next run.
    hypothesis.settings.register_profile(
        "suite",
        deadline=None,
        derandomize=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("suite")


@pytest.fixture(autouse=True)
def own_user_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a state and a settings directory of its own."""
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg-state"))
