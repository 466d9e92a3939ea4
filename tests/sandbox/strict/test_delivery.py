"""ECR, CodeBuild, CloudTrail, CloudWatch, Logs, Cloud Map and Application Auto Scaling refuse what cannot work."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.sandbox import strict
from tests.sandbox.strict.network import Network, refused
from tests.sandbox.strict.test_ecs_services import Shop
from tests.world import REGION, Aws


def lifecycle(*rules: dict[str, Any]) -> str:
    return json.dumps({"rules": list(rules)})


def expire(priority: int = 1, **selection: Any) -> dict[str, Any]:
    chosen = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5, **selection}
    return {
        "rulePriority": priority,
        "selection": {name: value for name, value in chosen.items() if value is not None},
        "action": {"type": "expire"},
    }


AGED = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}

BAD_LIFECYCLES = {
    "not JSON": "no" * 50,
    "no rules": "{}" + " " * 100,
    "tagged without tags": lifecycle(expire(tagStatus="tagged")),
    "any with tags": lifecycle(expire(tagStatus="any", tagPrefixList=["v"])),
    "unknown status": lifecycle(expire(tagStatus="moon")),
    "two of one priority": lifecycle(expire(), expire(tagStatus="any")),
    "any before others": lifecycle(expire(1, tagStatus="any"), expire(2)),
    "age without unit": lifecycle(expire(countType="sinceImagePushed")),
    "count with unit": lifecycle(expire(countUnit="days")),
    "count of nothing": lifecycle(expire(countNumber=0)),
    "no action": lifecycle({**expire(), "action": {}}),
}
GOOD_LIFECYCLES = {
    "count": lifecycle(expire()),
    "age": lifecycle(expire(**AGED)),
    "prefix then any": lifecycle(expire(1, tagStatus="tagged", tagPrefixList=["v"]), expire(2, tagStatus="any")),
    "pattern": lifecycle(expire(tagStatus="tagged", tagPatternList=["v*"])),
}


@pytest.mark.parametrize("text", BAD_LIFECYCLES.values(), ids=list(BAD_LIFECYCLES))
def test_a_lifecycle_policy_that_ecr_could_not_follow_is_refused(aws: Aws, text: str) -> None:
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="web")
    with refused("InvalidParameterException", "Lifecycle policy validation failure"):
        ecr.put_lifecycle_policy(repositoryName="web", lifecyclePolicyText=text)


@pytest.mark.parametrize("text", GOOD_LIFECYCLES.values(), ids=list(GOOD_LIFECYCLES))
def test_a_lifecycle_policy_that_ecr_can_follow_is_accepted(aws: Aws, text: str) -> None:
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="web")
    ecr.put_lifecycle_policy(repositoryName="web", lifecyclePolicyText=text)


def manifest(number: int) -> str:
    digest = f"sha256:{number:064d}"
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": digest}
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []})


def test_a_tag_of_an_immutable_repository_does_not_move(aws: Aws) -> None:
    ecr = aws.client("ecr")
    for name, mutability in (("fixed", "IMMUTABLE"), ("free", "MUTABLE")):
        ecr.create_repository(repositoryName=name, imageTagMutability=mutability)
        ecr.put_image(repositoryName=name, imageManifest=manifest(1), imageTag="v9")
    with refused("ImageTagAlreadyExistsException", "The image with tag 'v9' already exists in the 'fixed' repository"):
        ecr.put_image(repositoryName="fixed", imageManifest=manifest(2), imageTag="v9")
    ecr.put_image(repositoryName="fixed", imageManifest=manifest(2), imageTag="v10")
    ecr.put_image(repositoryName="free", imageManifest=manifest(2), imageTag="v9")


def test_named_repositories_do_not_come_in_pages(aws: Aws) -> None:
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="web")
    ecr.put_image(repositoryName="web", imageManifest=manifest(1), imageTag="v9")
    with refused("InvalidParameterException"):
        ecr.describe_repositories(repositoryNames=["web"], maxResults=1)
    with refused("InvalidParameterException"):
        ecr.describe_images(repositoryName="web", imageIds=[{"imageTag": "v9"}], maxResults=1)
    ecr.describe_repositories(repositoryNames=["web"])
    ecr.describe_repositories(maxResults=1)
    ecr.describe_images(repositoryName="web", maxResults=1)


def test_retention_is_one_of_the_offered_periods(aws: Aws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/web")
    with refused("InvalidParameterException", "retentionInDays"):
        logs.put_retention_policy(logGroupName="/web", retentionInDays=10)
    logs.put_retention_policy(logGroupName="/web", retentionInDays=14)


def dashboard(**widget: Any) -> str:
    metric = {"metrics": [["AWS/ECS", "CPUUtilization"]], "region": REGION}
    return json.dumps({"widgets": [{"type": "metric", "width": 12, "properties": metric, **widget}]})


@pytest.mark.parametrize("body", ["no", "{}", dashboard(type="moon"), dashboard(width=25), dashboard(properties={})])
def test_a_dashboard_that_could_not_be_drawn_is_refused(aws: Aws, body: str) -> None:
    cloudwatch = aws.client("cloudwatch")
    with refused("InvalidParameterInput", "The dashboard body is invalid"):
        cloudwatch.put_dashboard(DashboardName="web", DashboardBody=body)
    cloudwatch.put_dashboard(DashboardName="web", DashboardBody=dashboard())


def test_a_build_project_has_a_role_that_trusts_codebuild(aws: Aws) -> None:
    iam, codebuild = aws.client("iam"), aws.client("codebuild")

    def create(role: str) -> None:
        codebuild.create_project(
            name="web",
            source={"type": "S3", "location": "bucket/path"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=role,
        )

    with refused("InvalidInputException", "CodeBuild is not authorized to perform: sts:AssumeRole"):
        create("arn:aws:iam::123456789012:role/missing")
    arns = [
        iam.create_role(RoleName=service, AssumeRolePolicyDocument=trusting(f"{service}.amazonaws.com"))["Role"]["Arn"]
        for service in ("ecs-tasks", "codebuild")
    ]
    with refused("InvalidInputException"):
        create(arns[0])
    create(arns[1])


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_trail_writes_to_a_bucket_that_lets_it(aws: Aws) -> None:
    s3, trail = aws.client("s3"), aws.client("cloudtrail")
    s3.create_bucket(Bucket="trails", CreateBucketConfiguration={"LocationConstraint": REGION})
    with refused("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: trails"):
        trail.create_trail(Name="web", S3BucketName="trails")
    cloudtrail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    statements = [
        {**cloudtrail, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::trails"},
        {**cloudtrail, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::trails/AWSLogs/123456789012/*"},
    ]
    s3.put_bucket_policy(Bucket="trails", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    with refused("InsufficientS3BucketPolicyException"):
        trail.create_trail(Name="web", S3BucketName="trails", S3KeyPrefix="elsewhere")
    trail.create_trail(Name="web", S3BucketName="trails")


SCALED = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


def test_a_scalable_target_is_a_service_that_exists(aws: Aws, network: Network) -> None:
    shop, scaling = Shop(aws, network), aws.client("application-autoscaling")

    def register() -> None:
        scaling.register_scalable_target(**SCALED, ResourceId="service/shop/web", MinCapacity=1, MaxCapacity=4)

    with refused("ValidationException", "ECS service doesn't exist: service/shop/web"):
        register()
    shop.create()
    register()


def test_a_policy_needs_its_target_and_its_label(aws: Aws, network: Network) -> None:
    shop, scaling = Shop(aws, network), aws.client("application-autoscaling")
    shop.create()

    def put(**metric: str) -> None:
        tracking = {"TargetValue": 50.0, "PredefinedMetricSpecification": metric}
        scaling.put_scaling_policy(
            **SCALED,
            PolicyName="cpu",
            ResourceId="service/shop/web",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking,
        )

    with refused("ObjectNotFoundException", "No scalable target registered for service namespace: ecs"):
        put(PredefinedMetricType="ECSServiceAverageCPUUtilization")
    with refused("ObjectNotFoundException"):
        scaling.put_scheduled_action(
            **SCALED, ScheduledActionName="night", ResourceId="service/shop/web", Schedule="rate(1 day)"
        )
    scaling.register_scalable_target(**SCALED, ResourceId="service/shop/web", MinCapacity=1, MaxCapacity=4)
    with refused("ValidationException", "ResourceLabel"):
        put(PredefinedMetricType="ALBRequestCountPerTarget")
    put(PredefinedMetricType="ALBRequestCountPerTarget", ResourceLabel="app/web/1/targetgroup/web/2")
    put(PredefinedMetricType="ECSServiceAverageCPUUtilization")


def test_a_namespace_goes_after_its_services_and_they_after_their_instances(aws: Aws, network: Network) -> None:
    discovery = aws.client("servicediscovery")
    operation = discovery.create_private_dns_namespace(Name="shop.local", Vpc=network.vpc)["OperationId"]
    aws.sleep(120)
    namespace = discovery.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    service = discovery.create_service(
        Name="web", NamespaceId=namespace, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 10}]}
    )["Service"]["Id"]
    discovery.register_instance(ServiceId=service, InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.9"})
    with refused("ResourceInUse", "Namespace has associated services"):
        discovery.delete_namespace(Id=namespace)
    with refused("ResourceInUse", "Service contains registered instances"):
        discovery.delete_service(Id=service)
    discovery.deregister_instance(ServiceId=service, InstanceId="i")
    aws.sleep(120)
    discovery.delete_service(Id=service)
    discovery.delete_namespace(Id=namespace)


def test_cloud_map_lists_at_most_a_hundred_at_once(aws: Aws) -> None:
    discovery = aws.client("servicediscovery")
    with refused("InvalidInput", "MaxResults"), strict.disabled(strict.MODEL):
        discovery.list_namespaces(MaxResults=101)
    discovery.list_namespaces(MaxResults=100)
