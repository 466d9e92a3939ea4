"""The IAM actions of the rollout engine itself. A gate declares its own; kinds declare those of what they make."""

from __future__ import annotations

from orchestrator.kinds.base import Actions

ENGINE = Actions(
    read=(
        "application-autoscaling:DescribeScalableTargets",
        "cloudwatch:DescribeAlarms",
        "ec2:DescribeSubnets",
        "ecr:DescribeImages",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:DescribeTasks",
        "ecs:ListTaskDefinitions",
        "ecs:ListTasks",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetHealth",
        "iam:GetRole",
        "logs:DescribeLogGroups",
        "logs:GetLogEvents",
        "secretsmanager:DescribeSecret",
        "ssm:GetParameters",
    ),
    update=(
        "application-autoscaling:RegisterScalableTarget",
        "ecs:CreateService",
        "ecs:DeregisterTaskDefinition",
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        "ecs:UpdateService",
        "elasticloadbalancing:ModifyRule",
        "iam:PassRole",
    ),
)
"""``read``: what looking at a rollout and judging its chances takes; ``update``: what carrying it out takes, too."""
