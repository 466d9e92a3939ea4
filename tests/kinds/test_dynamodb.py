"""Tables: one change at a time, what takes an hour, what protects them, and the one that `store init` makes too."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

import pytest

from orchestrator.core.address import Address
from orchestrator.core.health import Pending
from orchestrator.core.resource import Live
from orchestrator.kinds.dynamodb.tables import TableKind
from orchestrator.kinds.dynamodb.values import Capacity, Index, Key, Table
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import traits
from orchestrator.reconcile.report import Report
from orchestrator.reconcile.steps import Action, Plan
from orchestrator.sandbox.faults import Fault, Rule
from orchestrator.stores.dynamodb import make_table
from orchestrator.stores.dynamodb.table import STORE_TAG
from tests.contract.fixtures import Doors
from tests.contract.harness import Account
from tests.contract.life import planned

STATE = Index((Key("state"),))
DAY = Index((Key("day"), Key("placed", "N")), "KEYS_ONLY")
ORDERS = Table(name="orders", aws_name="contract-orders", keys=(Key("customer"), Key("placed", "N")))
ADDRESS = ORDERS.address


def plan_for(account: Account, want: Table, *adopt: Address) -> Plan:
    """As the product makes it; marks of ownership are the engine's."""
    who = account.reader.identity()
    here = traits(who.account, account.reader.region, who.partition)
    return make_plan([want], account.observe([want]), here, adopt=frozenset(adopt))


def brought_to(account: Account, want: Table, **applying: Any) -> Report:
    """By the engine, which waits and looks again."""
    return dc.replace(account.applier(), **applying).apply(plan_for(account, want))


def sent(account: Account, operation: str) -> list[dict[str, Any]]:
    return [call.params for call in account.aws.sent if call.operation == operation]


def at_rest(account: Account, want: Table) -> bool:
    return plan_for(account, want).empty


def test_several_changes_are_made_one_after_the_other_new_indexes_before_old_ones_go(account: Account) -> None:
    assert brought_to(account, dc.replace(ORDERS, indexes={"by-state": STATE}, stream="NEW_IMAGE")).ok
    account.aws.sent.clear()
    want = dc.replace(ORDERS, indexes={"by-day": DAY}, stream="KEYS_ONLY", deletion_protection=False)
    assert brought_to(account, want).ok
    assert at_rest(account, want)
    # every other one is refused at first, since the one before it is still being carried out
    asked = {str(params): params for params in sent(account, "UpdateTable")}.values()
    parts = [{k: v for k, v in p.items() if k not in ("TableName", "AttributeDefinitions")} for p in asked]
    assert [next(iter(part)) for part in parts] == [
        "DeletionProtectionEnabled",
        "StreamSpecification",
        "StreamSpecification",
        "GlobalSecondaryIndexUpdates",
        "GlobalSecondaryIndexUpdates",
    ]
    assert [next(iter(p["GlobalSecondaryIndexUpdates"][0])) for p in parts[-2:]] == ["Create", "Delete"]


def test_an_index_that_becomes_another_one_goes_before_it_is_made_again(account: Account) -> None:
    assert brought_to(account, dc.replace(ORDERS, indexes={"by-state": STATE})).ok
    want = dc.replace(ORDERS, indexes={"by-state": dc.replace(STATE, projection="KEYS_ONLY")})
    assert planned(plan_for(account, want)) == [(str(ADDRESS), Action.UPDATE, frozenset({"indexes"}))]
    assert brought_to(account, want).ok
    assert at_rest(account, want)


def test_a_table_and_its_indexes_go_from_on_demand_to_a_capacity_and_back(account: Account) -> None:
    on_demand = dc.replace(ORDERS, indexes={"by-state": STATE})
    bought = dc.replace(on_demand, billing="PROVISIONED", capacity=Capacity(5, 7))
    assert brought_to(account, on_demand).ok
    for want in (bought, on_demand):
        assert brought_to(account, want).ok
        assert at_rest(account, want)
    [first, second] = sent(account, "UpdateTable")
    assert first["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7}
    [index] = first["GlobalSecondaryIndexUpdates"]
    assert index["Update"]["ProvisionedThroughput"] == first["ProvisionedThroughput"]
    assert second == {"TableName": "contract-orders", "BillingMode": "PAY_PER_REQUEST"}


def test_a_capacity_that_is_left_out_is_auto_scalings_to_set(account: Account) -> None:
    assert brought_to(account, dc.replace(ORDERS, billing="PROVISIONED", capacity=Capacity(5, 5))).ok
    assert at_rest(account, dc.replace(ORDERS, billing="PROVISIONED"))


def test_another_time_to_live_takes_an_hour_and_all_else_does_not_wait_for_it(account: Account) -> None:
    want = dc.replace(ORDERS, ttl="deleted", stream="NEW_IMAGE")
    assert brought_to(account, dc.replace(ORDERS, ttl="expires")).ok
    account.aws.clock.sleep(3600)
    report = brought_to(account, want)
    assert "modified multiple times within a fixed interval" in str(report.failed[0])
    assert planned(plan_for(account, want)) == [(str(ADDRESS), Action.UPDATE, frozenset({"ttl"}))]
    account.aws.clock.sleep(3600)
    assert brought_to(account, want).ok
    assert at_rest(account, want)


def test_a_time_to_live_that_was_set_by_a_call_whose_reply_was_lost_is_no_error(account: Account, doors: Doors) -> None:
    doors[0].faults.add(Rule(fault=Fault.LOST_REPLY, service="dynamodb", operation="UpdateTimeToLive", count=1))
    want = dc.replace(ORDERS, ttl="expires")
    assert brought_to(account, want).ok
    assert at_rest(account, want)


def test_a_protected_table_is_deleted_only_where_its_data_was_given_up(account: Account) -> None:
    assert brought_to(account, ORDERS).ok
    other = dc.replace(ORDERS, keys=(Key("customer"),))
    assert Action.REPLACE in [action for _, action, _ in planned(plan_for(account, other))]
    assert not brought_to(account, other).ok
    assert at_rest(account, ORDERS)
    assert brought_to(account, other, data=True).ok
    assert at_rest(account, other)


@pytest.mark.parametrize("status", ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVED", "ACTIVE CREATING"])
def test_a_table_that_cannot_be_used_is_never_made_again_for_that(status: str) -> None:
    health = TableKind().health(Live(ORDERS, {"status": status}))
    assert isinstance(health, Pending)
    assert status in health.why


def test_a_table_of_the_plan_is_what_store_init_makes_and_the_other_way_round(account: Account) -> None:
    keys = (Key("scope"), Key("key"))
    ours = Table(name="state", aws_name="team-locks", keys=keys, tags={STORE_TAG: "team-locks"})
    make_table(account.aws, "team-locks")
    plan = plan_for(account, ours, ours.address)
    assert planned(plan) == [(str(ours.address), Action.UPDATE, frozenset({"tags"}))]
    assert account.applier().apply(plan).ok
    assert at_rest(account, ours)
    assert make_table(account.aws, "team-locks") == ()


def test_store_init_has_nothing_to_add_to_a_table_that_a_plan_made(account: Account) -> None:
    keys = (Key("scope"), Key("key"))
    ours = Table(name="state", aws_name="team-locks", keys=keys, tags={STORE_TAG: "team-locks"})
    assert brought_to(account, ours).ok
    assert make_table(account.aws, "team-locks") == ()
