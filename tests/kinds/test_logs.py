"""Log groups: whose they are, and how long they keep what they have."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.kinds.logs import NEVER, LogGroup
from orchestrator.reconcile.steps import Action
from tests.contract.harness import Account
from tests.contract.life import planned

POSTS = LogGroup(name="posts", aws_name="/contract/posts", retention=30)


def test_all_groups_of_a_stack_are_read_by_one_call_and_their_tags_by_none(account: Account) -> None:
    groups = [dc.replace(POSTS, name=name, aws_name=f"/contract/{name}") for name in ("posts", "threads", "users")]
    account.apply(groups)
    account.reader.sent.clear()
    assert len(account.observe(groups)) == 3
    assert [c.operation for c in account.reader.sent] == ["GetResources", "DescribeLogGroups"]


def test_a_group_of_a_stack_whose_name_begins_alike_is_not_taken_for_ours(account: Account) -> None:
    account.beside("contract-prod").apply([dc.replace(POSTS, aws_name="/contract-prod/posts")])
    assert account.observe([POSTS]) == []


def test_a_group_is_asked_for_by_its_whole_name_and_not_by_what_it_begins_with(account: Account) -> None:
    short = LogGroup(name="build", aws_name="/aws/codebuild/app")
    account.beside("another").apply([dc.replace(short, aws_name="/aws/codebuild/app-of-another")])
    assert account.observe([short]) == []


def test_a_retention_taken_out_of_the_plan_lets_the_group_keep_its_events_for_ever(account: Account) -> None:
    account.apply([POSTS])
    forever = dc.replace(POSTS, retention=NEVER)
    assert planned(account.plan([forever])) == [("log-group/posts", Action.UPDATE, frozenset({"retention"}))]
    account.apply([forever])
    found = account.aws.client("logs").describe_log_groups(logGroupNamePrefix="/contract/posts")["logGroups"][0]
    assert "retentionInDays" not in found


def test_the_arn_is_the_one_that_policies_and_tags_use(account: Account) -> None:
    account.apply([POSTS])
    live = account.find([POSTS], POSTS.address)
    assert live is not None
    assert live.outputs["arn"] == f"arn:aws:logs:us-east-1:{account.aws.account}:log-group:/contract/posts"
