"""What AWS has made and does not know of everywhere yet, as boto3 meets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orchestrator.sandbox import consistency
from orchestrator.sandbox.consistency import lag
from tests.sandbox.strict.network import refused
from tests.world import REGION, Aws, world

LAG = 5.0
ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def account() -> Iterator[Aws]:
    with world(consistency=LAG) as started:
        yield started


@pytest.fixture
def aws(account: Aws) -> Aws:
    account.sandbox.reset()
    return account


def trust(*services: str, **principal: str) -> str:
    who = {"Service": list(services), **principal}
    statement = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(aws: Aws, *services: str, name: str = "web") -> str:
    made = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(*services))
    return str(made["Role"]["Arn"])


def vpcs(aws: Aws) -> set[str]:
    return {vpc["VpcId"] for vpc in aws.client("ec2").describe_vpcs()["Vpcs"]}


def test_a_new_vpc_is_unknown_to_whoever_names_it_and_missing_in_lists(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    asking: list[Callable[[], Any]] = [
        lambda: ec2.describe_vpcs(VpcIds=[vpc]),
        lambda: ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24"),
        lambda: ec2.create_tags(Resources=[vpc], Tags=[{"Key": "c", "Value": "d"}]),
        lambda: ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True}),
    ]
    for ask in asking:
        with refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist"):
            ask()
    of_it = [{"Name": "vpc-id", "Values": [vpc]}]
    assert vpc not in vpcs(aws)
    assert ec2.describe_security_groups(Filters=of_it)["SecurityGroups"] == []
    assert ec2.describe_tags()["Tags"] == []
    assert aws.client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"] == []
    assert aws.sandbox.calls[1].struck == "consistency"
    aws.sleep(LAG)
    for ask in asking:
        ask()
    assert vpc in vpcs(aws)
    assert len(ec2.describe_security_groups(Filters=of_it)["SecurityGroups"]) == 1
    assert aws.client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]


def test_what_a_repeated_request_finds_again_was_not_made_anew(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    aws.sleep(LAG)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    aws.sleep(LAG)
    asked = {"SubnetId": subnet, "ConnectivityType": "private", "ClientToken": "once"}
    first = ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"]
    with refused("NatGatewayNotFound"):
        ec2.describe_nat_gateways(NatGatewayIds=[first])
    aws.sleep(LAG)
    assert ec2.create_nat_gateway(**asked)["NatGateway"]["NatGatewayId"] == first
    ec2.describe_nat_gateways(NatGatewayIds=[first])


def test_elb_hears_late_of_a_target_group(aws: Aws) -> None:
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    aws.sleep(LAG)
    made = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    with refused("TargetGroupNotFound"):
        elb.describe_target_health(TargetGroupArn=arn)
    assert elb.describe_target_groups()["TargetGroups"] == []
    aws.sleep(LAG)
    elb.describe_target_health(TargetGroupArn=arn)
    assert len(elb.describe_target_groups()["TargetGroups"]) == 1


def test_elb_misses_a_new_subnet_by_its_own_name_for_that(aws: Aws) -> None:
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    aws.sleep(LAG)
    blocks = {f"{REGION}a": "10.0.0.0/24", f"{REGION}b": "10.0.1.0/24"}
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone) for zone, cidr in blocks.items()]
    asked = {"Name": "web", "Scheme": "internal", "Subnets": [each["Subnet"]["SubnetId"] for each in made]}
    with refused("SubnetNotFound"):
        elb.create_load_balancer(**asked)
    aws.sleep(LAG)
    elb.create_load_balancer(**asked)


def _definition(aws: Aws, arn: str) -> Any:
    container = {"name": "app", "image": "public.ecr.aws/x/y:1", "memory": 64}
    ecs = aws.client("ecs")
    return ecs.register_task_definition(family="web", executionRoleArn=arn, containerDefinitions=[container])


def _project(aws: Aws, arn: str) -> Any:
    return aws.client("codebuild").create_project(
        name="web",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=arn,
    )


def _trusting(aws: Aws, arn: str) -> Any:
    document = trust("ecs-tasks.amazonaws.com", AWS=arn)
    return aws.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=document)


def _policy(arn: str, action: str, resource: str = "*") -> str:
    everybody = {"Effect": "Allow", "Principal": {"AWS": [arn, f"arn:aws:iam::{ACCOUNT}:root"]}}
    statement = {**everybody, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _bucket_policy(aws: Aws, arn: str) -> Any:
    s3 = aws.client("s3", "us-east-1")
    s3.create_bucket(Bucket="web-artifacts")
    return s3.put_bucket_policy(Bucket="web-artifacts", Policy=_policy(arn, "s3:*", "arn:aws:s3:::web-artifacts/*"))


def _key(aws: Aws, arn: str) -> Any:
    return aws.client("kms").create_key(Policy=_policy(arn, "kms:*"))


def _repository_policy(aws: Aws, arn: str) -> Any:
    ecr = aws.client("ecr")
    if not ecr.describe_repositories()["repositories"]:
        ecr.create_repository(repositoryName="web")
    return ecr.set_repository_policy(repositoryName="web", policyText=_policy(arn, "ecr:*"))


def _secret_policy(aws: Aws, arn: str) -> Any:
    secrets = aws.client("secretsmanager")
    if not secrets.list_secrets()["SecretList"]:
        secrets.create_secret(Name="web", SecretString="x")
    return secrets.put_resource_policy(SecretId="web", ResourcePolicy=_policy(arn, "secretsmanager:*"))


def _function(aws: Aws, arn: str) -> Any:
    return aws.client("lambda").create_function(
        FunctionName="web",
        Role=arn,
        PackageType="Image",
        Code={"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:v1"},
    )


USES: dict[str, tuple[Callable[[Aws, str], Any], str, str]] = {
    "ecs": (_definition, "ClientException", "Role is not valid"),
    "codebuild": (_project, "InvalidInputException", "CodeBuild is not authorized to perform: sts:AssumeRole"),
    "iam": (_trusting, "MalformedPolicyDocument", "Invalid principal in policy"),
    "s3": (_bucket_policy, "MalformedPolicy", "Invalid principal in policy"),
    "kms": (_key, "MalformedPolicyDocumentException", "invalid principals"),
    "ecr": (_repository_policy, "InvalidParameterException", "Invalid repository policy provided"),
    "secretsmanager": (_secret_policy, "MalformedPolicyDocumentException", "unsupported principal"),
}


@pytest.mark.parametrize("service", USES)
def test_a_new_role_can_be_read_and_is_refused_in_the_words_of_each_service_until_it_is_known(
    aws: Aws, service: str
) -> None:
    use, code, words = USES[service]
    arn = role(aws, "ecs-tasks.amazonaws.com", "codebuild.amazonaws.com", "lambda.amazonaws.com")
    assert aws.client("iam").get_role(RoleName="web")["Role"]["Arn"] == arn
    with refused(code, words):
        use(aws, arn)
    assert aws.sandbox.calls[-1].struck == "rule IAM-07"
    aws.sleep(consistency.PROPAGATION * LAG)
    use(aws, arn)


def test_lambda_pipelines_trails_and_scaling_wait_for_their_roles_too(aws: Aws) -> None:
    arn = role(aws, "lambda.amazonaws.com")
    with refused("InvalidParameterValueException", "cannot be assumed by Lambda"):
        _function(aws, arn)
    with refused("InvalidCloudWatchLogsRoleArnException", "Access denied"):
        aws.client("cloudtrail").create_trail(Name="web", S3BucketName="web", CloudWatchLogsRoleArn=arn)
    target = {"ServiceNamespace": "ecs", "ResourceId": "service/a/b", "ScalableDimension": "ecs:service:DesiredCount"}
    scaling = aws.client("application-autoscaling")
    with refused("ValidationException", "Unable to assume IAM role"):
        scaling.register_scalable_target(**target, RoleARN=arn)
    stage = {"name": "a", "actions": []}
    pipeline = {"name": "web", "roleArn": arn, "stages": [stage, {**stage, "name": "b"}]}
    with refused("InvalidStructureException", f"not authorized to perform AssumeRole on role {arn}"):
        aws.client("codepipeline").create_pipeline(pipeline=pipeline)


def test_a_service_waits_for_the_linked_role_of_ecs(aws: Aws) -> None:
    aws.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    container = {"name": "app", "image": "public.ecr.aws/x/y:1", "memory": 64}
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="main")
    ecs.register_task_definition(family="web", containerDefinitions=[container])
    asked = {"cluster": "main", "serviceName": "web", "taskDefinition": "web", "desiredCount": 0}
    with refused("InvalidParameterException", "Unable to assume the service linked role."):
        ecs.create_service(**asked)
    aws.sleep(consistency.PROPAGATION * LAG)
    ecs.create_service(**asked)


def test_a_role_that_was_made_again_is_new_again_to_the_tasks_that_have_it(aws: Aws) -> None:
    arn, ecs = role(aws, "ecs-tasks.amazonaws.com"), aws.client("ecs")
    ecs.create_cluster(clusterName="main")
    aws.sleep(consistency.PROPAGATION * LAG)
    _definition(aws, arn)
    aws.client("iam").delete_role(RoleName="web")
    role(aws, "ecs-tasks.amazonaws.com")
    with refused("ClientException", "ECS was unable to assume the role"):
        ecs.run_task(cluster="main", taskDefinition="web", launchType="EC2")
    aws.sleep(consistency.PROPAGATION * LAG)
    ecs.run_task(cluster="main", taskDefinition="web", launchType="EC2")


def test_a_reset_forgets_what_was_new(aws: Aws) -> None:
    arn = role(aws, "ecs-tasks.amazonaws.com")
    aws.sandbox.reset()
    assert not consistency.propagating(arn, aws.clock.now())


def test_with_no_lag_everything_is_known_at_once(aws: Aws) -> None:
    lag.install(0)
    try:
        vpc = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        assert vpc in vpcs(aws)
        _definition(aws, role(aws, "ecs-tasks.amazonaws.com"))
    finally:
        lag.install(LAG)
