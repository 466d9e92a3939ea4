"""The list of rules is complete, true to the service models, and each can be switched by its id."""

from __future__ import annotations

from collections import Counter

import pytest
from moto.core.utils import get_service_model

from orchestrator.sandbox import strict
from orchestrator.sandbox.strict.registry import EVERY_OPERATION, Rule
from tests.sandbox.strict.network import refused
from tests.world import Aws

# codes that AWS answers with and leaves out of its service models
UNMODELLED = {"ValidationError", "ValidationException", "UnsupportedCertificate"}


@pytest.mark.parametrize("rule", strict.rules(), ids=lambda rule: f"{rule.id}-{rule.check.__name__}")
def test_a_rule_is_about_operations_and_codes_of_its_service(rule: Rule) -> None:
    model = get_service_model(rule.service)
    assert set(rule.operations) <= {EVERY_OPERATION, *model.operation_names}
    modelled = {name for shape in model.error_shapes for name in (shape.name, shape.error_code)}
    assert rule.service in ("ec2", "s3") or rule.code in modelled | UNMODELLED
    assert rule.summary.endswith(".")


def test_no_rule_is_registered_twice() -> None:
    names = Counter((rule.id, rule.check.__name__) for rule in strict.rules())
    assert [name for name, count in names.items() if count > 1] == []


def retain(aws: Aws, days: int = 10) -> None:
    aws.client("logs").put_retention_policy(logGroupName="/web", retentionInDays=days)


@pytest.fixture
def group(aws: Aws) -> None:
    aws.client("logs").create_log_group(logGroupName="/web")


@pytest.mark.usefixtures("group")
def test_a_rule_is_switched_off_for_a_while(aws: Aws) -> None:
    with refused("InvalidParameterException"):
        retain(aws)
    with strict.disabled("LOG-01"):
        retain(aws)
    with refused("InvalidParameterException"):
        retain(aws)


@pytest.mark.usefixtures("group")
def test_a_rule_stays_off_until_it_is_switched_on(aws: Aws) -> None:
    strict.disable("LOG-01", strict.MODEL)
    with strict.disabled("LOG-01"):
        retain(aws)
    retain(aws)
    strict.enable("LOG-01")
    with refused("InvalidParameterException"):
        retain(aws)


@pytest.mark.usefixtures("group")
def test_the_whole_layer_is_taken_out_and_put_back(aws: Aws) -> None:
    strict.uninstall()
    retain(aws)
    strict.install()
    with refused("InvalidParameterException"):
        retain(aws)


def test_an_unknown_rule_is_an_error_and_not_a_rule_that_stays_on() -> None:
    with pytest.raises(strict.UnknownRule, match="LOG-9") as caught:
        strict.disable("LOG-9")
    assert "the nearest is LOG-01" in caught.value.hint


def test_a_quota_of_another_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="moons"):
        strict.set_quota("moons", 1)
