"""A sandbox with authorisation, seen through plain boto3: who is limited, on what, and in which words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.world import ONE_ATTEMPT, REGION, Aws, world

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}:user/ci"
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]
}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with world(authorise=True) as running:
        yield running


class User:
    """A user with one inline policy."""

    def __init__(self, aws: Aws, *statements: dict[str, Any]) -> None:
        self._aws = aws
        self._iam = aws.client("iam")
        self._iam.create_user(UserName="ci")
        key = self._iam.create_access_key(UserName="ci")["AccessKey"]
        self._session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
        self.may(*statements)

    def may(self, *statements: dict[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self._iam.put_user_policy(UserName="ci", PolicyName="own", PolicyDocument=json.dumps(document))

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._aws.sandbox.url, config=ONE_ATTEMPT)


def allow(*actions: str, on: str = "*", **condition: dict[str, str]) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": on,
        **({"Condition": condition} if condition else {}),
    }


def refused(call: Any, **params: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as error:
        call(**params)
    answer = error.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "method", "params", "code", "action", "resource"),
    [
        (
            "ec2",
            "create_vpc",
            {"CidrBlock": "10.0.0.0/16"},
            "UnauthorizedOperation",
            "ec2:CreateVpc",
            "arn:aws:ec2:eu-west-1:{}:vpc/*",
        ),
        (
            "iam",
            "create_role",
            {"RoleName": "r", "AssumeRolePolicyDocument": "{}"},
            "AccessDenied",
            "iam:CreateRole",
            "arn:aws:iam::{}:role/r",
        ),
        (
            "ecs",
            "create_cluster",
            {"clusterName": "shop"},
            "AccessDeniedException",
            "ecs:CreateCluster",
            "arn:aws:ecs:eu-west-1:{}:cluster/shop",
        ),
        ("s3", "create_bucket", {"Bucket": "shop-1"}, "AccessDenied", "s3:CreateBucket", "arn:aws:s3:::shop-1"),
        ("elbv2", "describe_load_balancers", {}, "AccessDenied", "elasticloadbalancing:DescribeLoadBalancers", "*"),
        ("logs", "describe_log_groups", {}, "AccessDeniedException", "logs:DescribeLogGroups", "*"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.islower() else "",
)
def test_a_refusal_is_in_the_code_of_its_protocol_and_says_who_what_and_on_what(
    aws: Aws, service: str, method: str, params: dict[str, Any], code: str, action: str, resource: str
) -> None:
    user = User(aws, allow("sts:GetCallerIdentity"))
    said, message, status = refused(getattr(user.client(service), method), **params)
    assert said == code
    assert status in (400, 403)
    where = resource.format(ACCOUNT)
    why = f"because no identity-based policy allows the {action} action"
    assert message.endswith(f"User: {ARN} is not authorized to perform: {action} on resource: {where} {why}")
    assert aws.sandbox.calls[-1].struck == "IAM"


def test_a_deny_says_that_it_is_one(aws: Aws) -> None:
    user = User(aws, allow("ecs:*", "iam:*"), {"Effect": "Deny", "Action": "ecs:DeleteCluster", "Resource": "*"})
    user.client("ecs").create_cluster(clusterName="shop")
    _, message, _ = refused(user.client("ecs").delete_cluster, cluster="shop")
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_the_root_user_is_limited_by_nothing_and_who_one_is_may_always_be_asked(aws: Aws) -> None:
    aws.client("ecs").create_cluster(clusterName="shop")
    assert User(aws, allow("ecs:None")).client("sts").get_caller_identity()["Arn"] == ARN


def test_names_limit_what_is_listed_one_by_one(aws: Aws) -> None:
    for name in ("mine", "theirs"):
        aws.client("ecs").create_cluster(clusterName=name)
    user = User(aws, allow("ecs:DescribeClusters", on=f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/mine"))
    assert user.client("ecs").describe_clusters(clusters=["mine"])["clusters"]
    _, message, _ = refused(user.client("ecs").describe_clusters, clusters=["mine", "theirs"])
    assert "cluster/theirs" in message


def test_what_is_made_with_a_tag_may_be_asked_to_be_and_tagging_is_a_permission_of_its_own(aws: Aws) -> None:
    tagged = {"StringEquals": {"aws:RequestTag/stack": "shop"}}
    user = User(aws, allow("ec2:CreateVpc", **tagged))
    ec2 = user.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "stack", "Value": "shop"}]}]
    assert "perform: ec2:CreateVpc" in refused(ec2.create_vpc, CidrBlock="10.0.0.0/16")[1]
    assert "perform: ec2:CreateTags" in refused(ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=tags)[1]
    created = {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}
    user.may(allow("ec2:CreateVpc", **tagged), allow("ec2:CreateTags", **created))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    assert "perform: ec2:CreateTags" in refused(ec2.create_tags, Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}])[1]


def test_what_carries_anothers_tag_is_out_of_reach_and_so_is_what_would_be_made_in_it(aws: Aws) -> None:
    own, foreign = (
        aws.client("ec2").create_vpc(
            CidrBlock="10.0.0.0/16",
            TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "stack", "Value": stack}]}],
        )["Vpc"]["VpcId"]
        for stack in ("shop", "other")
    )
    user = User(
        aws,
        allow("ec2:*", StringEquals={"aws:ResourceTag/stack": "shop"}),
        allow("ec2:CreateSubnet", on=f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/*"),
    )
    ec2 = user.client("ec2")
    assert "vpc/" + foreign in refused(ec2.delete_vpc, VpcId=foreign)[1]
    assert "vpc/" + foreign in refused(ec2.create_subnet, VpcId=foreign, CidrBlock="10.0.0.0/24")[1]
    subnet = ec2.create_subnet(VpcId=own, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    aws.client("ec2").delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=own)


def test_a_role_is_passed_only_to_the_service_that_the_policy_names(aws: Aws) -> None:
    role = aws.client("iam").create_role(RoleName="tasks", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    definition = {
        "family": "shop",
        "executionRoleArn": role,
        "containerDefinitions": [{"name": "a", "image": "a", "memory": 64}],
    }
    wrong = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    right = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    user = User(aws, allow("ecs:RegisterTaskDefinition"), allow("iam:PassRole", on=role, **wrong))
    ecs = user.client("ecs")
    assert f"perform: iam:PassRole on resource: {role}" in refused(ecs.register_task_definition, **definition)[1]
    user.may(allow("ecs:RegisterTaskDefinition"), allow("iam:PassRole", on=role, **right))
    ecs.register_task_definition(**definition)


def test_a_service_linked_role_is_made_by_whoever_first_uses_the_service(aws: Aws) -> None:
    user = User(aws, allow("ecs:CreateCluster"))
    assert "perform: iam:CreateServiceLinkedRole" in refused(user.client("ecs").create_cluster, clusterName="shop")[1]
    aws.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    user.client("ecs").create_cluster(clusterName="shop")


def test_a_role_in_session_may_do_what_the_role_may(aws: Aws) -> None:
    iam = aws.client("iam")
    role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    document = {"Version": "2012-10-17", "Statement": [allow("ecs:ListClusters")]}
    iam.put_role_policy(RoleName="deployer", PolicyName="own", PolicyDocument=json.dumps(document))
    keys = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)
    ecs = session.client("ecs", endpoint_url=aws.sandbox.url, config=ONE_ATTEMPT)
    ecs.list_clusters()
    _, message, _ = refused(ecs.list_services, cluster="shop")
    assert (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/deployer/one is not authorized to perform: ecs:ListServices"
        in message
    )


def test_without_authorisation_nobody_is_limited() -> None:
    with world() as aws:
        User(aws, allow("ecs:None")).client("ecs").create_cluster(clusterName="shop")
