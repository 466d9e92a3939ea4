"""Orders over HTTP to rollouts that others drive, and going back from one that is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from orchestrator import lease
from orchestrator.app import steering
from orchestrator.app.ending import Ending, Outcome, ServiceEnding
from orchestrator.app.inspection import status
from orchestrator.app.system import System
from orchestrator.core.events import Sink
from orchestrator.rollout.driver import unfinished
from tests.daemon.stage import SHOP
from tests.web.stand import Stand, stand

PLAN = SHOP.replace("bake: 120", "bake: 900")
MAILER = "/api/stacks/shop.yaml/services/mailer"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A service that runs its first release, and a daemon that has looked at it."""
    with stand(tmp_path_factory.mktemp("steering")) as found:
        found.stage.write(text=PLAN)
        assert not found.stage.apply().outcome
        found.daemon.turn()
        yield found


def _image(shop: Stand) -> str:
    return status(shop.stage.system())[0].image.partition("@")[0]


def test_a_pipeline_that_waits_hears_what_is_said_on_the_page(shop: Stand) -> None:
    shop.stage.aws.push("shop/mailer", "v2")
    endings: list[Ending] = []
    pipeline = threading.Thread(target=lambda: endings.append(shop.stage.leave(patience=7200, mailer="v2")))
    pipeline.start()
    while pipeline.is_alive() and "mailer" not in unfinished(shop.stage.system().store, "shop"):
        shop.stage.aws.sleep(1)
    assert shop.post(f"{MAILER}/abort", json={"reason": "smells"}).status_code == 202
    while pipeline.is_alive():
        shop.stage.aws.sleep(5)
    (ending,) = endings[0].services
    assert (ending.outcome, ending.why) == (Outcome.ROLLED_BACK, "abort by ann: smells")
    assert _image(shop) == "latest"


def test_a_rollout_that_is_over_is_undone_under_the_lease_and_the_name_of_the_tokens_owner(
    shop: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str, str]] = []

    def undo(system: System, service: str, _sink: Sink, reason: str) -> Ending:
        holder = lease.holder(system.store, system.wall, system.stack)
        done.append((service, f"{reason} by {system.by}", f"{holder and holder.owner}"))
        return Ending(services=(ServiceEnding(service=service, outcome=Outcome.SUCCEEDED),))

    monkeypatch.setattr("orchestrator.app.steering.undo", undo)
    told = shop.post(f"{MAILER}/undo", json={"reason": "smells"}).json()
    assert (told["message"], done) == ("It has succeeded.", [("mailer", "smells by ann", "ann")])


def test_what_is_paused_or_held_says_when_an_order_is_carried_out(shop: Stand) -> None:
    shop.stage.aws.push("shop/mailer", "v4")
    shop.stage.leave(mailer="v4")
    with shop.stage.system().hold("apply"):
        assert shop.post(f"{MAILER}/undo", json={"reason": "held"}).status_code == 202, "an order to who holds it"
    shop.post("/api/stacks/shop.yaml/pause", json={"reason": "audit"})
    answer = shop.post(f"{MAILER}/abort", json={"reason": "paused"})
    assert "once it is resumed" in answer.json()["message"]
    shop.post("/api/stacks/shop.yaml/resume")
    for _ in range(60):
        if not unfinished(shop.stage.system().store, "shop"):
            break
        shop.run(10)
    why = next(steering.records(shop.stage.system(), "mailer"))["why"]
    assert why in ("abort by ann: paused", "abort by ann: held"), shop.stage.told()
