"""IAM as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


@pytest.fixture
def iam(aws):
    client = aws("iam")
    client.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)
    return client


def test_a_policy_of_aws_can_be_attached_and_is_listed(iam):
    iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION)
    attached = iam.list_attached_role_policies(RoleName="execution")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": EXECUTION}]


def test_a_policy_of_aws_has_its_real_document(iam):
    document = iam.get_policy_version(PolicyArn=EXECUTION, VersionId="v1")["PolicyVersion"]["Document"]
    assert "ecr:GetAuthorizationToken" in document["Statement"][0]["Action"]


@pytest.mark.parametrize("path", ["NoSuchPolicy", "AmazonECSTaskExecutionRolePolicy"])
def test_a_policy_that_aws_does_not_have_under_that_arn_is_no_entity(iam, path):
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(RoleName="execution", PolicyArn=f"arn:aws:iam::aws:policy/{path}")


def test_attaching_twice_is_one_attachment(iam):
    for _ in range(2):
        iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION)
    assert iam.get_policy(PolicyArn=EXECUTION)["Policy"]["AttachmentCount"] == 1


def test_account_details_hold_a_roles_tags_inline_and_attached_policies_page_by_page(iam):
    iam.tag_role(RoleName="execution", Tags=[{"Key": "stack", "Value": "forum"}])
    iam.put_role_policy(RoleName="execution", PolicyName="inline", PolicyDocument=DOCUMENT)
    iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION)
    iam.create_role(RoleName="task", AssumeRolePolicyDocument=TRUST)
    details = iam.get_paginator("get_account_authorization_details")
    pages = list(details.paginate(Filter=["Role"], PaginationConfig={"PageSize": 1}))
    assert [len(page["RoleDetailList"]) for page in pages] == [1, 1]
    role = next(r for page in pages for r in page["RoleDetailList"] if r["RoleName"] == "execution")
    assert role["Tags"] == [{"Key": "stack", "Value": "forum"}]
    assert role["RolePolicyList"] == [{"PolicyName": "inline", "PolicyDocument": json.loads(DOCUMENT)}]
    assert role["AttachedManagedPolicies"][0]["PolicyArn"] == EXECUTION
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)


def test_account_details_name_the_policies(iam):
    made = iam.create_policy(PolicyName="mine", PolicyDocument=DOCUMENT)["Policy"]
    found = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"][0]
    assert (found["PolicyName"], found["PolicyId"]) == ("mine", made["PolicyId"])


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
        ("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"),
        (
            "ecs.application-autoscaling.amazonaws.com",
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
        ),
    ],
)
def test_a_service_linked_role_has_the_name_aws_gives_it(iam, service, name):
    iam.create_service_linked_role(AWSServiceName=service)
    assert iam.get_role(RoleName=name)["Role"]["Path"] == f"/aws-service-role/{service}/"


def test_a_second_service_linked_role_is_invalid_input(iam):
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    with pytest.raises(ClientError, match=r"InvalidInput.*has been taken in this account"):
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
