"""The orchestrator's own system, from nothing to nothing, by a user who has the policy that it prints and no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.app.privileges import privileges
from orchestrator.aws.door import Access, Aws
from orchestrator.core.values import PolicyDoc
from orchestrator.plan.load.loader import load_plan
from orchestrator.stores.dynamodb import DynamoDbStore, make_table
from tests.privileges.permitted import Permitted, permitted
from tests.scenarios.forum.forum import PLAN as FORUM
from tests.scenarios.forum.forum import edited, writes
from tests.world import ONE_ATTEMPT

SELF = Path(__file__).parents[3] / "plans" / "self.yaml"
ACCOUNT, REGION = "123456789012", "us-east-1"
TABLE = "orchestrator-state"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Permitted]:
    with permitted(SELF, tmp_path_factory.mktemp("self")) as allowed:
        assert allowed.type("apply", "--yes") == 0
        assert allowed.denied() == []
        yield allowed


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def acting_as(user: Permitted, role: str, by: Any = None) -> Any:
    """Clients of who has assumed a role; ``by`` are the clients of who assumes it, the root user unless given."""
    sts = by("sts") if by else user.stage.client("sts")
    session = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="daemon")["Credentials"]
    held = boto3.session.Session(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"], REGION)
    return lambda service: held.client(service, endpoint_url=user.stage.aws.sandbox.url, config=ONE_ATTEMPT)


def _trust(role: str) -> PolicyDoc:
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sts:AssumeRole"}
    return PolicyDoc({"Version": "2012-10-17", "Statement": [statement]})


def refused(call: Any, **params: Any) -> bool:
    with pytest.raises(ClientError) as error:
        call(**params)
    return "AccessDenied" in error.value.response["Error"]["Code"]


def state_of(user: Permitted, alarm: str) -> str:
    [found] = user.stage.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return str(found["StateValue"])


def test_one_task_runs_that_is_healthy_by_the_daemons_own_word(user: Permitted) -> None:
    ecs = user.stage.client("ecs")
    arns = ecs.list_tasks(cluster="orchestrator")["taskArns"]
    [task] = ecs.describe_tasks(cluster="orchestrator", tasks=arns)["tasks"]
    assert (task["lastStatus"], task["healthStatus"]) == ("RUNNING", "HEALTHY")
    definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
    [container] = definition["containerDefinitions"]
    assert container["command"][:3] == ["daemon", "--plans", "/plans"]
    assert container["healthCheck"]["command"] == ["CMD", "orchestrator", "health"]
    assert container["stopTimeout"] > 30, "what is in flight at SIGTERM has 30 s to be finished"
    assert {e["name"]: e["value"] for e in container["environment"]} == {
        "ORCHESTRATOR_STORE": f"dynamodb://{TABLE}?region={REGION}"
    }


def test_nobody_is_let_in(user: Permitted) -> None:
    ec2, elb = user.stage.client("ec2"), user.stage.client("elbv2")
    [group] = [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] == "orchestrator-tasks"]
    assert group["IpPermissions"] == []
    assert elb.describe_load_balancers()["LoadBalancers"] == []
    [service] = user.stage.client("ecs").describe_services(cluster="orchestrator", services=["daemon-blue"])["services"]
    assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


def test_a_second_apply_finds_nothing_and_writes_nothing(user: Permitted, as_root: None) -> None:
    with user.stage.calls() as calls:
        assert user.stage.look().empty
    assert writes(calls) == []


def test_its_table_is_a_store_and_store_init_has_nothing_to_add(user: Permitted, as_root: None) -> None:
    door = Aws(Access(region=REGION), user.stage.aws.clock)
    assert make_table(door, TABLE) == ()
    store = DynamoDbStore(door, TABLE, "test")
    store.save("leases/forum", {"fence": 1}, None)
    assert (found := store.load("leases/forum")) and found.value == {"fence": 1}


def test_the_task_may_keep_state_and_become_who_a_plan_names_and_nothing_else(user: Permitted) -> None:
    iam = user.stage.client("iam")
    trust = _trust(f"arn:aws:iam::{ACCOUNT}:role/orchestrator-daemon-task").text()
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=trust)
    iam.create_role(RoleName="forum", Path="/orchestrator/", AssumeRolePolicyDocument=trust)
    for number, document in enumerate(privileges(load_plan(FORUM), region=REGION, account=ACCOUNT).documents):
        made = iam.create_policy(PolicyName=f"forum-{number}", PolicyDocument=document.text())["Policy"]
        iam.attach_role_policy(RoleName="forum", PolicyArn=made["Arn"])
    task = acting_as(user, "orchestrator-daemon-task")
    key = {"scope": {"S": "leases"}, "key": {"S": "leases/x"}}
    task("dynamodb").get_item(TableName=TABLE, Key=key)
    assert refused(task("dynamodb").delete_item, TableName=TABLE, Key=key)
    assert refused(task("dynamodb").get_item, TableName="payroll", Key=key)
    assert refused(task("ecs").describe_clusters, clusters=["forum"])
    assert refused(acting_as, user=user, role="admin", by=task)
    forum = acting_as(user, "orchestrator/forum", by=task)
    assert forum("ecs").describe_clusters(clusters=["forum"])["clusters"] == []


def test_an_alarm_rings_when_there_is_no_task_any_more(user: Permitted) -> None:
    user.stage.aws.sleep(600)
    states = [state_of(user, "orchestrator-daemon-gone")]
    for tasks in (0, 1):
        user.stage.client("ecs").update_service(cluster="orchestrator", service="daemon-blue", desiredCount=tasks)
        user.stage.aws.sleep(600)
        states.append(state_of(user, "orchestrator-daemon-gone"))
    assert states == ["OK", "ALARM", "OK"]


def test_a_token_of_its_page_comes_from_a_secret_as_the_plan_says_how(tmp_path: Path) -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orchestrator-web-AbCdEf"
    with_token = {r"# Add `(secrets: \{ORCHESTRATOR_WEB_TOKEN: )…\}`.*": rf"\g<1>'{secret}'}}"}
    plan = load_plan(edited(tmp_path / "self.yaml", with_token, SELF)).model
    assert plan.services["daemon"].secrets == {"ORCHESTRATOR_WEB_TOKEN": secret}


def test_destroy_keeps_what_the_table_holds_until_its_data_is_given_up(user: Permitted) -> None:
    client, before = user.stage.client("dynamodb"), user.denied()
    assert user.type("destroy", "--yes") == 0
    assert client.describe_table(TableName=TABLE)["Table"]["DeletionProtectionEnabled"]
    assert user.type("destroy", "--yes", "--data") == 0
    user.stage.aws.sleep(60)
    assert client.list_tables()["TableNames"] == []
    assert user.denied() == before
