"""Roles: what others have hung on them, and how few calls it takes to know them all."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.aws import tags
from orchestrator.aws.door import Access
from orchestrator.core.values import PolicyDoc
from orchestrator.kinds.iam import Role, allow, trust
from orchestrator.reconcile.steps import Action
from orchestrator.reconcile.taken import holder, way_out
from tests.contract.calls import WatchedAws
from tests.contract.harness import Account
from tests.contract.life import planned

TASK = Role(name="task", aws_name="contract-task", trust=trust("ecs-tasks.amazonaws.com"))
ROLES = [dc.replace(TASK, name=name, aws_name=f"contract-{name}") for name in ("task", "build", "pipeline")]


def test_all_roles_are_read_by_one_call(account: Account) -> None:
    account.apply(ROLES)
    account.reader.sent.clear()
    assert len(account.observe(ROLES)) == 3
    assert [call.operation for call in account.reader.sent] == ["GetAccountAuthorizationDetails"]


def test_a_role_goes_with_all_that_others_have_hung_on_it(account: Account) -> None:
    account.apply([TASK])
    live = account.find([TASK], TASK.address)
    assert live is not None
    iam = account.aws.client("iam")
    iam.create_instance_profile(InstanceProfileName="somebodys")
    iam.add_role_to_instance_profile(InstanceProfileName="somebodys", RoleName="contract-task")
    iam.attach_role_policy(RoleName="contract-task", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_role_policy(RoleName="contract-task", PolicyName="extra", PolicyDocument=allow(["s3:*"], ["*"]).text())
    account.delete(live, [TASK])
    assert account.find([TASK], TASK.address) is None
    assert iam.get_instance_profile(InstanceProfileName="somebodys")["InstanceProfile"]["Roles"] == []


def test_a_permission_that_somebody_added_is_drift_and_taken_back(account: Account) -> None:
    account.apply([TASK])
    iam = account.aws.client("iam")
    iam.attach_role_policy(RoleName="contract-task", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_role_policy(RoleName="contract-task", PolicyName="extra", PolicyDocument=allow(["s3:*"], ["*"]).text())
    assert planned(account.plan([TASK])) == [("role/task", Action.UPDATE, frozenset({"inline", "managed"}))]
    account.apply([TASK])
    assert account.plan([TASK]).empty


def test_a_policy_written_in_another_order_is_the_same_policy(account: Account) -> None:
    role = dc.replace(TASK, inline={"own": allow(["s3:GetObject", "s3:PutObject"], ["*"])})
    account.apply([role])
    other = PolicyDoc(
        {
            "Statement": {"Resource": "*", "Action": ["s3:PutObject", "s3:GetObject"], "Effect": "Allow"},
            "Version": "2012-10-17",
        }
    )
    assert account.plan([dc.replace(role, inline={"own": other})]).empty


def test_a_role_no_longer_wanted_is_found_by_its_tags_whatever_its_name(account: Account) -> None:
    odd = dc.replace(TASK, name="odd", aws_name="odd-name")
    account.apply([odd])
    assert [(s.address, s.action) for s in account.plan([TASK]).changes if not s.desired] == [
        (odd.address, Action.DELETE)
    ]


READS, WRITES = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/PowerUserAccess"


def test_what_old_tasks_are_allowed_is_taken_back_only_after_they_have_gone(account: Account) -> None:
    before = dc.replace(
        TASK,
        inline={"table": allow(["dynamodb:GetItem"], ["*"]), "queue": allow(["sqs:SendMessage"], ["*"])},
        managed=frozenset({READS}),
    )
    after = dc.replace(TASK, inline={"table": allow(["dynamodb:Query"], ["*"])}, managed=frozenset({WRITES}))
    account.apply([before])
    plan, applier = account.plan([after]), account.applier()
    converged = applier.converge(plan)
    (wide,) = (x.resource for x in account.observe([after]))
    assert wide.managed == {READS, WRITES}
    assert wide.inline.keys() == {"table", "queue"}
    allowed = {statement["Action"][0] for statement in wide.inline["table"].value["Statement"]}
    assert allowed == {"dynamodb:GetItem", "dynamodb:Query"}
    assert applier.prune(plan, converged).ok
    assert account.plan([after]).empty


def test_permissions_that_do_not_fit_a_role_together_are_exchanged_at_once(account: Account) -> None:
    def policy(service: str) -> PolicyDoc:
        return allow(["s3:GetObject"], [f"arn:aws:s3:::{service}-{number:03}/*" for number in range(220)])

    account.apply([dc.replace(TASK, inline={"files": policy("old")})])
    after = dc.replace(TASK, inline={"files": policy("new")})
    assert account.applier().converge(account.plan([after])).ok
    assert account.plan([after]).empty


def test_a_role_of_the_same_stack_in_another_region_is_taken_and_never_rewritten(account: Account) -> None:
    aws, reader = (WatchedAws(Access(region="eu-west-1"), account.aws.clock, read_only=r) for r in (False, True))
    ireland = Account(aws, reader)
    ireland.apply([TASK])
    (taken,) = account.plan([dc.replace(TASK, inline={"all": allow(["*"], ["*"])})]).taken
    assert holder(taken) == "the stack contract in eu-west-1"
    assert "another name" in way_out(taken)
    assert account.observe([], {"role"}) == []
    assert ireland.plan([TASK]).empty


def test_an_adopted_role_is_of_this_region_from_then_on(account: Account) -> None:
    account.aws.client("iam").create_role(RoleName="contract-task", AssumeRolePolicyDocument=TASK.trust.text())
    plan = account.plan([TASK], adopt=frozenset({TASK.address}))
    assert account.applier().apply(plan).ok
    (live,) = account.observe([TASK])
    assert live.resource.tags[tags.REGION] == "us-east-1"
