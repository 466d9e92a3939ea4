"""A moto server with the repairs, shared by one worker's tests and emptied before each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from orchestrator.sandbox import repairs

REGION = "us-east-1"
NOW = 1_750_000_000.0
Client = Callable[..., Any]


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    repairs.install(lambda: NOW)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(endpoint: str) -> Client:
    """A client factory: ``aws("ec2")``; keyword arguments go to boto3."""
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)

    def client(service: str, region: str = REGION, credentials: dict[str, str] | None = None) -> Any:
        issued = credentials or {"AccessKeyId": "testing", "SecretAccessKey": "testing"}
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=issued["AccessKeyId"],
            aws_secret_access_key=issued["SecretAccessKey"],
            aws_session_token=issued.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
        )

    return client
