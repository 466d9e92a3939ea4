"""A load balancer whose rules are listed late: what is not listed yet was not taken away by anybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.rollout.state import Outcome
from orchestrator.sandbox.clock import VirtualClock
from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.sandbox.server import Sandbox
from tests.crash.inline import InlineAws
from tests.crash.rollouts import InlineDoor
from tests.scenarios.rollouts.scene import Scene, scene


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Posts, that was never released."""
    with Sandbox(clock=VirtualClock()) as sandbox:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
        posts = scene(InlineAws(sandbox, sandbox.clock), InlineDoor(sandbox))
        posts.service()
        yield posts


def _listed_late(stage: Scene, times: int) -> None:
    rule = Rule(
        fault=Fault.DENIED, service="elbv2", operation="DescribeRules", skip=1, count=times, code="RuleNotFound"
    )
    stage.aws.sandbox.faults.add(rule)


def test_the_first_release_waits_for_its_rule_to_be_listed(stage: Scene) -> None:
    _listed_late(stage, 3)
    result = stage.deploy()["posts"]
    assert result.outcome is Outcome.SUCCEEDED, stage.told()
    assert stage.weights() == {"blue": 100, "green": 0}
    assert "AWS does not list the rule" in stage.told()


def test_a_rule_that_is_gone_for_good_ends_the_release(stage: Scene) -> None:
    _listed_late(stage, 10_000)
    result = stage.deploy()["posts"]
    assert result.outcome is not Outcome.SUCCEEDED
    assert "the rule was changed by somebody else" in result.why
