"""IAM, KMS and Secrets Manager refuse what would leave somebody without access, or without a name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.strict.network import refused
from tests.world import Aws

ACCOUNT = "123456789012"


def trust(**principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TASKS = trust(Service="ecs-tasks.amazonaws.com")
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}
)


def role(aws: Aws, name: str = "web", document: str = TASKS) -> str:
    return str(aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])


def policy(aws: Aws, name: str = "web") -> str:
    return str(aws.client("iam").create_policy(PolicyName=name, PolicyDocument=NOTHING)["Policy"]["Arn"])


def test_a_policy_is_detached_before_it_is_deleted(aws: Aws) -> None:
    iam, arn = aws.client("iam"), policy(aws)
    role(aws)
    iam.attach_role_policy(RoleName="web", PolicyArn=arn)
    with refused("DeleteConflict", "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_role_policy(RoleName="web", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


def test_a_policy_loses_its_versions_before_it_is_deleted(aws: Aws) -> None:
    iam, arn = aws.client("iam"), policy(aws)
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=NOTHING)
    with refused("DeleteConflict", "more than one version"):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId=made["PolicyVersion"]["VersionId"])
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize("kind", ["role", "user"])
def test_a_trust_policy_names_who_exists(aws: Aws, kind: str) -> None:
    iam, arn = aws.client("iam"), f"arn:aws:iam::{ACCOUNT}:{kind}/deployer"
    with refused("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"'):
        role(aws, document=trust(AWS=[arn]))
    role(aws)
    with refused("MalformedPolicyDocument"):
        iam.update_assume_role_policy(RoleName="web", PolicyDocument=trust(AWS=arn))
    role(aws, "deployer") if kind == "role" else iam.create_user(UserName="deployer")
    iam.update_assume_role_policy(RoleName="web", PolicyDocument=trust(AWS=arn))


@pytest.mark.parametrize("principal", [f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "arn:aws:iam::210987654321:role/x"])
def test_a_trust_policy_may_name_the_account_or_another_one(aws: Aws, principal: str) -> None:
    role(aws, document=trust(AWS=principal))


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        '{"Version": "2012-10-17"}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}',
        TASKS.replace('"Action"', '"Resource": "*", "Action"'),
    ],
)
def test_a_trust_policy_is_well_formed(aws: Aws, document: str) -> None:
    with refused("MalformedPolicyDocument"):
        role(aws, document=document)


def test_a_role_holds_ten_policies(aws: Aws) -> None:
    iam = aws.client("iam")
    role(aws)
    arns = [policy(aws, f"p{n}") for n in range(11)]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName="web", PolicyArn=arn)
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"):
        iam.attach_role_policy(RoleName="web", PolicyArn=arns[10])
    iam.attach_role_policy(RoleName="web", PolicyArn=arns[0])


def test_a_role_name_has_64_characters(aws: Aws) -> None:
    with refused("ValidationError", "1 validation error detected: Value at 'roleName'", "less than or equal to 64"):
        role(aws, "x" * 65)
    role(aws, "x" * 64)


def test_a_service_has_one_linked_role(aws: Aws) -> None:
    iam = aws.client("iam")
    made = iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")["Role"]["RoleName"]
    with refused("InvalidInput", f"Service role name {made} has been taken in this account"):
        iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    iam.create_service_linked_role(AWSServiceName="kafka.amazonaws.com")


def test_a_linked_role_of_a_service_with_a_prefix_is_told_from_one_with_a_suffix(aws: Aws) -> None:
    iam, prefixed, suffixed = (
        aws.client("iam"),
        "ecs.application-autoscaling.amazonaws.com",
        "autoscaling.amazonaws.com",
    )
    iam.create_service_linked_role(AWSServiceName=prefixed)
    with refused("InvalidInput"):
        iam.create_service_linked_role(AWSServiceName=prefixed)
    iam.create_service_linked_role(AWSServiceName=suffixed, CustomSuffix="one")
    with refused("InvalidInput"):
        iam.create_service_linked_role(AWSServiceName=suffixed, CustomSuffix="one")
    iam.create_service_linked_role(AWSServiceName=suffixed, CustomSuffix="two")
    iam.create_service_linked_role(AWSServiceName=suffixed)


def key(aws: Aws, **settings: Any) -> str:
    return str(aws.client("kms").create_key(**settings)["KeyMetadata"]["KeyId"])


def test_a_key_that_will_be_deleted_does_nothing_until_that_is_cancelled(aws: Aws) -> None:
    kms, doomed = aws.client("kms"), key(aws)
    kms.schedule_key_deletion(KeyId=doomed)
    for refusal in (
        lambda: kms.enable_key_rotation(KeyId=doomed),
        lambda: kms.encrypt(KeyId=doomed, Plaintext=b"x"),
        lambda: kms.create_alias(AliasName="alias/web", TargetKeyId=doomed),
    ):
        with refused("KMSInvalidStateException", f"{doomed} is pending deletion."):
            refusal()
    kms.describe_key(KeyId=doomed)
    kms.cancel_key_deletion(KeyId=doomed)
    kms.enable_key(KeyId=doomed)
    kms.enable_key_rotation(KeyId=doomed)


def test_a_key_is_found_behind_its_alias(aws: Aws) -> None:
    kms, doomed = aws.client("kms"), key(aws)
    kms.create_alias(AliasName="alias/web", TargetKeyId=doomed)
    kms.encrypt(KeyId="alias/web", Plaintext=b"x")
    kms.schedule_key_deletion(KeyId=doomed)
    with refused("KMSInvalidStateException"):
        kms.encrypt(KeyId="alias/web", Plaintext=b"x")


def key_policy(principal: str, action: str = "kms:*") -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_key_policy_does_not_lock_its_author_out(aws: Aws) -> None:
    kms, root = aws.client("kms"), f"arn:aws:iam::{ACCOUNT}:root"
    for locking in (key_policy("arn:aws:iam::210987654321:root"), key_policy(root, "kms:Encrypt")):
        with refused("MalformedPolicyDocumentException", "will not allow you to update the key policy"):
            key(aws, Policy=locking)
    ours = key(aws, Policy=key_policy(root))
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=ours, PolicyName="default", Policy=key_policy(root, "kms:Encrypt"))
    kms.put_key_policy(KeyId=ours, PolicyName="default", Policy=key_policy(root, "kms:Put*"))
    key(aws, Policy=key_policy(root, "kms:Encrypt"), BypassPolicyLockoutSafetyCheck=True)


def test_a_deleted_secret_keeps_its_name_until_it_is_restored_or_forced_out(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name="db", SecretString="x")
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.create_secret(Name="db", SecretString="x")
    secrets.create_secret(Name="other", SecretString="x")
    secrets.restore_secret(SecretId="db")
    secrets.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="db", SecretString="x")


def test_a_deleted_secret_is_restored_before_it_is_used(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    arn = secrets.create_secret(Name="db", SecretString="x")["ARN"]
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    for refusal in (
        lambda: secrets.get_secret_value(SecretId="db"),
        lambda: secrets.put_secret_value(SecretId=arn, SecretString="y"),
    ):
        with refused("InvalidRequestException", "because it was marked for deletion."):
            refusal()
    secrets.describe_secret(SecretId="db")
    secrets.restore_secret(SecretId="db")
    secrets.get_secret_value(SecretId="db")
