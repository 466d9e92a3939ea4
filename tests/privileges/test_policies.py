"""What the policy of a plan grants, and what it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app.privileges import LIMIT, Privileges, privileges
from orchestrator.app.privileges.arns import Place
from orchestrator.app.privileges.policy import Statement, documents
from orchestrator.aws.door import READS
from orchestrator.cli.main import _guarded, app
from orchestrator.plan.load.loader import load_plan
from tests.scenarios.chat.chat import CHAT
from tests.scenarios.forum.forum import PLAN, edited

ACCOUNT = "123456789012"
NAMELESS = {"ec2", "servicediscovery"}


def of(plan: Path, environment: str | None = None, **options: Any) -> Privileges:
    return privileges(load_plan(plan, environment), **{"region": "us-east-1", "account": ACCOUNT, **options})


def grants(found: Privileges, action: str) -> Iterator[Statement]:
    yield from (s for s in found.statements if action in s.actions)


def resources(found: Privileges, action: str) -> set[str]:
    return {arn.rpartition(f"{ACCOUNT}:")[2] for s in grants(found, action) for arn in s.resources}


@pytest.mark.parametrize("plan", [PLAN, CHAT], ids=["forum", "chat"])
def test_nothing_that_changes_anything_is_granted_on_all_resources_without_a_condition(plan: Path) -> None:
    changing = {a for a in of(plan).unscoped if not a.partition(":")[2].startswith(READS)}
    # Cloud Map and EC2 do these in the caller's name, on hosted zones that do not exist yet or are AWS's own
    assert changing <= {
        "ecs:DeregisterTaskDefinition",
        "route53:AssociateVPCWithHostedZone",
        "route53:CreateHostedZone",
    }


@pytest.mark.parametrize("plan", [PLAN, CHAT], ids=["forum", "chat"])
def test_no_policy_is_larger_than_iam_takes_and_no_action_is_a_pattern(plan: Path) -> None:
    found = of(plan)
    for document in found.documents:
        assert len(json.dumps(document.written(), separators=(",", ":"))) == document.size <= LIMIT
    assert [a for s in found.statements for a in s.actions if "*" in a] == []
    assert [s for s in found.statements if not (s.actions and s.resources)] == []


def test_what_has_a_name_is_granted_by_it() -> None:
    found = of(PLAN)
    assert resources(found, "iam:CreateRole") == {
        f"role/forum-{name}" for name in ("build", "events", "execution", "pipeline", "task")
    }
    assert resources(found, "ecr:CreateRepository") == {f"repository/forum/{n}" for n in ("posts", "threads", "users")}
    assert resources(found, "ecs:RegisterTaskDefinition") == {
        f"task-definition/forum-{n}:*" for n in ("posts", "threads", "users")
    }
    assert resources(found, "ecs:UpdateService") == {
        f"service/forum/{n}-{c}" for n in ("posts", "threads", "users") for c in ("blue", "green")
    }
    assert resources(found, "s3:DeleteBucket") == {
        f"arn:aws:s3:::forum-{name}-{ACCOUNT}-us-east-1" for name in ("artifacts", "trail")
    }
    assert resources(found, "cloudtrail:CreateTrail") == {"trail/forum-main"}
    assert resources(found, "codepipeline:CreatePipeline") == {"forum"}


def test_a_target_group_is_granted_under_whatever_hash_its_replacement_bears() -> None:
    assert resources(of(CHAT), "elasticloadbalancing:CreateTargetGroup") == {
        f"targetgroup/chat-{n}-{c}-*/*" for n in ("api-gateway", "frontend") for c in ("blue", "green")
    }


def test_each_role_is_passed_to_the_one_service_that_takes_it() -> None:
    passed = {
        s.condition["StringEquals"]["iam:PassedToService"]: {arn.rpartition("/")[2] for arn in s.resources}
        for s in grants(of(PLAN), "iam:PassRole")
    }
    assert passed == {
        "codebuild.amazonaws.com": {"forum-build"},
        "codepipeline.amazonaws.com": {"forum-pipeline"},
        "ecs-tasks.amazonaws.com": {"forum-execution", "forum-task"},
        "events.amazonaws.com": {"forum-events"},
    }


def test_what_only_tags_tell_apart_is_made_with_the_stacks_tag_and_changed_where_it_carries_that() -> None:
    for statement in of(PLAN).statements:
        services = {a.partition(":")[0] for a in statement.actions}
        if statement.resources == ("*",) or not services & NAMELESS:
            continue
        conditions = {key for keys in statement.condition.values() for key in keys}
        assert conditions & {"aws:RequestTag/orchestrator:stack", "aws:ResourceTag/orchestrator:stack"}, statement


def test_tags_of_ec2_are_written_while_creating_or_on_what_is_the_stacks_own() -> None:
    conditions = [{key for keys in s.condition.values() for key in keys} for s in grants(of(PLAN), "ec2:CreateTags")]
    assert sorted(map(sorted, conditions)) == [
        ["aws:RequestTag/orchestrator:stack", "ec2:CreateAction"],
        ["aws:ResourceTag/orchestrator:stack"],
    ]


def test_service_linked_roles_are_those_of_the_services_in_use() -> None:
    def linked(plan: Path) -> set[str]:
        found = grants(of(plan), "iam:CreateServiceLinkedRole")
        return {s.condition["StringEquals"]["iam:AWSServiceName"] for s in found}

    scaling = "ecs.application-autoscaling.amazonaws.com"
    assert linked(PLAN) == {"ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com", scaling}


def test_a_policy_to_look_with_has_nothing_that_changes_anything() -> None:
    found = of(PLAN, read_only=True)
    actions = {a for s in found.statements for a in s.actions}
    assert [a for a in sorted(actions) if not a.partition(":")[2].startswith(READS)] == []
    assert len(found.documents) == 1


def test_gates_secrets_and_certificates_of_the_plan_are_granted_by_their_own_arns(tmp_path: Path) -> None:
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-Ab12Cd"
    parameter = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/forum/key"
    certificate = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1234"
    told = {
        "^  posts:\n": f"  posts:\n    secrets: {{DB: '{secret}:password::', KEY: '{parameter}'}}\n",
        "^entry:\n": f"entry:\n  certificate: {certificate}\n",
    }
    found = of(edited(tmp_path / "plan.yaml", told))
    assert [s.resources for s in grants(found, "secretsmanager:DescribeSecret")] == [(secret,)]
    assert [s.resources for s in grants(found, "ssm:GetParameters")] == [(parameter,)]
    assert [s.resources for s in grants(found, "acm:DescribeCertificate")] == [(certificate,)]
    assert list(grants(found, "secretsmanager:GetSecretValue")) == [], "the tasks read it, not the orchestrator"


def test_what_is_not_known_is_a_star_and_needs_no_call() -> None:
    found = of(PLAN, account=None, region=None)
    assert found.place == Place(stack="forum", region="*", account="*")
    assert "arn:aws:iam::*:role/forum-task" in {arn for s in found.statements for arn in s.resources}
    assert "000000000000" not in json.dumps([d.written() for d in found.documents])


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_the_partition_is_told_by_the_region(region: str, partition: str) -> None:
    found = of(PLAN, region=region)
    arns = {arn for s in found.statements for arn in s.resources if arn != "*"}
    assert {arn.split(":")[1] for arn in arns} == {partition}


def test_an_environment_has_a_policy_of_its_own(tmp_path: Path) -> None:
    plan = edited(tmp_path / "plan.yaml", {"^tags:\n": "environments: {prod: {}, test: {}}\n\ntags:\n"})
    names = {e: resources(of(plan, e), "ecs:CreateCluster") for e in ("prod", "test")}
    assert names == {"prod": {"cluster/forum-prod"}, "test": {"cluster/forum-test"}}


def test_a_statement_that_is_too_long_for_a_policy_is_split_and_loses_nothing() -> None:
    arns = tuple(f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/shop/{n:04}" for n in range(300))
    parts = documents([Statement(actions=("ecr:ListImages",), resources=arns, condition={})])
    assert {arn for d in parts for s in d.statements for arn in s.resources} == set(arns)
    assert all(d.size <= LIMIT for d in parts)
    assert len(parts) > 1


def typed(*words: str) -> int:
    return _guarded(lambda: app(["iam-policy", *words], standalone_mode=False))


def test_the_command_prints_documents_on_stdout_and_speaks_of_them_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert typed(str(PLAN), "--account", ACCOUNT, "--part", "1") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["Version"] == "2012-10-17"
    assert "aws iam create-policy" in said.err


def test_the_command_writes_a_file_for_each_policy(tmp_path: Path) -> None:
    assert typed(str(PLAN), "--out", str(tmp_path / "forum")) == 0
    written = [json.loads(file.read_text()) for file in sorted(tmp_path.glob("forum-*.json"))]
    assert written == [d.written() for d in of(PLAN, account=None).documents]


def test_for_programs_the_command_prints_events(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(str(CHAT), "--json", "--read-only") == 0
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["type"], last["type"], last["stack"], last["account"]) == ("version", "policies", "chat", "*")
    assert [p["number"] for p in last["policies"]] == [1]


def test_a_part_that_there_is_not_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(str(CHAT), "--part", "99") == 1
    assert "--part: found 99, allowed: 1 to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("store", "flags", "granted"),
    [
        ("file", (), {}),
        (
            "dynamodb://locks",
            (),
            {f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/locks": {"GetItem", "Query", "UpdateItem"}},
        ),
        (
            "dynamodb://locks?region=eu-west-1",
            ("--read-only",),
            {f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/locks": {"GetItem", "Query"}},
        ),
        (
            "dynamodb://locks?role=arn:aws:iam::210987654321:role/locks",
            (),
            {"arn:aws:iam::210987654321:role/locks": {"AssumeRole"}},
        ),
        ("dynamodb://locks?profile=ops", (), {}),
    ],
)
def test_what_it_takes_to_reach_the_shared_store_is_granted_on_it_alone(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    store: str,
    flags: tuple[str, ...],
    granted: dict[str, set[str]],
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STORE", store)
    assert typed(str(PLAN), "--account", ACCOUNT, "--json", *flags) == 0
    [_, result] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    written = [s for policy in result["policies"] for s in policy["document"]["Statement"]]
    found = {
        arn: {action.partition(":")[2] for action in s["Action"]}
        for s in written
        for arn in s["Resource"]
        if any(action.startswith(("dynamodb:", "sts:")) for action in s["Action"])
        and not arn.endswith(":table/forum-*")  # what the stack may have tables of its own for
    }
    assert found == granted


def test_who_only_looks_may_see_what_a_scan_found_where_the_plan_judges_by_it(tmp_path: Path) -> None:
    told = {"^  strategy: all-at-once\n": "  strategy: {gates: {preflight: [scan: {critical: 0}]}}\n"}
    for plan, seen in ((PLAN, False), (edited(tmp_path / "forum.yaml", told), True)):
        actions = {a for s in of(plan, read_only=True).statements for a in s.actions}
        assert ("ecr:DescribeImageScanFindings" in actions) == seen
        assert "ecr:StartImageScan" not in actions
