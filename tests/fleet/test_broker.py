"""The broker as a setting, and what Celery is told about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestrator.cli import fleet
from orchestrator.core.errors import OrchestratorError
from orchestrator.daemon.reconciler import PATIENCE
from orchestrator.fleet.application import TIME_LIMIT, VISIBLE_AGAIN, application
from orchestrator.settings import Broker, SettingsError, load_settings

SHARED = {"ORCHESTRATOR_STORE": "dynamodb://team-locks"}


@pytest.mark.parametrize("scheme", ["redis", "rediss", "sqs", "amqp", "amqps"])
def test_redis_sqs_and_amqp_are_brokers(tmp_path: Path, scheme: str) -> None:
    settings = load_settings({"HOME": str(tmp_path), "ORCHESTRATOR_BROKER": f"{scheme}://somewhere"})
    assert settings.broker == Broker(f"{scheme}://somewhere")
    assert application(settings.broker).conf.broker_transport_options


def test_another_broker_is_refused_without_showing_the_password_in_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ORCHESTRATOR_BROKER: found \*\*\*, allowed: redis://") as refused:
        load_settings({"HOME": str(tmp_path), "ORCHESTRATOR_BROKER": "http://me:hunter22@host"})
    assert "hunter22" not in str(refused.value)


def test_a_broker_shows_without_its_password() -> None:
    broker = Broker("rediss://me:hunter22@cache:6379/1")
    assert str(broker) == "rediss://cache:6379/1"
    assert "hunter22" not in repr(broker)


def test_where_celery_is_missing_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "orchestrator.fleet.application")
    monkeypatch.setitem(sys.modules, "celery", None)
    settings = load_settings({"HOME": str(tmp_path), **SHARED})
    with pytest.raises(OrchestratorError) as missing:
        fleet.application(settings, Broker("redis://host"))
    assert missing.value.hint == "pip install 'orchestrator[fleet]'"


def test_a_message_is_acknowledged_late_and_comes_back_when_its_worker_is_gone_but_not_while_it_works() -> None:
    conf = application(Broker("redis://host")).conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert conf.broker_transport_options["visibility_timeout"] == VISIBLE_AGAIN > TIME_LIMIT > 2 * PATIENCE
    assert conf.task_time_limit == TIME_LIMIT


def test_nothing_but_json_is_taken_from_a_broker_and_no_orders_to_the_worker_itself() -> None:
    conf = application(Broker("amqp://host")).conf
    assert (conf.accept_content, conf.task_serializer, conf.worker_enable_remote_control) == (["json"], "json", False)
