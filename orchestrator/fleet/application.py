"""How Celery is to do its part. Everything that it can do is a setting here and no code of ours."""

from __future__ import annotations

from typing import Any

from celery import Celery

from orchestrator.settings import Broker

TASK = "orchestrator.tick"
QUEUE = "orchestrator"
TIME_LIMIT = 2 * 3600
"""Seconds after which a tick's process is killed: far more than a rollout's turn, or than AWS ever takes."""
VISIBLE_AGAIN = TIME_LIMIT + 600
"""Seconds after which Redis and SQS give a message that nobody has acknowledged to somebody else."""
_CONNECT = 4
_ANSWER = 20


def application(broker: Broker) -> Any:
    """A Celery application over a broker, as yet without tasks of ours."""
    app = Celery("orchestrator", broker=broker.url, backend=None, set_as_current=False, fixups=[])
    app.conf.update(
        # JSON alone: whoever can write to the broker must not choose what code a worker runs
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        event_serializer="json",
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        # a message is done when its tick is: one whose worker dies is given to another
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_time_limit=TIME_LIMIT,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        # the daemon tries again by itself, at its next turn; a worker for as long as it takes
        task_publish_retry=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=_CONNECT,
        broker_transport_options=_TRANSPORTS[broker.transport],
        # what is said is said by us
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app


_TRANSPORTS: dict[str, dict[str, Any]] = {
    "redis": {
        "visibility_timeout": VISIBLE_AGAIN,
        "socket_connect_timeout": _CONNECT,
        "socket_timeout": _ANSWER,
        "socket_keepalive": True,
    },
    "sqs": {"visibility_timeout": VISIBLE_AGAIN, "wait_time_seconds": 10},
    "amqp": {"confirm_publish": True},
}
