"""The list of rules is complete, true to the service models, and each can be switched by its id."""

from __future__ import annotations

from collections import Counter

import pytest
from moto.core.utils import get_service_model

from orchestrator.sandbox import strict
from orchestrator.sandbox.strict.registry import EVERY_OPERATION, Rule
from tests.sandbox.strict.network import refused
from tests.world import Aws

# what AWS raises; what it does later or differently is the world's, see docs/sandbox.md
RAISED = [
    *(f"ECS-{n:02}" for n in (*range(1, 16), *range(17, 29), 30, 33)),
    *(f"ELB-{n:02}" for n in (*range(1, 15), 16, 19, 20, 21)),
    *(f"EC2-{n:02}" for n in (*range(1, 9), 11, 12, *range(14, 22))),
    *(f"IAM-{n:02}" for n in range(1, 7)),
    *("LOG-01", "ECR-01", "ECR-02", "SEC-01", "SEC-02", "KMS-01", "KMS-02"),
    *("S3-01", "S3-02", "S3-03", "S3-04", "S3-05", "S3-07"),
    *("AAS-01", "AAS-02", "AAS-03", "MAP-01", "MAP-02", "CTR-01", "CBD-01", "CWD-01"),
]

# codes that AWS answers with and leaves out of its service models
UNMODELLED = {"ValidationError", "UnsupportedCertificate"}


def test_every_refusal_of_the_services_in_use_has_a_rule() -> None:
    registered = {rule.id for rule in strict.rules()}
    assert [wanted for wanted in RAISED if wanted not in registered] == []
    assert sorted(registered - set(RAISED)) == [f"LIM-0{n}" for n in range(1, 9)]


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
    with pytest.raises(KeyError, match="LOG-99"):
        strict.disable("LOG-99")
    with pytest.raises(KeyError, match="moons"):
        strict.set_quota("moons", 1)
