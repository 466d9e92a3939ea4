"""Rollouts that a command or a pipeline began and left: the daemon goes on with them, in any mode but off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.app import pausing, steering
from orchestrator.app.ending import Outcome
from orchestrator.core.events import State
from orchestrator.daemon.views import State as Seen
from orchestrator.rollout import history
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.orders import Word
from tests.daemon.stage import SHOP, Stage, stage


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A service that runs; applying it costs more than what is told of it."""
    with stage(tmp_path_factory.mktemp("shop")) as found:
        found.write()
        assert not found.apply().outcome
        yield found


@pytest.fixture
def shop(ground: Stage) -> Stage:
    """The same, with nothing said yet."""
    ground.write()
    ground.events.clear()
    return ground


def _left(shop: Stage) -> list[str]:
    return sorted(unfinished(shop.system().store, "shop"))


def _outcomes(shop: Stage) -> list[str]:
    """What became of each rollout, newest first."""
    return [record["outcome"] for record in history.records(shop.system().store, "shop")]


def test_a_rollout_that_was_left_is_brought_to_its_end_by_a_daemon_that_only_observes(shop: Stage) -> None:
    before = len(_outcomes(shop))
    shop.aws.push("shop/mailer", "v2")
    assert shop.leave(mailer="v2").outcome is Outcome.TIMED_OUT
    assert _left(shop) == ["mailer"]
    daemon = shop.daemon()
    shop.run(daemon, 1200)
    assert (_left(shop), _outcomes(shop)[: len(_outcomes(shop)) - before]) == ([], ["succeeded"])
    assert daemon.views.view("shop.yaml").state is Seen.IN_SYNC
    begun = [e for e in shop.events if e.action == "roll out" and e.state is State.STARTED]
    assert len(begun) == 1, "it is told once, however many turns it takes"
    assert begun[0].details["stack"] == "shop"


def test_a_bad_release_that_was_left_is_taken_back(shop: Stage) -> None:
    shop.aws.push("shop/mailer", "bad", "crash")
    shop.leave(mailer="bad")
    daemon = shop.daemon()
    shop.run(daemon, 2400)
    assert (_left(shop), _outcomes(shop)[0]) == ([], "rolled back"), shop.told()
    assert daemon.views.view("shop.yaml").rollouts == {}


def test_what_waits_for_a_person_is_shown_and_left_until_they_say_so(shop: Stage) -> None:
    shop.write(text=SHOP.replace("{bake: 120}", "{bake: 120, approve: true}"))
    shop.aws.push("shop/mailer", "v3")
    assert shop.leave(patience=1200.0, mailer="v3").outcome is Outcome.PAUSED
    daemon = shop.daemon()
    with shop.writes() as writes:
        shop.run(daemon, 600)
    assert writes == []
    assert daemon.views.view("shop.yaml").state is Seen.WAITING
    steering.order(shop.system(), "mailer", Word.PROMOTE, "looks good")
    shop.run(daemon, 1200)
    assert (_left(shop), _outcomes(shop)[0]) == ([], "succeeded"), shop.told()


def test_a_paused_stack_is_looked_at_and_nothing_else_until_it_is_resumed(shop: Stage) -> None:
    shop.aws.push("shop/mailer", "v4")
    shop.leave(mailer="v4")
    pausing.pause(shop.system(), pausing.Pause(by="ann", at=shop.aws.clock.now(), reason="audit"))
    daemon = shop.daemon()
    with shop.writes() as writes:
        shop.run(daemon, 400)
    view = daemon.views.view("shop.yaml")
    assert writes == []
    assert (view.state, view.paused.endswith(": audit"), view.looked is not None) == (Seen.PAUSED, True, True)
    assert pausing.resume(shop.system())
    shop.run(shop.daemon("two"), 1200)
    assert (_left(shop), _outcomes(shop)[0]) == ([], "succeeded")


def test_a_rollout_longer_than_a_turn_gives_others_theirs_and_is_finished_once(shop: Stage) -> None:
    shop.write(text=SHOP.replace("bake: 120", "bake: 1500"))
    before = len(_outcomes(shop))
    shop.aws.push("shop/mailer", "v5")
    shop.leave(mailer="v5")
    daemon = shop.daemon()
    shop.run(daemon, 3000)
    assert daemon.views.view("shop.yaml").ticks >= 5
    assert (_left(shop), len(_outcomes(shop)) - before, _outcomes(shop)[0]) == ([], 1, "succeeded")
    assert not [e for e in shop.events if e.details.get("outcome") == "timed out, still in progress"]


def test_a_release_that_fails_is_tried_three_times_by_enforce_and_then_left_alone(shop: Stage) -> None:
    shop.aws.push("shop/mailer", "broken", "crash")
    before = len(_outcomes(shop))
    shop.write(text=SHOP.replace("{subnets", "{image: broken, subnets"), mode="enforce")
    daemon = shop.daemon()
    shop.run(daemon, 4000)
    view = daemon.views.view("shop.yaml")
    assert _outcomes(shop)[: len(_outcomes(shop)) - before] == ["rolled back"] * 3, shop.told()
    assert [d.left_alone for d in view.differences] == [True]
    assert len([e for e in shop.events if e.state is State.BLOCKED and "left alone from now on" in e.message]) == 1
