"""Nothing that AWS is known to refuse is forgotten: each row of the list is a rule, somebody else's, or told of."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.sandbox import strict

_DOCUMENT = Path(__file__).parents[3] / "docs" / "sandbox.md"

RAISED = [
    *(f"ECS-{n:02}" for n in (*range(1, 16), *range(17, 29), 30, 33)),
    *(f"ELB-{n:02}" for n in (*range(1, 15), 16, 19, 20, 21)),
    *(f"EC2-{n:02}" for n in (*range(1, 9), 11, 12, *range(14, 22))),
    *(f"IAM-{n:02}" for n in range(1, 8)),
    *("LOG-01", "ECR-01", "ECR-02", "SEC-01", "SEC-02", "KMS-01", "KMS-02"),
    *("S3-01", "S3-02", "S3-03", "S3-04", "S3-05", "S3-07"),
    *("AAS-01", "AAS-02", "AAS-03", "MAP-01", "MAP-02", "CTR-01", "CBD-01", "CWD-01"),
    *("DDB-01", "DDB-03"),
]
"""What AWS answers with an error: a rule of that id each."""

OURS = [*(f"LIM-0{n}" for n in range(1, 9)), "DDB-04", "DDB-05"]
"""Rules that the list does not have."""

ACTED = {
    "ECS-16": "a deleted service drains",
    "ECS-29": "a service starts tasks, registers targets, tells events",
    "ELB-15": "a second deletion succeeds",
    "ELB-17": "a target is initial, healthy, unused, draining",
    "ELB-18": "a load balancer is provisioning",
    "ELB-22": "one target group is read back as a forward of weight 1",
    "EC2-09": "a NAT gateway without internet gateway fails",
    "EC2-10": "a NAT gateway pends, and is seen when deleted",
    "EC2-13": "CIDRs become network addresses",
    "EC2-22": "flow logs are refused inside the answer",
    "S3-06": "a new bucket is encrypted and private",
    "MAP-03": "namespaces come and go as operations",
}
"""What AWS does in time or answers in another way: the world's or a repair's, tested with these."""

ELSEWHERE = {"RDS-07": "moto refuses it with AWS's code", "DDB-02": "moto's code is AWS's", "SQS-02": "as DDB-02"}

LEFT_OUT = [
    *("ECS-31", "ECS-32", "LAM-01", "LAM-02", "SQS-01", "SNS-01"),
    *(f"RDS-{n:02}" for n in range(1, 7)),
    *("ECA-01", "MSK-01", "EKS-01", "EKS-02", "EKS-03", "EKS-04", "APG-01", "APG-02"),
    *("WAF-01", "WAF-02", "WAF-03", "ACM-01", "CFR-01", "GDY-01", "COG-01"),
]
"""What is not enforced; the documentation gives the reason of each."""

ROWS = {
    **{"ECS": 33, "ELB": 22, "EC2": 22, "IAM": 7, "LAM": 2, "LOG": 1, "ECR": 2, "SEC": 2, "KMS": 2, "S3": 7},
    **{"DDB": 3, "SQS": 2, "SNS": 1, "RDS": 7, "ECA": 1, "MSK": 1, "EKS": 4, "AAS": 3, "MAP": 3, "APG": 2},
    **{"WAF": 3, "ACM": 1, "CFR": 1, "GDY": 1, "CTR": 1, "CBD": 1, "COG": 1, "CWD": 1},
}
"""How many rows the list of AWS's refusals has of each service; they are numbered from 01."""


def test_every_row_of_the_list_is_accounted_for_once() -> None:
    rows = [f"{service}-{number:02}" for service, count in ROWS.items() for number in range(1, count + 1)]
    assert len(rows) == 137
    assert sorted([*RAISED, *ACTED, *ELSEWHERE, *LEFT_OUT]) == sorted(rows)


def test_every_refusal_of_the_services_in_use_has_a_rule() -> None:
    registered = {rule.id for rule in strict.rules()}
    assert sorted(registered) == sorted([*RAISED, *OURS])


def test_what_is_not_enforced_is_documented_with_its_reason() -> None:
    _, _, section = _DOCUMENT.read_text().partition("**Not enforced**")
    table = dict(re.findall(r"^\| ([A-Z][A-Z0-9, -]+) \| (.+) \|$", section, re.MULTILINE))
    told = {id: reason for ids, reason in table.items() for id in ids.split(", ")}
    assert sorted(told) == sorted(LEFT_OUT)
    assert all(len(reason) > 20 for reason in told.values())
