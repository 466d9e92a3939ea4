"""A deployment that is told to stop: taken back where that is asked for, gone on with by abort, awaited by others."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterator

import pytest

from orchestrator.app import awaiting, delivery, steering
from orchestrator.app.ending import Ending, Outcome
from orchestrator.app.system import System
from orchestrator.app.taking_back import take_back
from orchestrator.core.errors import OrchestratorError, Refused
from orchestrator.core.events import Event, silent
from orchestrator.rollout import history
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.orders import Word
from orchestrator.rollout.state import Phase
from tests.daemon.stage import SHOP, Stage, stage

TWO = f"{SHOP}  printer: {{subnets: public, public_ip: true, strategy: {{bake: 120}}}}\n"
WAITING = TWO.replace("bake: 120", "bake: 120, approve: true", 1)
FROZEN = TWO.replace("bake: 120", "bake: 120, on_failure: freeze", 1)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Two services that run; each test leaves them so, and nothing on its way."""
    with stage(tmp_path_factory.mktemp("shop")) as found:
        found.write(text=TWO)
        assert not found.apply().outcome
        yield found


@pytest.fixture
def shop(ground: Stage) -> Iterator[Stage]:
    ground.write(text=TWO)
    yield ground
    assert unfinished(ground.system().store, "shop") == {}


def _stopped(shop: Stage, at: str, patience: float = 600.0, **images: str) -> Ending:
    """Deploy, be told to stop once a rollout is seen at a stage, and take back what that has left."""
    watched = _Watched(shop.system(), at)
    for service, tag in images.items():
        shop.aws.push(f"shop/{service}", tag)
    system = watched.system
    with system.hold("deploy"):
        left = delivery.deploy(system, delivery.look(system, images), watched)
        return take_back(system, left, silent, reason="deploy was told to stop", patience=patience)


@dc.dataclass
class _Watched:
    """A sink that tells its system to stop."""

    system: System
    at: str

    def __call__(self, event: Event) -> None:
        if event.details.get("stage") == self.at:
            self.system.stop.set()


def _wait(system: System, service: str | None, patience: float | None = None) -> Ending:
    meant = awaiting.last(system, service) if service else awaiting.under_way(system)
    return awaiting.wait(system, meant, patience=patience)


def _outcomes(ending: Ending) -> dict[str, Outcome]:
    return {s.service: s.outcome for s in ending.services}


@pytest.mark.parametrize("at", ["provision", "bake"])
def test_what_a_stopped_deployment_has_begun_goes_back_and_the_history_says_at_whose_word(shop: Stage, at: str) -> None:
    ending = _stopped(shop, at, mailer=f"v-{at}")
    assert _outcomes(ending) == {"mailer": Outcome.ROLLED_BACK}
    (newest, *_) = history.records(shop.system().store, "shop", "mailer")
    assert newest["why"] == f"abort by {shop.system().by}: deploy was told to stop"


def test_of_a_joint_release_all_goes_back(shop: Stage) -> None:
    ending = _stopped(shop, "bake", mailer="joint", printer="joint")
    assert _outcomes(ending) == {"mailer": Outcome.ROLLED_BACK, "printer": Outcome.ROLLED_BACK}


def test_what_has_not_begun_is_left_alone(shop: Stage) -> None:
    system = shop.system()
    shop.aws.push("shop/mailer", "early")
    with system.hold("deploy"):
        outlook = delivery.look(system, {"mailer": "early"})
        system.stop.set()
        left = delivery.deploy(system, outlook, silent)
        assert take_back(system, left, silent, reason="", patience=600.0) == left
    assert left.outcome is Outcome.STOPPED


def test_what_was_frozen_by_its_failure_stays_for_a_person(shop: Stage) -> None:
    shop.write(text=FROZEN)
    system = shop.system()
    shop.aws.push("shop/mailer", "cold", "crash")
    with system.hold("deploy"):
        left = delivery.deploy(system, delivery.look(system, {"mailer": "cold"}), silent)
        assert take_back(system, left, silent, reason="", patience=600.0) == left
        assert _wait(system, "mailer", patience=0.0).outcome is Outcome.STOPPED
    _abort(shop)


def test_what_is_not_back_in_time_is_left_on_its_way_back_and_abort_goes_on_with_it(shop: Stage) -> None:
    ending = _stopped(shop, "bake", patience=1.0, mailer="slow")
    assert _outcomes(ending) == {"mailer": Outcome.TIMED_OUT}
    assert unfinished(shop.system().store, "shop")["mailer"].phase is Phase.BACK
    assert _abort(shop).outcome is Outcome.ROLLED_BACK


def _abort(shop: Stage) -> Ending:
    system = shop.system()
    told = steering.order(system, None, Word.ABORT, "not wanted")
    with system.hold("abort"):
        return steering.carry_on(system, told, silent)


def test_who_waits_is_told_how_it_stands_when_patience_is_over_and_how_it_ends(shop: Stage) -> None:
    shop.aws.push("shop/mailer", "awaited")
    shop.leave(mailer="awaited")
    assert _wait(shop.system(), "mailer", patience=30.0).outcome is Outcome.TIMED_OUT
    with pytest.raises(Refused):
        steering.order(shop.system(), "printer", Word.ABORT, "")
    assert _abort(shop).outcome is Outcome.ROLLED_BACK
    ended = _wait(shop.system(), "mailer")
    assert (ended.outcome, ended.services[0].why) == (
        Outcome.ROLLED_BACK,
        f"abort by {shop.system().by}: not wanted",
    )
    assert _wait(shop.system(), None).services == ()


def test_who_waits_for_an_approval_is_told_so(shop: Stage) -> None:
    shop.write(text=WAITING)
    shop.aws.push("shop/mailer", "asks")
    assert shop.leave(patience=None, mailer="asks").outcome is Outcome.PAUSED
    assert _wait(shop.system(), None, patience=10.0).outcome is Outcome.PAUSED
    _abort(shop)


def test_a_rollout_that_another_one_followed_is_told_by_its_history(shop: Stage) -> None:
    shop.aws.push("shop/mailer", "first")
    shop.leave(mailer="first")
    system = shop.system()

    class Overtaken:
        """While somebody waits, the rollout ends and another one begins."""

        now = shop.aws.clock.now

        def sleep(self, _seconds: float, _wake: object) -> None:
            _abort(shop)
            shop.aws.push("shop/mailer", "second")
            shop.leave(mailer="second")

    system.clock = Overtaken()
    ended = _wait(system, "mailer")
    assert (ended.outcome, ended.services[0].image.partition("@")[0]) == (Outcome.ROLLED_BACK, "first")
    _abort(shop)


def test_who_is_told_to_stop_waiting_stops(shop: Stage) -> None:
    shop.aws.push("shop/mailer", "left")
    shop.leave(mailer="left")
    system = shop.system()
    system.stop.set()
    assert _wait(system, None).outcome is Outcome.STOPPED
    _abort(shop)


def test_a_service_that_is_not_known_or_was_never_rolled_out_is_refused(shop: Stage) -> None:
    with pytest.raises(OrchestratorError, match="found no service 'mail', allowed: mailer, printer"):
        awaiting.last(shop.system(), "mail")
    shop.write(text=f"{TWO}  scanner: {{subnets: public, public_ip: true}}\n")
    with pytest.raises(Refused, match="scanner has never been rolled out"):
        _wait(shop.system(), "scanner")
