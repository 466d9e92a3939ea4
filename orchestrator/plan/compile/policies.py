"""IAM policies of a stack's roles and buckets: the least that each needs, on exactly what this stack has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.core.values import PolicyDoc
from orchestrator.plan.compile.context import Context

Statement = Mapping[str, Any]


def document(*statements: Statement) -> PolicyDoc:
    """A policy of statements."""
    return PolicyDoc({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Sequence[str], resources: Iterable[object], **condition: Mapping[str, str]) -> Statement:
    """A statement that allows actions on resources; ``StringEquals={...}`` and the like are its condition."""
    found: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**found, "Condition": condition} if condition else found


def trust(service: str, context: Context) -> PolicyDoc:
    """That an AWS service may assume a role, on behalf of this account only (the confused deputy)."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": context.account}},
        }
    )


def pull_and_log(repositories: Sequence[str], log_groups: Sequence[str]) -> PolicyDoc:
    """What ECS does for a task before the task itself does anything: pull its image, write its logs."""
    return document(
        _registry_login(),
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
            repositories,
        ),
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{arn}:*" for arn in log_groups]),
    )


def read_secrets(arns: Iterable[str]) -> PolicyDoc | None:
    """Reading exactly the secrets and parameters that containers name; None where they name none."""
    bare = sorted({":".join(arn.split(":")[:7]) for arn in arns})  # without the key inside a secret
    secrets = [arn for arn in bare if ":secretsmanager:" in arn]
    parameters = [arn for arn in bare if ":ssm:" in arn]
    statements = []
    if secrets:
        statements.append(allow(["secretsmanager:GetSecretValue"], secrets))
    if parameters:
        statements.append(allow(["ssm:GetParameters"], parameters))
    return document(*statements) if statements else None


def push_images(repositories: Sequence[str]) -> PolicyDoc:
    """What a build needs to push images, layers reused."""
    return document(
        _registry_login(),
        allow(
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ],
            repositories,
        ),
    )


def write_logs(log_group: str) -> PolicyDoc:
    """Writing to one log group."""
    return document(allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group, f"{log_group}:*"]))


def artifacts(bucket: str) -> PolicyDoc:
    """Reading and writing what a pipeline hands from stage to stage."""
    return document(
        allow(["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"], [bucket]),
        allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], [f"{bucket}/*"]),
    )


def fetch_source(repository: str) -> PolicyDoc:
    """Reading one CodeCommit repository for a pipeline."""
    actions = [
        "CancelUploadArchive",
        "GetBranch",
        "GetCommit",
        "GetRepository",
        "GetUploadArchiveStatus",
        "UploadArchive",
    ]
    return document(allow([f"codecommit:{action}" for action in actions], [repository]))


def start_builds(projects: Sequence[str]) -> PolicyDoc:
    """Starting builds of these projects, and reading how they went."""
    return document(allow(["codebuild:StartBuild", "codebuild:BatchGetBuilds"], projects))


def deploy_services(context: Context, cluster: str, roles: Sequence[str]) -> PolicyDoc:
    """Deploying to one cluster. AWS knows no narrower resource for registering and describing task definitions."""
    services, here = context.arn("ecs", f"service/{cluster}/*"), context.arn("ecs", f"cluster/{cluster}")
    return document(
        allow(["ecs:DescribeServices", "ecs:UpdateService"], [services]),
        allow(["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "ecs:TagResource"], ["*"]),
        allow(
            ["ecs:DescribeTasks", "ecs:ListTasks"],
            ["*"],
            ArnEquals={"ecs:cluster": here},
        ),
        allow(["iam:PassRole"], roles, StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    )


def start_pipeline(pipeline: str) -> PolicyDoc:
    """Starting one pipeline."""
    return document(allow(["codepipeline:StartPipelineExecution"], [pipeline]))


def encrypted_transport(bucket: str, *more: Statement) -> PolicyDoc:
    """A bucket's policy that refuses whatever does not come over TLS, and then says ``more``."""
    return document(
        {
            "Sid": "EncryptedTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        *more,
    )


def trail_writes(bucket: str, trail: str, account: str) -> tuple[Statement, Statement]:
    """What CloudTrail needs of the bucket it records into, for one trail only."""
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    of_trail = {"aws:SourceArn": trail}
    return (
        {
            "Sid": "TrailChecksBucket",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:GetBucketAcl",
            "Resource": bucket,
            "Condition": {"StringEquals": of_trail},
        },
        {
            "Sid": "TrailWrites",
            "Effect": "Allow",
            "Principal": cloudtrail,
            "Action": "s3:PutObject",
            "Resource": f"{bucket}/AWSLogs/{account}/*",
            "Condition": {"StringEquals": {**of_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    )


def _registry_login() -> Statement:
    """ECR's login token is for a whole registry; AWS takes no resource but ``*`` for it."""
    return allow(["ecr:GetAuthorizationToken"], ["*"])
