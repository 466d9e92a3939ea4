"""How it is said what keeps something from being deleted."""

from __future__ import annotations

from typing import Any

from orchestrator.core.resource import Live
from orchestrator.reconcile.blockers import blockers
from tests.reconcile.fakes import Cloud, Thing, refusal


def held(id: str, *interfaces: dict[str, Any]) -> str:
    cloud: Any = Cloud()
    cloud.interfaces = [{"Status": "in-use", **i} for i in interfaces]
    return blockers(cloud, Live(Thing(name="x"), {"id": id}))


def test_a_security_group_names_the_interface_and_its_owner() -> None:
    interface = {"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1"}], "Description": "VPC Endpoint vpce-1"}
    assert held("sg-1", interface) == "held by network interface eni-1 (VPC Endpoint vpce-1, in-use)"


def test_interfaces_of_others_that_a_filter_let_through_are_not_blamed() -> None:
    assert held("sg-1", {"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-2"}]}) == ""


def test_many_interfaces_are_counted() -> None:
    many = [{"NetworkInterfaceId": f"eni-{n}", "SubnetId": "subnet-1", "Description": "RDS"} for n in range(5)]
    assert held("subnet-1", *many).endswith("eni-2 (RDS, in-use) and 2 more")


def test_what_no_interface_can_hold_asks_nothing() -> None:
    assert held("arn:aws:s3:::bucket") == ""


def test_not_being_allowed_to_look_is_no_error() -> None:
    class Closed(Cloud):
        def pages(self, *_: Any, **__: Any) -> Any:
            raise refusal("UnauthorizedOperation")

    closed: Any = Closed()
    assert "cannot be read" in blockers(closed, Live(Thing(name="x"), {"id": "vpc-1"}))
