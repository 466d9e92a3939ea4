"""A worker's process over a real Redis: what it takes, how it stops, and a broker that goes away and comes back."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator import lease
from orchestrator.core.clock import SystemClock
from orchestrator.core.store import Scoped
from orchestrator.daemon.schedule import Again
from orchestrator.fleet.application import QUEUE, TASK, application
from orchestrator.fleet.message import Message, digest
from orchestrator.fleet.report import Report, read
from orchestrator.rollout.driver import unfinished
from orchestrator.sandbox.clock import SpeedClock
from orchestrator.sandbox.server import Sandbox
from orchestrator.settings import Broker
from tests.fleet.ordeal import Ordeal
from tests.fleet.redis import Redis, needs_redis, redis
from tests.system.commands import Terminal, finish

pytestmark = needs_redis
PATIENCE = 60.0


class Post:
    """A broker, one worker on a system with one service, and whoever sends."""

    def __init__(self, ordeal: Ordeal, broker: Redis) -> None:
        self.ordeal = ordeal
        self.broker = broker
        self.app: Any = application(Broker(broker.url))
        (self.stack,) = ordeal.shops
        self.system = ordeal.system(self.stack)
        self.store = Scoped(ordeal.store, self.system.reader.scope)
        variables = {"ORCHESTRATOR_BROKER": broker.url}
        self.life = ordeal.begin("worker", "worker", "--concurrency", "1", "--json", **variables)

    def send(self, tick: str, **changes: str) -> None:
        told = Message(key=f"{self.stack}.yaml", plan=digest(self.system.loaded), tick=tick).as_json()
        self.app.send_task(TASK, kwargs={"message": {**told, **changes}}, expires=PATIENCE)

    def report(self) -> Report:
        return read(self.store, self.stack, f"{self.stack}.yaml")

    def answered(self, tick: str) -> Again | None:
        answer = self.report().answer(tick)
        return answer.again if answer else None

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self.life.process
        return self.life.process

    def said(self) -> list[dict[str, Any]]:
        """What the worker has printed; every line has to be an object."""
        whole, _, _ = self.life.log("out").read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]


def until(true: Callable[[], object]) -> None:
    wall = SystemClock()
    late = wall.now() + PATIENCE
    while not true():
        assert wall.now() < late
        threading.Event().wait(0.1)


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    with Sandbox(clock=SpeedClock(60.0)) as sandbox, redis(tmp_path) as broker:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
        ordeal = Ordeal(Terminal(sandbox, tmp_path), seed=0, stacks=1, services=1, bake=9000)
        try:
            yield Post(ordeal, broker)
        finally:
            ordeal.bury()


def test_asked_to_stop_it_saves_the_rollout_gives_the_lease_back_and_exits(post: Post) -> None:
    post.send("1")
    until(lambda: post.answered("1"))
    post.ordeal.deploy(post.stack, again=False)
    assert finish(post.ordeal.deploying[post.stack]).code == 14
    post.send("2")
    until(lambda: any(line.get("stage") == "bake" for line in post.said()))
    assert [held.stack for held in lease.held(post.store, SystemClock())] == [post.stack]
    post.process.terminate()
    assert post.process.wait(30) == 0
    assert lease.held(post.store, SystemClock()) == []
    assert list(unfinished(post.store, post.stack)) == ["mailer"]
    assert post.answered("2") is Again.SOON
    assert {line["level"] for line in post.said()} <= {"info", "warning"}


def test_what_is_no_message_of_ours_is_refused_and_a_broker_that_went_away_is_found_again(post: Post) -> None:
    with post.app.producer_pool.acquire(block=True) as producer:
        headers = {"task": TASK, "id": "forged", "lang": "py"}
        producer.publish(((), {}, {}), routing_key=QUEUE, serializer="pickle", headers=headers)
    post.app.send_task("celery.map", args=[{"task": TASK}, [1]])
    post.app.send_task("os.system", args=["id"])
    post.send("0", key="../../etc/passwd")
    post.send("0", run="id")
    until(lambda: len([line for line in post.said() if line["state"] == "failed"]) >= 4)
    post.broker.stop()
    with pytest.raises(Exception, match=r"(?i)refused|closed"):
        post.send("0")
    post.broker.start()
    post.send("1", plan="0")
    until(lambda: post.answered("1") is Again.AFTER_A_FAILURE)
    lost = [line["event"] for line in post.said() if "Connection to broker lost" in line["event"]]
    assert len(lost) == 1


def test_a_worker_needs_a_store_that_machines_share(tmp_path: Path) -> None:
    with Sandbox(clock=SpeedClock(60.0)) as sandbox:
        ended = Terminal(sandbox, tmp_path).run("worker", "--plans", ".", "--broker", "redis://:hunter22@127.0.0.1:1")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: a broker is for several machines, and the store is a directory of this one")
    assert "hunter22" not in ended.err
