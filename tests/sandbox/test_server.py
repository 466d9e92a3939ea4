"""The sandbox as a server: administration, the record of calls, and time."""

from __future__ import annotations

import json
import logging
import socket
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.sandbox.chain import Delayed
from orchestrator.sandbox.server import Sandbox, SandboxError
from tests.world import Aws, world


def _admin(aws: Aws, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{aws.sandbox.url}{path}", data=data)) as answer:
        return json.load(answer)


def _refusal(aws: Aws, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        _admin(aws, path, body)
    return caught.value.code, json.load(caught.value)


def test_an_unknown_admin_path_is_told_what_there_is(aws: Aws) -> None:
    status, answer = _refusal(aws, "/_sandbox/nonsense")
    assert status == 404
    assert "no GET /_sandbox/nonsense" in answer["error"]
    assert "POST /_sandbox/push" in answer["known"]


def test_every_aws_call_is_counted_by_service_and_operation_whatever_its_protocol(aws: Aws) -> None:
    aws.client("ecs").list_clusters()
    aws.client("ecs").list_clusters()
    aws.client("ec2").describe_vpcs()
    aws.client("s3").create_bucket(Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.client("cloudwatch").describe_alarms()
    aws.client("elbv2").describe_load_balancers()
    answer = _admin(aws, "/_sandbox/calls")
    assert {(each["service"], each["operation"]): each["count"] for each in answer["operations"]} == {
        ("ecs", "ListClusters"): 2,
        ("ec2", "DescribeVpcs"): 1,
        ("s3", "CreateBucket"): 1,
        ("cloudwatch", "DescribeAlarms"): 1,
        ("elbv2", "DescribeLoadBalancers"): 1,
    }
    assert answer["total"] == len(aws.sandbox.calls) == 6
    assert {call.region for call in aws.sandbox.calls} == {"eu-west-1"}


def test_a_reset_empties_the_account_and_the_record_of_calls(aws: Aws) -> None:
    aws.client("ecr").create_repository(repositoryName="api")
    _admin(aws, "/_sandbox/reset", {})
    assert aws.client("ecr").describe_repositories()["repositories"] == []
    assert [call.operation for call in aws.sandbox.calls] == ["DescribeRepositories"]


def test_time_advances_on_request(aws: Aws) -> None:
    before = _admin(aws, "/_sandbox/status")["now"]
    assert _admin(aws, "/_sandbox/advance", {"seconds": 90})["now"] == before + 90
    status, answer = _refusal(aws, "/_sandbox/advance", {"seconds": -1})
    assert (status, answer["error"]) == (400, "seconds must be a number that is not negative, found -1")


def test_an_operation_that_moto_lacks_answers_500_and_prints_nothing(
    aws: Aws, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with pytest.raises(ClientError) as caught:
        aws.client("ecs").submit_attachment_state_changes(attachments=[])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_a_second_sandbox_in_one_process_is_refused_and_a_later_one_is_not() -> None:
    with world(), pytest.raises(SandboxError, match="another sandbox runs in this process"):
        Sandbox().start()
    with world() as aws:
        assert aws.client("ecs").list_clusters()["clusterArns"] == []


def test_a_taken_port_is_refused_with_its_number_and_leaves_nothing_behind() -> None:
    with world() as aws:
        port = int(aws.sandbox.url.rpartition(":")[2])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(SandboxError, match=f"can not listen on 127.0.0.1:{port}: Address already in use"):
            Sandbox(port=port).start()
    with world(port=port) as aws:
        assert aws.sandbox.url.endswith(f":{port}")


def test_added_latency_is_waited_for_by_parallel_calls_at_once() -> None:
    meeting = threading.Barrier(2)
    answered: list[str] = []

    def app(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        answered.append("AWS")
        return []

    delayed = Delayed(app, lambda: 1.0, sleep=lambda _: meeting.wait(10))
    calls = [
        threading.Thread(target=delayed, args=({"PATH_INFO": "/"}, lambda *_: None)),
        threading.Thread(target=delayed, args=({"PATH_INFO": "/"}, lambda *_: None)),
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert answered == ["AWS", "AWS"]
    delayed({"PATH_INFO": "/_sandbox/status"}, lambda *_: None)


def test_regions_do_not_share_anything(aws: Aws) -> None:
    aws.client("ecr", "eu-west-1").create_repository(repositoryName="api")
    assert aws.client("ecr", "us-east-1").describe_repositories()["repositories"] == []


def test_what_breaks_in_the_world_is_a_500_once_and_no_traceback_in_the_terminal(
    aws: Aws, capfd: pytest.CaptureFixture[str]
) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    aws.sandbox.world.after(1, breaks)
    aws.sleep(2)
    with pytest.raises(ClientError) as caught:
        aws.client("ecs").list_clusters()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert aws.client("ecs").list_clusters()["clusterArns"] == []
    assert "Traceback" not in capfd.readouterr().err
