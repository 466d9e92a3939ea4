"""How a forum begins: with a certificate, without images, without services, on the wrong account, on taken names."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.app.ending import Outcome
from orchestrator.core.errors import Refused, WrongAccount
from tests.scenarios.forum.forum import Forum, edited, forum, writes
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, inventory, twice


def _certificate(stage: Forum) -> str:
    """A certificate that ACM holds, as somebody imported it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    began = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("forum.example.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    imported = stage.client("acm").import_certificate(
        Certificate=made.public_bytes(serialization.Encoding.PEM), PrivateKey=private
    )
    return str(imported["CertificateArn"])


def test_with_a_certificate_tls_ends_at_the_balancer_and_80_redirects(tmp_path: Path) -> None:
    with forum() as stage:
        certificate = _certificate(stage)
        stage.plan = edited(tmp_path / "forum.yaml", {r"^entry:$": f"entry:\n  certificate: {certificate}"})
        assert not stage.apply().outcome
        assert set(stage.account.listeners) == {80, 443}
        assert stage.wrong == []
        assert stage.look().empty


def test_without_images_all_the_rest_is_made_and_the_next_apply_goes_on_from_there() -> None:
    with forum(empty_repositories=True) as stage:
        ending = stage.apply()
        assert ending.outcome is Outcome.WAITING_FOR_IMAGES
        assert {s.service for s in ending.services} == {"posts", "threads", "users"}
        for service in ending.services:
            repository = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/forum/{service.service}:latest"
            assert service.push == f"docker push {repository}"
        services = ("ECS service", "task definition", "scalable target", "scaling policy")
        missing = RUNNING - counted(stage.account)
        assert set(missing) - {"alarm"} == set(services)

        stage.aws.push("forum/posts", "latest")
        ending = stage.apply()
        assert ending.outcome is Outcome.WAITING_FOR_IMAGES
        waiting = {s.service for s in ending.services if s.outcome is Outcome.WAITING_FOR_IMAGES}
        assert waiting == {"threads", "users"}

        for name in ("threads", "users"):
            stage.aws.push(f"forum/{name}", "latest")
        assert not stage.apply().outcome
        assert stage.wrong == []
        assert counted(stage.account) == RUNNING
        assert stage.look().empty


def test_a_plan_of_no_services_is_a_network_with_an_entry_that_answers_404(tmp_path: Path) -> None:
    with forum() as stage:
        stage.plan = edited(tmp_path / "forum.yaml", {r"^services:\n(?:  .*\n)+": "", r"^delivery:\n(?:  .*\n)+": ""})
        assert not stage.apply().outcome
        assert stage.look().empty
        found = counted(stage.account)
        assert found["load balancer"] == 1
        assert not {"repository", "ECS service", "target group", "rule", "scalable target"} & set(found)
        (listener,) = stage.account.listeners.values()
        assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
        ending, kept = stage.destroy(data=False)
        assert not ending.outcome
        assert kept == set()


def test_a_service_taken_out_of_the_plan_goes_with_its_images_only_when_told_to(tmp_path: Path) -> None:
    with forum() as stage:
        stage.apply()
        stage.plan = edited(tmp_path / "forum.yaml", {r"^  users:\n    .*\n": ""})
        with pytest.raises(Refused, match="repository/users"):
            stage.apply()
        assert counted(stage.account) == RUNNING
        ending = stage.apply(data=True)
        assert not ending.outcome, ending
        assert stage.look().empty
        stage.aws.sleep(300)
        left = inventory(stage.account)
        assert "users" not in str(left)
        assert len(left["ECS service"]) == len(left["repository"]) == 2


def test_another_account_than_the_plans_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with forum() as stage:
        stage.plan = edited(tmp_path / "forum.yaml", {r"^region:": 'account: "210987654321"\nregion:'})
        with stage.calls() as calls, pytest.raises(WrongAccount, match=r"210987654321.*123456789012"):
            stage.apply()
        assert writes(calls) == []


def _taken(stage: Forum) -> dict[str, Any]:
    """Somebody has made things by hand under names that we want; what adopts each."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    stage.client("ecr").create_repository(repositoryName="forum/posts")
    stage.client("iam").create_role(RoleName="forum-execution", AssumeRolePolicyDocument=document)
    stage.client("logs").create_log_group(logGroupName="/forum/posts")
    stage.client("s3").create_bucket(Bucket="forum-artifacts-123456789012-us-east-1")
    stage.client("ecs").create_cluster(clusterName="forum")
    return inventory(stage.account)


def test_names_that_others_have_taken_are_refused_until_the_plan_adopts_them(tmp_path: Path) -> None:
    with forum() as stage:
        before = _taken(stage)
        addresses = ["repository/posts", "role/execution", "log-group/posts", "bucket/artifacts", "cluster/main"]
        with stage.calls() as calls, pytest.raises(Refused) as refused:
            stage.apply()
        assert refused.value.exit_code == 16
        for address in addresses:
            assert address in refused.value.message
        assert writes(calls) == []
        assert inventory(stage.account) == before

        adopt = "".join(f"\n  - {address}" for address in addresses)
        stage.plan = edited(tmp_path / "forum.yaml", {r"\Z": f"\nadopt:{adopt}\n"})
        assert not stage.apply().outcome
        assert stage.wrong == []
        assert counted(stage.account) == RUNNING
        assert twice(stage.account) == []
        assert stage.look().empty
