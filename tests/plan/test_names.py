"""Names on AWS: certain beforehand, never too long, and new where a replacement must fit beside what it replaces."""

from __future__ import annotations

from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.iam import Role
from orchestrator.kinds.logs import LogGroup
from orchestrator.kinds.storage import Bucket
from orchestrator.plan.compile import Context
from orchestrator.plan.names import cut, target_group

CONTEXT = Context(stack="shop-prod", account="123456789012", region="eu-west-1")
LONG = "a-service-with-a-name-of-forty-letters-x"


def test_names_follow_the_pattern_of_their_kind() -> None:
    named = [CONTEXT.name(kind, "cart") for kind in (Repository, LogGroup, Role, Bucket)]
    assert named == ["shop-prod/cart", "/shop-prod/cart", "shop-prod-cart", "shop-prod-cart-123456789012-eu-west-1"]


def test_a_name_that_is_too_long_keeps_its_head_and_ends_in_a_hash_of_the_whole() -> None:
    assert cut("abc-defghijkl", 12) == f"abc-{cut('abc-defghijkl', 12)[-8:]}"[:12]
    assert len(cut("x" * 100, 32)) == 32
    assert cut("x" * 100, 32) != cut("x" * 101, 32)


def test_a_name_that_fits_is_left_alone() -> None:
    assert cut("forum", 32) == "forum"


def test_target_groups_of_long_names_keep_their_colour_and_stay_apart() -> None:
    names = {target_group("shop-prod", f"{LONG}{n}", c, 80) for n in range(3) for c in ("blue", "green")}
    assert len(names) == 6
    assert all(len(name) <= 32 and ("-blue-" in name or "-green-" in name) for name in names)


def test_a_target_group_is_called_otherwise_when_what_cannot_change_has_changed() -> None:
    assert target_group("shop", "cart", "blue", 80) != target_group("shop", "cart", "blue", 81)


def test_target_group_names_are_the_same_on_every_machine_and_in_every_release() -> None:
    assert target_group("forum", "posts", "blue", 3000, "10.0.0.0/16") == "forum-posts-blue-3191d2"
