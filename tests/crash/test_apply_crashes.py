"""The process dies at every single write in turn; the next one makes of it what was wanted, and nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from orchestrator.core.resource import Resource
from tests.reconcile.fakes import Cloud, Died, applier, bury_the_dead, lost_reply, plan_for
from tests.reconcile.graphs import example


class Fuse:
    """Kills the process at its n-th write, before or after AWS carries it out; the dead do nothing more."""

    def __init__(self, cloud: Cloud, at: int, *, after: bool) -> None:
        self._left = at
        self._lock = threading.Lock()
        self.blown = False
        cloud.before = self._count if not after else self._dead
        cloud.after = self._count if after else self._dead

    def _count(self, verb: str, address: str) -> None:
        with self._lock:
            self._dead(verb, address)
            self._left -= 1
            if self._left == 0:
                self.blown = True
                raise Died

    def _dead(self, _verb: str, _address: str) -> None:
        if self.blown:
            raise Died


def bring(cloud: Cloud, system: Sequence[Resource]) -> None:
    assert applier(cloud, workers=2).apply(plan_for(cloud, system)).ok


def healthy(cloud: Cloud) -> None:
    cloud.before = cloud.after = lambda _verb, _address: None


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("change", ["create", "change", "destroy"])
def test_a_death_at_any_write_is_made_good_by_the_next_apply(change: str, after: bool) -> None:
    first, second = {
        "create": ([], example(1)),
        "change": (example(1), example(2)),
        "destroy": (example(1), []),
    }[change]
    for at in range(1, 100):
        cloud = Cloud(takes=20)
        bring(cloud, first)
        fuse = Fuse(cloud, at, after=after)
        try:
            applier(cloud, workers=2).apply(plan_for(cloud, second))
        except Died:
            bury_the_dead()
            healthy(cloud)
            bring(cloud, second)
        assert cloud.addresses() == sorted(str(r.address) for r in second)
        assert plan_for(cloud, second).empty
        if not fuse.blown:
            break
    assert at > len(example(1)), "every write was a point to die at"


def test_the_reply_to_each_creation_in_turn_is_lost_and_nothing_is_made_twice() -> None:
    for at in range(len(example(1))):
        cloud = Cloud(takes=20)
        count = [0]

        def lose(verb: str, _address: str, at: int = at, count: list[int] = count) -> None:
            if verb == "create":
                count[0] += 1
                if count[0] == at + 1:
                    raise lost_reply()

        cloud.after = lose
        bring(cloud, example(1))
        assert [verb for verb, _ in cloud.writes] == ["create"] * len(example(1))
        assert plan_for(cloud, example(1)).empty
